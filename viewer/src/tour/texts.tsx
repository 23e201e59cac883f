/**
 * A day in the parliament: Paxos in eight steps, each a real run. Every term is said once, in the field's words, where it
 * is seen for the first time.
 */
import type { JSX } from 'preact'
import { At } from './At.js'
import { broken, fault, happens, message } from './find.js'
import { changed, crash, cutOff, duel, newLeader, parted, secondPrepare, setA } from './steps.js'

interface Text {
  readonly text: () => JSX.Element
  /** Something to try. */
  readonly trial: () => JSX.Element
}

/** In the order of the steps. */
export const TEXTS: readonly Text[] = [
  {
    text: () => (
      <>
        <p>
          A parliament keeps a <dfn>ledger</dfn>. Its lines are numbered <dfn>slots</dfn>, and each holds one{' '}
          <dfn>decree</dfn>: here, what a client asked for. Every <dfn>member</dfn> has a ledger of its own,
          and all must say the same, whatever is lost and whoever sleeps.
        </p>
        <p>
          In the diagram each member has a line, time goes to the right, and an arrow is a message on its way.{' '}
          <At find={setA}>A client asks</At> to set the key A. The request goes to the <dfn>leader</dfn>,
          which gives it a slot and{' '}
          <At find={message('accept', { after: setA })}>asks every member to accept it</At>. A member writes
          its <dfn>vote</dfn> to its disk; once it is there, and not before, it{' '}
          <At find={message('accepted', { after: setA })}>says accepted</At>.
        </p>
        <p>
          Two of three are a majority, a <dfn>quorum</dfn>. With their votes the decree is <dfn>chosen</dfn>:
          nothing can undo that.{' '}
          <At find={happens('applies', { after: message('accept', { after: setA }) })}>Members apply it</At>{' '}
          to their <dfn>state machine</dfn>, here a table of keys and values, and{' '}
          <At find={happens('completes', { last: true })}>the client has its answer</At>.
        </p>
      </>
    ),
    trial: () => (
      <>
        Press the space bar, and watch. Then click slot 3 in the ledger and read its life, from the request to
        the answer. (Slot 1 says no more than who the client is.)
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          If all members proposed decrees at once, votes would scatter. So whoever wants to lead first begins
          a <dfn>ballot</dfn>, with a number that nobody has used, here 1.0.1: the <dfn>round</dfn>, which
          member it is, and how often that one has started.
        </p>
        <p>
          It <At find={message('prepare')}>asks all to prepare</At>: to take part in no lower ballot any more.
          Who agrees writes that down and answers with a{' '}
          <dfn>
            <At find={message('promise')}>promise</At>
          </dfn>
          . Promises of a quorum, and the ballot is <dfn>adopted</dfn>: the leader leads, and says so in{' '}
          <At find={message('heartbeat')}>heartbeats</At>.
        </p>
        <p>
          Each member is made of <dfn>roles</dfn>. Its Acceptor promises and votes, its Scout gathers
          promises, its Commander gathers votes, its Replica keeps the ledger. You see them, with all that
          they know, under Mind.
        </p>
      </>
    ),
    trial: () => (
      <>
        Choose NODE_1 under Mind, and find <code>promised</code> in its acceptor. Step with → until it
        changes: that is how a promise is kept.
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          This network loses one message in eight: arrows that end in a cross.{' '}
          <At find={message('promise', { fate: 'lost' })}>This promise</At> never arrives.
        </p>
        <p>
          It does not matter which members answer, only that a quorum does: three of five. Any two quorums
          share at least one member, and all of Paxos rests on that. Whatever an earlier quorum has done,
          somebody in the next one knows.
        </p>
        <p>
          The others are{' '}
          <At find={message('prepare', { after: message('promise', { fate: 'lost' }) })}>asked again</At>,
          until <At find={message('accept')}>the leader can lead</At>. A message that comes twice does no
          harm.
        </p>
      </>
    ),
    trial: () => (
      <>
        Click another promise in the diagram, then “Drop it”: you get both futures, one above the other. How
        many can you drop before nobody leads?
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          <At find={crash}>The leader crashes</At>, while decrees are on their way that nobody knows to be
          chosen. They may be; who could tell has stopped.
        </p>
        <p>
          No heartbeat comes, and after a while <At find={secondPrepare}>another member prepares</At> a ballot
          of a higher round. With <At find={message('promise', { after: secondPrepare })}>its promise</At>{' '}
          each member tells the votes that it has cast.
        </p>
        <p>
          Now the rule that makes Paxos safe: for each slot the new leader must propose{' '}
          <At find={message('accept', { after: secondPrepare })}>
            the decree of the vote with the highest ballot
          </At>{' '}
          among those it was told of. Was a decree chosen, then somebody in its quorum has voted for it. Only
          where there is no vote may it propose what it likes.
        </p>
      </>
    ),
    trial: () => (
      <>
        Watch the ledger while you step on from the promise: the number in the ring is the round of the vote.
        It becomes 2, and the decree stays what it was.
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          The leader is <At find={cutOff}>cut off</At>. Several members miss it at the same time, and{' '}
          <At find={duel}>begin to prepare</At> ballots of the same round.
        </p>
        <p>
          The higher one wins. Who has promised it{' '}
          <At find={message('prepareRejected', { after: duel })}>rejects</At> the lower ones, and says why:
          those are <dfn>preempted</dfn>. If they came back at once, they could overtake each other for ever.
          So each waits, longer and longer, for a time that is drawn by lot.
        </p>
        <p>
          That is the price. Paxos never chooses two decrees for one slot; but to choose any, somebody must{' '}
          <At find={message('accept', { after: duel })}>lead for a while</At> without being preempted.
        </p>
      </>
    ),
    trial: () => (
      <>
        Look at the chamber while it plays: a dashed ring is a member that scouts, and dotted lines lead to
        whom each member believes.
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          <At find={parted}>The network parts</At> into two sides: no message passes from one to the other.
          The leader, NODE_0, is left with NODE_3; the other three are on the other side.
        </p>
        <p>
          The two can choose nothing, and know it. They would rather be silent than wrong, and their clients
          wait. The three are a quorum: when they have missed the leader for long enough,{' '}
          <At find={newLeader}>they have a new one</At>, and go on.
        </p>
        <p>
          <At find={fault('halves', { end: true })}>The sides are joined again.</At> Who was cut off{' '}
          <At find={message('fetch', { after: fault('halves', { end: true }) })}>fetches</At> what it has
          missed, slot by slot.
        </p>
      </>
    ),
    trial: () => (
      <>
        Open Operations, under the diagram. Each bar is what a client waits for, and the numbers are an order
        in which all answers are right: the history is <dfn>linearizable</dfn>. Which bar is the longest, and
        why?
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          Even who votes is decided by decree. <At find={changed}>Somebody asks</At> that a new member shall
          take the place of another. <At find={message('join', { after: changed })}>It joins</At>, is{' '}
          <At find={message('welcome', { after: changed })}>welcomed</At>, and learns the ledger, without a
          vote as yet.
        </p>
        <p>
          The decree that names the members is chosen by the old ones, and is in force α slots later, here
          four: by then all know it. The leader fills those slots with <dfn>no-ops</dfn>, so as not to wait.
        </p>
        <p>
          From then on <At find={message('accepted', { from: 3 })}>the new member votes</At>, and a quorum is
          one of the new members.
        </p>
      </>
    ),
    trial: () => (
      <>
        Find the decree <code>change</code> in the ledger, and count the slots to the first one in which
        NODE_3 has a vote.
      </>
    ),
  },
  {
    text: () => (
      <>
        <p>
          In this run the Scouts are wrong in one thing: they forget the votes that come with promises. Mostly
          nobody would notice. But then <At find={cutOff}>the leader is cut off</At>, just after a decree was
          chosen that no other member knows to be chosen.
        </p>
        <p>
          <At find={message('prepare', { after: cutOff })}>Another one prepares</At>,{' '}
          <At find={message('promise', { after: cutOff })}>is told of the vote</At>, and forgets it. With the
          next accept it <At find={broken('durability')}>proposes another decree</At> for the same slot, and{' '}
          <At find={broken('agreement')}>two are chosen</At>. Two ledgers differ, for ever.
        </p>
        <p>
          Every run is judged by <dfn>verdicts</dfn>: agreement is one of them. The simulator makes thousands
          of worlds to find the one that breaks it, <code>synod hunt</code>, and makes that one short,{' '}
          <code>synod shrink</code>. What is left is a number, and that number is a link.
        </p>
      </>
    ),
    trial: () => (
      <>
        Take <code>planted=forgetful-scout</code> out of the field at the top, and run it again: every verdict
        holds. Then bring a state machine of your own: <code>npx synod view 1 --machine ./mine.js</code>
      </>
    ),
  },
]
