// A vitest reporter that ends a run with one line for people and programs alike:
// `N passed, N failed`, and `, N skipped` where some were.

import { writeSync } from 'node:fs'

/** Counts tests; what fails outside of any test (a file that does not load, a hook) counts as a failure. */
export default class CountReporter {
  #line = ''

  onInit() {
    // On exit, so that nothing comes after it: other reporters have finished by then.
    process.once('exit', () => {
      if (this.#line !== '') writeSync(1, `${this.#line}\n`)
    })
  }

  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) count.failed++
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed') count[state]++
        else count.skipped++
      }
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    this.#line = `${count.passed} passed, ${count.failed} failed${skipped}`
  }
}
