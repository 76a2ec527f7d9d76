/**
 * Long texts, and the time that one of them takes.
 */

const rounds = 10

export const repeated = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length)

/** Milliseconds of the fastest of several rounds: other work of the machine makes rounds slower. */
export const fastestMillis = (run: () => void): number =>
  Math.min(...Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint()
    run()
    return Number(process.hrtime.bigint() - start) / 1e6
  }))
