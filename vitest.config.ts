// Tests run straight from the sources; `npm test` has built dist before, for those of the CLI and the package.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['default', './scripts/count-reporter.mjs'],
    // No file changes what another one sees, and code that is loaded and warm already is half the time.
    isolate: false,
    // By default one core stays idle, of two.
    maxWorkers: '100%',
    // Only what hangs takes as long: a machine that is busy with other things fails no test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
