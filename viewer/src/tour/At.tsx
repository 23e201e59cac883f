/** A moment in the text of the tour: click it to be there. */
import type { ComponentChildren, JSX } from 'preact'
import { event, linkTo, run } from '../state/viewer.js'
import type { Find } from './find.js'

export function At({
  find,
  children,
}: {
  readonly find: Find
  readonly children: ComponentChildren
}): JSX.Element {
  const now = run.value
  const found = now === null ? null : find(now)
  // Somebody has changed the run: then it may not be there any more.
  if (found === null) return <span class="missing">{children}</span>
  return (
    <a class="at" href={linkTo(found)} aria-current={event.value === found ? 'true' : undefined}>
      {children}
    </a>
  )
}
