/** Beside the diagram: the ledger, a mind, the verdicts, and changes of the past. */
import type { JSX } from 'preact'
import { type Shown, type SideTab, sideTab } from '../state/viewer.js'
import { Change } from './Change.js'
import { Ledger } from './Ledger.js'
import { Mind } from './Mind.js'
import { Tabs } from './Tabs.js'
import { Verdicts } from './Verdicts.js'

const TABS: readonly { readonly name: SideTab; readonly label: string }[] = [
  { name: 'ledger', label: 'Ledger' },
  { name: 'mind', label: 'Mind' },
  { name: 'verdicts', label: 'Verdicts' },
  { name: 'change', label: 'Change the past' },
]

export function Side({ shown }: { readonly shown: Shown }): JSX.Element {
  return (
    <Tabs
      label="This moment"
      tabs={TABS}
      current={sideTab.value}
      onChoose={(name) => {
        sideTab.value = name
      }}
    >
      {/* What is remembered of one run is not shown with the next one. */}
      {sideTab.value === 'ledger' && <Ledger key={shown.handle} shown={shown} />}
      {sideTab.value === 'mind' && <Mind key={shown.handle} shown={shown} />}
      {sideTab.value === 'verdicts' && <Verdicts shown={shown} />}
      {sideTab.value === 'change' && <Change shown={shown} />}
    </Tabs>
  )
}
