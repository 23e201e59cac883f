const NAMES = ['ann', 'bob', 'cyd', 'dan']

/** Money goes from one wallet to another; who sends to himself makes some, which is the bug. */
export default {
  machine: {
    initial: () => new Map(NAMES.map((name) => [name, 10])),
    apply: (wallets, { from, to, amount }) => {
      const after = { from: wallets.get(from) - amount, to: wallets.get(to) + amount }
      if (after.from < 0) throw new Error(`${from} has too little`)
      wallets.set(from, after.from).set(to, after.to)
      return [wallets, after]
    },
  },
  operation: (_client, _position, draw) => ({
    type: 'command',
    command: { from: NAMES[draw(0, 3)], to: NAMES[draw(0, 3)], amount: draw(1, 5) },
  }),
  invariant: (wallets) => {
    const total = [...wallets.values()].reduce((sum, balance) => sum + balance)
    return total === 40 ? null : `the wallets hold ${total} together instead of 40`
  },
}
