/** The steps of the tour: which run each is of, and where it begins. What they say is in `texts.tsx`. */
import { asked, broken, type Find, fault, happens, message } from './find.js'

export interface Step {
  readonly title: string
  /** The run, as its address has it. */
  readonly run: string
  /** Where it begins. */
  readonly begin: Find
}

export const setA = asked('set A')
export const crash = happens('crashes')
export const secondPrepare = message('prepare', { after: crash })
export const duel = message('prepare', { after: fault('isolated-leader') })
export const parted = fault('halves')
export const newLeader = message('accept', { after: message('prepare', { after: parted }) })
export const changed = fault('change')
export const cutOff = fault('isolated-leader')

export const STEPS: readonly Step[] = [
  {
    title: 'One decree',
    run: '#39?members=3&clients=1&requests=2&loss=0',
    begin: setA,
  },
  {
    title: 'Who may propose',
    run: '#39?members=3&clients=1&requests=2&loss=0',
    begin: message('prepare'),
  },
  {
    title: 'A lost promise',
    run: '#20?members=5&clients=1&requests=2&loss=12',
    begin: message('promise', { fate: 'lost' }),
  },
  {
    title: 'The leader is gone',
    run: '#177?members=5&clients=2&requests=3&loss=0&fault=crash=1',
    begin: crash,
  },
  {
    title: 'A duel of leaders',
    run: '#220?members=5&clients=2&requests=3&loss=0&fault=isolated-leader=1',
    begin: duel,
  },
  {
    title: 'A partition',
    run: '#184?members=5&clients=2&requests=4&loss=0&fault=halves=1',
    begin: parted,
  },
  {
    title: 'New members',
    run: '#109?members=3&clients=1&requests=14&alpha=4&loss=0&fault=change=1',
    begin: changed,
  },
  {
    title: 'A bug',
    run: '#289?members=3&clients=2&requests=4&loss=0&fault=isolated-leader=1&planted=forgetful-scout',
    begin: broken('durability'),
  },
]
