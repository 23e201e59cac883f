/** The black box: what goes into a node, recorded; and how it is done once more. */
export { digestOf, snapshotChecksum } from './digest.js'
export { lacksIncoming, type PackedNode, type Packing, packNode } from './packed.js'
export {
  type PartEnd,
  PartReader,
  PartWriter,
  RECORDING_VERSION,
  RecordingError,
} from './parts.js'
export * from './recording.js'
export { redact } from './redaction.js'
export { Replay } from './replay.js'
export { type MachineResult, overhear, redactResult } from './results.js'
