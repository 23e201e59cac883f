#!/usr/bin/env node
// The `synod` command. In a clone it first makes sure that dependencies and dist are up to date;
// in the published package there is nothing to set up and the command line is loaded at once.
//
// An old Node must still be able to read this file and be told what is wrong: no static imports here.

const OLDEST = [20, 19]

/** Is this Node, by its version, at least the oldest one supported? */
function isSupported(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

async function main() {
  const { existsSync } = await import('node:fs')
  const setup = new URL('../scripts/setup.mjs', import.meta.url)
  const isClone = [
    setup,
    new URL('../src/', import.meta.url),
    new URL('../tsconfig.json', import.meta.url),
  ].every((url) => existsSync(url))
  if (isClone) (await import(setup.href)).setUpOrExit()
  await import('../dist/cli/main.js')
}

if (isSupported(process.versions.node)) {
  main()
} else {
  process.stderr.write(
    `synod needs Node.js ${OLDEST.join('.')} or newer, and this is ${process.versions.node}.\n`,
  )
  process.exitCode = 2
}
