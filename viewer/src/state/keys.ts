/** The keyboard: everything that time and the diagram can do. The help lists this table. */
import * as viewer from './viewer.js'

interface Key {
  /** As `KeyboardEvent.key` has it. */
  readonly keys: readonly string[]
  /** As people read it. */
  readonly shown: string
  readonly what: string
  readonly act: () => void
}

const QUARTER = 0.25

function pan(part: number): void {
  const { from, to } = viewer.span.value
  viewer.follow.value = false
  viewer.panBy((to - from) * part)
}

export const KEYS: readonly Key[] = [
  { keys: [' ', 'k'], shown: 'Space', what: 'play, pause', act: viewer.togglePlay },
  { keys: ['ArrowRight', 'l'], shown: '→', what: 'one event forward', act: () => viewer.step(1) },
  { keys: ['ArrowLeft', 'j'], shown: '←', what: 'one event back', act: () => viewer.step(-1) },
  { keys: ['PageDown'], shown: 'Page ↓', what: 'a hundred events forward', act: () => viewer.step(100) },
  { keys: ['PageUp'], shown: 'Page ↑', what: 'a hundred events back', act: () => viewer.step(-100) },
  {
    keys: ['n'],
    shown: 'n',
    what: 'to the next mark: an election, a fault, a verdict',
    act: () => viewer.seekMark(1),
  },
  { keys: ['p'], shown: 'p', what: 'to the mark before', act: () => viewer.seekMark(-1) },
  { keys: ['Home'], shown: 'Home', what: 'to the first event', act: () => viewer.seek(1) },
  {
    keys: ['End'],
    shown: 'End',
    what: 'to the last event',
    act: () => viewer.seek(viewer.run.value?.eventCount ?? 1),
  },
  { keys: ['ArrowUp', '>'], shown: '↑', what: 'faster', act: () => viewer.changeSpeed(1) },
  { keys: ['ArrowDown', '<'], shown: '↓', what: 'slower', act: () => viewer.changeSpeed(-1) },
  { keys: ['+', '='], shown: '+', what: 'zoom in', act: () => viewer.zoom(0.6) },
  { keys: ['-'], shown: '−', what: 'zoom out', act: () => viewer.zoom(1 / 0.6) },
  { keys: ['0'], shown: '0', what: 'the whole run', act: viewer.zoomToAll },
  { keys: ['['], shown: '[', what: 'pan to the left', act: () => pan(-QUARTER) },
  { keys: [']'], shown: ']', what: 'pan to the right', act: () => pan(QUARTER) },
  {
    keys: ['f'],
    shown: 'f',
    what: 'follow the time, or not',
    act: () => {
      viewer.follow.value = !viewer.follow.value
    },
  },
  { keys: ['u'], shown: 'u', what: 'take the last change of the past back', act: viewer.undo },
  {
    keys: ['?'],
    shown: '?',
    what: 'this help',
    act: () => {
      viewer.helpOpen.value = !viewer.helpOpen.value
    },
  },
]

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') {
      viewer.helpOpen.value = false
      viewer.selection.value = null
      return
    }
    if (belongsElsewhere(event)) return
    const key = KEYS.find(({ keys }) => keys.includes(event.key))
    if (key === undefined || (viewer.run.value === null && event.key !== '?')) return
    event.preventDefault()
    key.act()
  })
}

const SCROLLING = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End']

/** Fields take what is typed; buttons take the space bar; tabs and trees the arrows; what scrolls is scrolled. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  const target = event.target
  if (event.defaultPrevented || helpOpen(event)) return true
  if (!(target instanceof HTMLElement)) return false
  if (target.matches('input:not([type=range]), textarea, select')) return true
  if (SCROLLING.includes(event.key) && target.matches('[role=tabpanel], .transcript, .tour'))
    return target.scrollHeight > target.clientHeight
  if (event.key === ' ') return target.matches('button, summary, a, [role=tab]')
  return event.key.startsWith('Arrow') && target.matches('[role=tab], summary')
}

/** Whoever reads the help does not move what is behind it. */
const helpOpen = ({ key }: KeyboardEvent): boolean => viewer.helpOpen.value && key !== '?'
