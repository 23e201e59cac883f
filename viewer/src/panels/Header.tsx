/** The top of the page: which run, its hash, and what else there is to do. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { formatPage, NOWHERE, parsePage } from '../state/page-address.js'
import {
  asked,
  go,
  hash,
  helpOpen,
  isOfTour,
  openFile,
  opening,
  page,
  problem,
  run,
  sentenceOf,
  shown,
  sideTab,
} from '../state/viewer.js'

export function Header(): JSX.Element {
  return (
    <header class="top">
      <a class="name" href="#?" aria-label="Synod: to the beginning">
        Synod
      </a>
      {(shown.value !== null || opening.value !== null) && <RunForm />}
      <About />
      <nav>
        <button type="button" onClick={() => go({ ...NOWHERE, tour: 1 })}>
          Tour
        </button>
        <OpenFile />
        <button
          type="button"
          aria-label="Help"
          title="Help: ?"
          onClick={() => {
            helpOpen.value = true
          }}
        >
          ?
        </button>
      </nav>
    </header>
  )
}

/** A seed or a story with options, as they are in the address. */
export function RunForm({ isBig = false }: { readonly isBig?: boolean }): JSX.Element {
  const typed = useSignal<string | null>(null)
  // What was asked for and cannot be shown is there to be put right.
  const current = wordsOf(shown.value === null ? asked.value : formatPage(page.value))
  useEffect(() => {
    typed.value = null // another run is shown than the one that it was typed over
  }, [typed, current])
  return (
    <form
      class={`run-form ${isBig ? 'big' : ''}`}
      onSubmit={(event) => {
        event.preventDefault()
        try {
          const wanted = parsePage(
            `#${(typed.value ?? current).trim().replace(/^#/, '').replace(/\s+/g, '&').replace('&', '?')}`,
          )
          if (wanted.run === null) throw new Error('Type a seed, such as 6, or a story.')
          typed.value = null
          go({ ...wanted, tour: isOfTour(wanted.run) ? page.value.tour : null })
        } catch (error) {
          problem.value = sentenceOf(error)
        }
      }}
    >
      <label>
        <span class={isBig ? '' : 'unseen'}>Seed or story</span>
        <input
          type="text"
          spellcheck={false}
          autocomplete="off"
          placeholder="6 loss=20 crashes=2"
          value={typed.value ?? current}
          title="A seed or a story, and options as on the command line: 6 loss=20 crashes=2"
          onInput={(event) => {
            typed.value = event.currentTarget.value
          }}
        />
      </label>
      <button type="submit">Run</button>
    </form>
  )
}

/** `6 loss=20`, from `#6?loss=20&at=12`. */
function wordsOf(text: string): string {
  const [head = '', query = ''] = unescaped(text.replace(/^#/, '')).split('?')
  const words = query.split('&').filter((word) => word !== '' && !/^(at|tour|beside|file)=/.test(word))
  return [head, ...words].join(' ')
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // somebody has cut it off
  }
}

function About(): JSX.Element | null {
  const now = run.value
  if (now === null) return null
  const failed = now.verdicts.filter(({ holds }) => !holds)
  return (
    <div class="about">
      {now.verdicts.length > 0 && (
        <button
          type="button"
          class={failed.length === 0 ? 'chip holds' : 'chip fails'}
          onClick={() => {
            sideTab.value = 'verdicts'
          }}
        >
          {failed.length === 0 ? '✓ every verdict holds' : `✗ ${failed.map(({ name }) => name).join(', ')}`}
        </button>
      )}
      {now.address === null && (
        <span class="title" title={`${now.title}. ${now.whyNot ?? ''}`}>
          {now.title}
        </span>
      )}
      <span class="soft">{now.eventCount.toLocaleString('en')} events</span>
      {hash.value !== null && (
        <span class="hash soft" title={`SHA-256 of the transcript, as the terminal prints it: ${hash.value}`}>
          <abbr title="SHA-256 of the transcript">hash</abbr>{' '}
          <code data-hash={hash.value}>{hash.value.slice(0, 12)}…</code>
        </span>
      )}
    </div>
  )
}

export function OpenFile({ label = 'Open a file' }: { readonly label?: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-label="A transcript, a failure or a black box"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file) void openBlob(file)
          event.currentTarget.value = ''
        }}
      />
    </>
  )
}

/** What is larger is not even read. */
const MOST_BYTES = 512 * 1024 * 1024

export async function openBlob(file: File): Promise<void> {
  if (file.size >= MOST_BYTES) {
    const mebibytes = Math.floor(file.size / 1024 / 1024)
    problem.value = `${file.name} has ${mebibytes} MiB, and the page takes less than 512: cut out the part that matters.`
    return
  }
  try {
    await openFile({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })
  } catch (error) {
    problem.value = `${file.name} cannot be read: ${sentenceOf(error)}`
  }
}
