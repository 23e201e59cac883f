/** The bug that the tour shows. It is planted by injection, like any role of somebody's own, and named in the address. */
import { Scout } from 'synod/paxos'

/**
 * It asks for promises, and forgets the votes that come with them: so it leads without knowing what may be chosen
 * already. *Paxos Made Simple* §2.2, P2c, is why a scout must not.
 */
class ForgetfulScout extends Scout {
  promise(from, promise) {
    super.promise(from, { ...promise, votes: [], decided: this.fromSlot - 1 })
  }
}
/** By the name that the address has: `planted=forgetful-scout`. */
export const PLANTED = {
  'forgetful-scout': { scout: (context, start) => new ForgetfulScout(context, start) },
}
