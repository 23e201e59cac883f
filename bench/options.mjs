import { parseArgs } from 'node:util'

/** The options of a benchmark. What it does not know is a sentence and exit code 2; `--help` says what there is. */
export function optionsOf(usage, options) {
  let values
  try {
    values = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\nUsage: ${usage}\n`)
    process.exit(2)
  }
  if (!values.help) return values
  process.stdout.write(`Usage: ${usage}\n`)
  process.exit(0)
}
