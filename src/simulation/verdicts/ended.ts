/**
 * Ended: within its length the run comes to rest. Every client has done all its operations, and every member is up
 * and has applied every decided slot.
 */
import { Verdict } from './verdict.js'

export class Ended extends Verdict {
  cutOff(event: number, reason: string): void {
    this.fail(event, reason)
  }
}
