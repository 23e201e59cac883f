/** The page begins here. */
import { render } from 'preact'
import { App } from './App.js'
import { standIn } from './standin.js'
import { listenToKeys } from './state/keys.js'
import { start } from './state/viewer.js'

start(standIn())
listenToKeys()
render(<App />, document.body)
