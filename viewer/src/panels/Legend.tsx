/** Over the diagram: what the colours and dashes mean, each of which can be hidden, and how much is in view. */
import type { JSX } from 'preact'
import { FAMILIES, LOOKS } from '../kinds.js'
import { follow, hidden, toggleFamily, zoom, zoomToAll } from '../state/viewer.js'

export function Legend(): JSX.Element {
  return (
    <div class="over">
      <Families />
      <div class="zoom">
        <button
          type="button"
          aria-pressed={follow.value}
          title="The diagram follows the time: f"
          onClick={() => {
            follow.value = !follow.value
          }}
        >
          Follow
        </button>
        <button type="button" aria-label="Zoom out" title="Zoom out: −" onClick={() => zoom(1 / 0.6)}>
          −
        </button>
        <button type="button" aria-label="Zoom in" title="Zoom in: +" onClick={() => zoom(0.6)}>
          +
        </button>
        <button type="button" title="The whole run: 0" onClick={zoomToAll}>
          All
        </button>
      </div>
    </div>
  )
}

function Families(): JSX.Element {
  return (
    <fieldset class="legend">
      <legend class="unseen">Messages that are shown</legend>
      {FAMILIES.map((family, index) => {
        const { label, what, dash, width } = LOOKS[family]
        return (
          <button
            type="button"
            key={family}
            title={what}
            aria-pressed={!hidden.value.has(index)}
            onClick={() => toggleFamily(index)}
          >
            <svg width="24" height="10" viewBox="0 0 26 10" aria-hidden="true">
              <line
                x1="1"
                x2="21"
                y1="5"
                y2="5"
                stroke={`var(--${family})`}
                stroke-width={width + 0.4}
                stroke-dasharray={dash.join(' ')}
              />
              <path d="M25 5l-6-3v6z" fill={`var(--${family})`} />
            </svg>
            {label}
          </button>
        )
      })}
      <span class="sign">
        <svg width="12" height="10" aria-hidden="true">
          <path d="M3 2l6 6M3 8l6-6" stroke="var(--bad)" stroke-width="1.8" />
        </svg>
        Lost
      </span>
      <span class="sign">
        <svg width="10" height="10" aria-hidden="true">
          <circle cx="5" cy="5" r="3.2" fill="var(--good)" />
        </svg>
        Applied
      </span>
    </fieldset>
  )
}
