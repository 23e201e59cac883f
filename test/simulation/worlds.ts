/** Worlds for tests. */
import { keyValueApplication } from '../../src/simulation/application.js'
import { CLASSIC, type Scenario } from '../../src/simulation/scenario.js'
import { TranscriptFormatter } from '../../src/simulation/transcript.js'
import { World, type WorldOptions } from '../../src/simulation/world.js'

export interface TestWorld extends Partial<Omit<WorldOptions, 'scenario'>> {
  readonly scenario?: Partial<Scenario>
}

function worldOptions({ scenario, ...rest }: TestWorld): WorldOptions {
  const complete = { ...CLASSIC, ...scenario }
  return { seed: 1, application: keyValueApplication(complete.reads), ...rest, scenario: complete }
}

export function runWorld(options: TestWorld): World {
  const world = new World(worldOptions(options))
  world.run()
  return world
}

/** What was judged wrong, as a sentence that names the seed; empty when nothing was. */
export function failuresOf(world: World): string[] {
  const { seed } = world.options
  return Object.entries(world.verdicts)
    .filter(([, { ok }]) => !ok)
    .map(([name, { event, reason }]) => `seed ${seed}: ${name} broke at event ${event}: ${reason}`)
}

/** A world, not yet run, and the lines of its transcript, which grow as it runs. */
export function transcribed(options: TestWorld): { world: World; lines: string[] } {
  const complete = worldOptions(options)
  const formatter = new TranscriptFormatter(complete.application)
  const lines: string[] = []
  const observer = (...[event, , time]: Parameters<NonNullable<WorldOptions['observer']>>) => {
    lines.push(formatter.line(event, time))
  }
  return { world: new World({ ...complete, observer }), lines }
}
