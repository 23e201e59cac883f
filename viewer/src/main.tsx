/** The page begins here. */
import { render } from 'preact'
import { App } from './App.js'
import { connectEngine } from './engine/client.js'
import { listenToKeys } from './state/keys.js'
import { start } from './state/viewer.js'

start(connectEngine(new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module' })))
listenToKeys()
render(<App />, document.body)
