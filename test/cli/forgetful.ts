/** A user's own machine, with a bug: a counter that starts over once it has reached 6. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './command.js'

export const FORGETFUL = `
  export default {
    machine: {
      initial: () => 0,
      apply: (total, by) => [total === 6 ? 0 : total + by, total + by],
    },
    operation: () => ({ type: 'command', command: 1 }),
    judge: () => {
      let last = 0
      return (operation, { type, output }) => {
        if (type !== 'ok') return null
        if (output < last) return 'it counted back from ' + last + ' to ' + output
        last = output
        return null
      }
    },
  }
`

/** A folder with modules in it. */
export function folderWith(modules: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text)
  return folder
}
