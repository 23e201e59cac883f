/** Under the diagram: the transcript around this moment, or what the clients did. */
import type { JSX } from 'preact'
import { type BelowTab, belowTab, type Shown } from '../state/viewer.js'
import { Operations } from './Operations.js'
import { Tabs } from './Tabs.js'
import { Transcript } from './Transcript.js'

const TABS: readonly { readonly name: BelowTab; readonly label: string }[] = [
  { name: 'transcript', label: 'Transcript' },
  { name: 'operations', label: 'Operations' },
]

export function Below({ shown }: { readonly shown: Shown }): JSX.Element {
  return (
    <section class="below" aria-label="In words">
      <Tabs
        label="Below the diagram"
        tabs={TABS}
        current={belowTab.value}
        onChoose={(name) => {
          belowTab.value = name
        }}
      >
        {belowTab.value === 'transcript' ? <Transcript /> : <Operations key={shown.handle} shown={shown} />}
      </Tabs>
    </section>
  )
}
