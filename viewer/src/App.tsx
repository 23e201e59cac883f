/** The page: where each part of it is. */
import type { JSX } from 'preact'
import { Diagram } from './diagram/Diagram.js'
import { Below } from './panels/Below.js'
import { Chamber } from './panels/Chamber.js'
import { DropZone } from './panels/DropZone.js'
import { Header } from './panels/Header.js'
import { Help } from './panels/Help.js'
import { Legend } from './panels/Legend.js'
import { Side } from './panels/Side.js'
import { Start } from './panels/Start.js'
import { Time } from './panels/Time.js'
import { Tour } from './panels/Tour.js'
import { before, giveUp, opening, page, parting, problem, shown } from './state/viewer.js'

export function App(): JSX.Element {
  return (
    <>
      <Header />
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem.value}
          <button
            type="button"
            aria-label="Close this message"
            onClick={() => {
              problem.value = null
            }}
          >
            ×
          </button>
        </p>
      )}
      {opening.value !== null && (
        <p class="opening">
          <span role="status">
            {opening.value === 0 ? 'Simulating …' : `${opening.value.toLocaleString('en')} events …`}
          </span>
          <button type="button" onClick={giveUp}>
            Give up
          </button>
        </p>
      )}
      {shown.value === null ? <Start isBusy={opening.value !== null} /> : <Room />}
      <Help />
      <DropZone />
    </>
  )
}

function Room(): JSX.Element | null {
  const now = shown.value
  if (now === null) return null
  const old = before.value
  const part = parting.value
  const partingMicros = part === null ? null : (now.run.timeline.micros[part - 1] ?? null)
  return (
    <main class={`room ${page.value.tour === null ? '' : 'with-tour'} ${old === null ? '' : 'beside'}`}>
      <h1 class="unseen">{now.run.title}</h1>
      <Tour />
      <div class="stage">
        <Legend />
        {old !== null && (
          <>
            <h2 class="future">Before the change</h2>
            <Diagram
              key={old.handle}
              shown={old}
              label="The run before the change"
              partingMicros={partingMicros}
              isMain={false}
            />
            <h2 class="future">After the change</h2>
          </>
        )}
        <Diagram key={now.handle} shown={now} label="The run" partingMicros={partingMicros} isMain={true} />
        <Time />
        <Below shown={now} />
      </div>
      <aside class="side">
        <Chamber shown={now} />
        <Side shown={now} />
      </aside>
    </main>
  )
}
