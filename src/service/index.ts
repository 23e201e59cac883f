/** The service: a member of a key-value cluster as a process of its own. */
export { BACKUP_CALL, CHUNK_CALL } from './backup.js'
export { type Backup, BackupError, type BackupHeader, writeBackup } from './backup-file.js'
export { troubleOf } from './condition.js'
export { type SecurityOptions, securityOf, settle } from './configuration.js'
export {
  BLACK_BOX_OPTIONS,
  flagOf,
  inFlags,
  OPTIONS,
  type OptionName,
  readDuration,
  type Values,
  variableOf,
} from './options.js'
export { type Restored, restoreBackup } from './restoring.js'
export { DEFAULT_HOST, DEFAULT_PORT, SERVICE_OPTIONS, Service } from './service.js'
