/** Under the diagram: the transcript around this moment. */
import type { JSX } from 'preact'
import { Transcript } from './Transcript.js'

export function Below(): JSX.Element {
  return (
    <section class="below" aria-label="Transcript">
      <Transcript />
    </section>
  )
}
