/** The keys, and what the hands can do. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { KEYS } from '../state/keys.js'
import { helpOpen } from '../state/viewer.js'

export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOpen = helpOpen.value
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal()
    if (!isOpen) dialog.current?.close()
  }, [isOpen])
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => {
        helpOpen.value = false
      }}
    >
      <h2 id="help-title">Keys and hands</h2>
      <dl>
        {KEYS.map(({ shown, what }) => (
          <div key={shown}>
            <dt>
              <kbd>{shown}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p>
        On the diagram: drag to pan, turn the wheel or pinch to zoom, click a message to take it apart, click
        elsewhere to go to that moment. In the ledger, click a slot. In the chamber, click a member.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}
