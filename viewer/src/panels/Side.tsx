/** Beside the diagram: the ledger, a mind, the verdicts, and changes of the past. */
import type { JSX } from 'preact'
import type { Shown } from '../state/viewer.js'

export function Side({ shown }: { readonly shown: Shown }): JSX.Element {
  return <div class="tabs">{shown.run.title}</div>
}
