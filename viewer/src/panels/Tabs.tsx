/** Tabs, as the ARIA practices have them: arrows go from one to the next. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface Props<Name extends string> {
  readonly label: string
  readonly tabs: readonly { readonly name: Name; readonly label: ComponentChildren }[]
  readonly current: Name
  readonly onChoose: (name: Name) => void
  readonly children: ComponentChildren
}

export function Tabs<Name extends string>({
  label,
  tabs,
  current,
  onChoose,
  children,
}: Props<Name>): JSX.Element {
  const id = useId()
  const choose = (by: number): void => {
    const at = tabs.findIndex(({ name }) => name === current)
    const next = tabs[(at + by + tabs.length) % tabs.length]
    if (next === undefined) return
    onChoose(next.name)
    document.getElementById(`${id}-${next.name}`)?.focus()
  }
  return (
    <div class="tabs">
      <h2 class="unseen">{label}</h2>
      <div
        role="tablist"
        aria-label={label}
        onKeyDown={(key: KeyboardEvent) => {
          if (key.key === 'ArrowRight') choose(1)
          if (key.key === 'ArrowLeft') choose(-1)
        }}
      >
        {tabs.map((tab) => (
          <button
            type="button"
            role="tab"
            key={tab.name}
            id={`${id}-${tab.name}`}
            aria-selected={tab.name === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab.name === current ? 0 : -1}
            onClick={() => onChoose(tab.name)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        tabIndex={0}
        data-tab={current}
      >
        {children}
      </div>
    </div>
  )
}
