/** What is here before a run is named. */
import type { JSX } from 'preact'
import { OpenFile, RunForm } from './Header.js'

export function Start({ isBusy }: { readonly isBusy: boolean }): JSX.Element | null {
  if (isBusy) return null
  return (
    <main class="start">
      <h1>Watch a parliament decide</h1>
      <p>
        A whole cluster, its network, its disks and its accidents are made from one integer, here in your
        browser. See every message and every mind. Change the past, and watch what would have happened.
      </p>
      <RunForm isBig={true} />
      <ul class="doors">
        <li>
          <a href="#?tour=1">
            <b>A day in the parliament</b>
            <span>Paxos in eight short steps, each a real run.</span>
          </a>
        </li>
        <li>
          <a href="#6">
            <b>Seed 6</b>
            <span>Fourteen members, eleven clients, every twentieth message lost.</span>
          </a>
        </li>
        <li>
          <a href="#58?scenario=swarm">
            <b>A bad day</b>
            <span>Crashes, a partition and a bad disk, as seed 58 has them.</span>
          </a>
        </li>
      </ul>
      <p class="soft">
        Or <OpenFile label="open a file" />: a transcript, a failure that <code>synod hunt</code> found, a
        black box. You can drop it anywhere on this page.
      </p>
    </main>
  )
}
