/**
 * A bank: transfers between accounts. The sum of all balances never changes, which makes a lost, doubled or
 * half-executed command visible.
 */
import { CommandFailed, defineMachine, type Machine } from '../paxos/index.js'

export interface BankCommand {
  readonly type: 'transfer'
  readonly from: string
  readonly to: string
  /** A whole number, at least 0. */
  readonly amount: number
}

export interface BankQuery {
  readonly type: 'balance'
  readonly account: string
}

export type BankState = Map<string, number>

/** The balances of both accounts after a transfer. */
export interface BankReceipt {
  readonly from: number
  readonly to: number
}

/** A bank with these accounts, each with the same balance to begin with. */
export function bank(
  accounts: readonly string[],
  balance: number,
): Machine<BankState, BankCommand, BankReceipt, BankQuery, number> {
  return defineMachine({
    initial: () => new Map(accounts.map((account) => [account, balance])),
    apply: (state: BankState, command: BankCommand) => {
      const { from, to, amount } = command
      if (!Number.isSafeInteger(amount) || amount < 0) throw new CommandFailed(`${amount} is not an amount.`)
      const available = balanceOf(state, from)
      balanceOf(state, to)
      if (available < amount)
        throw new CommandFailed(`Account ${from} holds ${available}, less than ${amount}.`)
      state.set(from, available - amount)
      state.set(to, balanceOf(state, to) + amount)
      return [state, { from: balanceOf(state, from), to: balanceOf(state, to) }] as const
    },
    query: (state: BankState, query: BankQuery): number => balanceOf(state, query.account),
  })
}

function balanceOf(state: BankState, account: string): number {
  const balance = state.get(account)
  if (balance === undefined) throw new CommandFailed(`There is no account ${account}.`)
  return balance
}
