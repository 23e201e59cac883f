/** The guided tour, beside the run that it tells of. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { NOWHERE } from '../state/page-address.js'
import { go, isRunOfStep, leaveTour, page } from '../state/viewer.js'
import { STEPS } from '../tour/steps.js'
import { TEXTS } from '../tour/texts.js'

export function Tour(): JSX.Element | null {
  const heading = useRef<HTMLHeadingElement>(null)
  const number = page.value.tour
  useEffect(() => {
    // A new step is read from its beginning.
    if (number !== null && number > 1) heading.current?.focus()
    heading.current?.parentElement?.scrollTo(0, 0)
  }, [number])
  const step = number === null ? undefined : STEPS[number - 1]
  const text = number === null ? undefined : TEXTS[number - 1]
  if (number === null || step === undefined || text === undefined) return null
  const to = (next: number): void => go({ ...NOWHERE, tour: next })
  return (
    <section class="tour" aria-labelledby="tour-title">
      <p class="soft">
        A day in the parliament · {number} of {STEPS.length}
        <button type="button" class="link" onClick={leaveTour}>
          Leave
        </button>
      </p>
      <h2 id="tour-title" tabIndex={-1} ref={heading}>
        {step.title}
      </h2>
      {text.text()}
      <p class="trial">
        <b>Try it.</b> {text.trial()}
      </p>
      {!isRunOfStep() && (
        <p>
          <button type="button" class="link" onClick={() => to(number)}>
            Back to the run of this step
          </button>
        </p>
      )}
      <nav aria-label="Steps of the tour">
        <button type="button" disabled={number === 1} onClick={() => to(number - 1)}>
          Back
        </button>
        <ol>
          {STEPS.map(({ title }, index) => (
            <li key={title}>
              <button
                type="button"
                class="dot"
                aria-label={`${index + 1}: ${title}`}
                title={title}
                aria-current={index + 1 === number ? 'step' : undefined}
                onClick={() => to(index + 1)}
              />
            </li>
          ))}
        </ol>
        {number < STEPS.length ? (
          <button type="button" class="next" onClick={() => to(number + 1)}>
            Next
          </button>
        ) : (
          <button type="button" class="next" onClick={leaveTour}>
            Done
          </button>
        )}
      </nav>
    </section>
  )
}
