// Tests run straight from the sources; `npm test` has built dist before, for those of the CLI and the package.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // The museum imports the package by its name: here that is its sources, as for every test.
    alias: [
      { find: /^synod\/(\w+)$/, replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './scripts/count-reporter.mjs'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
