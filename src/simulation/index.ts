/** `synod/simulation`: a world made from one integer around the nodes of `synod/paxos`. */
export * from './application.js'
export type { HistoryEntry } from './clients.js'
export { START_WALL_MICROS } from './clock.js'
export { checkEdits, type Edit, type EditFault, nameOfEdit } from './edits.js'
export * from './events.js'
export {
  type BoundName,
  DEFAULT_BOUNDS,
  EXPLORATION_LIMITS,
  type ExplorationBounds,
} from './exploration/bounds.js'
export {
  Exploration,
  type ExplorationOptions,
  type ExplorationResult,
  type Violation,
} from './exploration/exploration.js'
export type { ToldEvent } from './exploration/story.js'
export * from './faults/classes.js'
export * from './faults/swarm.js'
export { ApplicationError, applicationFrom, modelFrom } from './guard.js'
export { FORMAT_VERSION, type Head, type HeadOptions, headOf } from './head.js'
export * from './hunting/campaign.js'
export { type ShrinkOptions, type Shrunk, shrink } from './hunting/shrink.js'
export * from './hunting/story.js'
export { addTallies, type Found, NOTHING, type Tally, tallyOf } from './hunting/tally.js'
export {
  ANY_FAILURE,
  type Broken,
  type Failure,
  isSought,
  type Sought,
  type Trial,
  trialsOf,
} from './hunting/trial.js'
export {
  checkLinearizability,
  type KeyFinding,
  LinearizabilityCheck,
  type LinearizabilityResult,
} from './linearizability/check.js'
export {
  type AnyModel,
  MODEL_NAMES,
  type ModelName,
  type ModelOperation,
  modelsFor,
  type SequentialModel,
} from './linearizability/models.js'
export {
  HistoryError,
  type HistoryOperation,
  operationsOfHistory,
  operationsOfText,
} from './linearizability/operations.js'
export type { Finding } from './linearizability/search.js'
export { formatNodes, nameOf } from './names.js'
export { NdjsonFormatter } from './ndjson.js'
export {
  type FaultFlag,
  type GivenOptions,
  OptionError,
  parseSeed,
  QUANTITIES,
  type QuantityOption,
  SHORT_FORMS,
  type ShortForm,
  scenarioOf,
  UNITS,
  type Unit,
  unitOf,
} from './options.js'
export * from './placement.js'
export { RecordedEvents, readableApplication } from './recorded.js'
export * from './scenario.js'
export { serviceApplication } from './service-application.js'
export {
  type Format,
  Simulation,
  type SimulationOptions,
  type SimulationResult,
  simulate,
  TranscriptHash,
} from './simulate.js'
export type { Summary } from './summary.js'
export * from './transcript.js'
export { jsonOf } from './values.js'
export type { VerdictResult } from './verdicts/verdict.js'
export * from './world.js'
