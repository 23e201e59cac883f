// Tests run straight from the sources; `npm test` has built dist before, for those of the CLI and the package.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './scripts/count-reporter.mjs'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
