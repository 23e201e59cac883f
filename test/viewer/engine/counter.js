/** A machine, and no operations: what a real member runs. */
export default {
  initial: () => 0,
  apply: (sum, by) => [sum + by, sum + by],
}
