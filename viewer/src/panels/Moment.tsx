/** An event, as a link to its moment. */
import type { JSX } from 'preact'
import { seek } from '../state/viewer.js'

export function EventLink({
  event,
  label,
}: {
  readonly event: number
  readonly label?: string
}): JSX.Element {
  return (
    <button type="button" class="link" onClick={() => seek(event)}>
      {label ?? `event ${event}`}
    </button>
  )
}
