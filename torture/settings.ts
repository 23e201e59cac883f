/** The settings of the members: the defaults, with logs so short that snapshots and trims are everyday matters. */
import { DEFAULT_SETTINGS, type Settings } from 'synod'

export const SETTINGS: Partial<Settings> = { logBytes: 128 * 1024 }

export const ELECTION_TIMEOUT_MILLIS = DEFAULT_SETTINGS.electionTimeoutMicros / 1_000
