// `npm run golden`: runs the tests so that each golden file is written anew instead of compared.
// Read the difference before committing it. Never in CI, where a golden file must be what was reviewed.

if (process.env.CI) {
  process.stderr.write('synod: golden files are not rewritten in CI. Run `npm run golden` in your clone.\n')
  process.exitCode = 1
} else {
  process.env.UPDATE_GOLDEN = '1'
  await import('./test.mjs')
}
