/**
 * Keeps ended runs in a table, written a moment after their ends. A run never waits for it. While the database does not
 * answer, a bounded number of records waits, and one warning says so. Reading has a warning of its own.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { isChosen } from "../Bottlenecks.ts"
import type { RunRecord } from "../RunRecord.ts"
import { type Choice, endOf, type RunTable } from "./RunTable.ts"

/** Time between two writes. For as long, a repeated question gets the same rows: one request asks several times. */
const interval = Duration.seconds(1)

/** Keeps one statement small. */
const mostAtOnce = 500

/** The highest number of attempts in the records of one statement, which has at least one record. */
const mostAttemptsAtOnce = 5000

/** The highest number of records that wait for the database. */
const mostWaiting = 10_000

/** The highest number of attempts in all records that wait, since a record may be large. */
const mostAttemptsWaiting = 200_000

interface Waiting {
  readonly record: RunRecord
  readonly attempts: number
}

const attemptsOf = ({ steps }: RunRecord): number => steps.reduce((sum, { attempts }) => sum + attempts.length, 0)

/**
 * Makes the history, which writes what waits when its scope ends.
 *
 * @param options `timeout`: limit of one statement; `mostFound`: highest number of runs that are read; `local`: the ended
 *   runs of this process
 */
export const make = (table: RunTable, options: {
  readonly timeout: Duration.Duration
  readonly mostFound: number
  readonly local: () => ReadonlyArray<RunRecord>
}) =>
  Effect.gen(function*() {
    const { local, mostFound, timeout } = options
    /** Records that are not written yet, in the order of their ends. */
    const waiting = new Map<string, Waiting>()
    let attemptsWaiting = 0
    let lost = 0
    let lostInOutage = 0

    const limited = <A, E>(effect: Effect.Effect<A, E>) => Effect.timeout(effect, timeout)

    const writing = outage(
      "records of runs cannot be written to the database; they wait, and runs go on",
      () => {
        const count = lostInOutage
        lostInOutage = 0
        return `records of runs are written to the database again; ${count} were lost`
      }
    )
    const reading = outage(
      "records of runs cannot be read from the database; those of this process are found",
      () => "records of runs are read from the database again"
    )

    const letGo = (id: string) => {
      attemptsWaiting -= waiting.get(id)?.attempts ?? 0
      waiting.delete(id)
    }

    const isOverfull = () => waiting.size > mostWaiting || (attemptsWaiting > mostAttemptsWaiting && waiting.size > 1)

    /** The oldest records, as many as one statement takes. */
    const nextOnes = (): ReadonlyArray<Waiting> => {
      const taken: Array<Waiting> = []
      let attempts = 0
      for (const entry of waiting.values()) {
        attempts += entry.attempts
        if (taken.length === mostAtOnce || (taken.length > 0 && attempts > mostAttemptsAtOnce)) break
        taken.push(entry)
      }
      return taken
    }

    /** Whether the database has taken what it was given. */
    const writeSome = Effect.suspend(() => {
      const taken = nextOnes()
      return limited(table.write(taken.map(({ record }) => record))).pipe(
        Effect.andThen(Effect.sync(() => {
          // A record that was replaced meanwhile is written once more.
          for (const entry of taken) if (waiting.get(entry.record.id) === entry) letGo(entry.record.id)
          lastRead = undefined
        })),
        Effect.andThen(writing.ended),
        Effect.as(true),
        Effect.catchCause((cause) => Effect.as(writing.goesOn(cause), false))
      )
    })

    const writeAll: Effect.Effect<void> = Effect.suspend(() =>
      waiting.size === 0 ? Effect.void : Effect.flatMap(writeSome, (isTaken) => isTaken ? writeAll : Effect.void)
    )

    /** What cannot be removed, or not in time, stays until the next records are written. */
    const writeAndRemove = (write: Effect.Effect<void>) =>
      Effect.suspend(() =>
        waiting.size === 0 ? Effect.void : Effect.andThen(write, Effect.ignoreCause(limited(table.removeOverflow)))
      )

    let lastRead: { readonly key: string; readonly at: number; readonly runs: ReadonlyArray<RunRecord> } | undefined

    const rowsOf = Effect.fnUntraced(function*(choice: Choice) {
      const at = yield* Clock.currentTimeMillis
      const key = JSON.stringify([choice.task, choice.version, choice.since])
      if (lastRead?.key === key && Math.abs(at - lastRead.at) < Duration.toMillis(interval)) return lastRead.runs
      const runs = yield* limited(table.find(choice, mostFound))
      yield* reading.ended
      lastRead = { key, at, runs }
      return runs
    })

    /** Rows, with the records of this process that are newer than they; in the order of the ends of the runs. */
    const joined = (rows: ReadonlyArray<RunRecord>, newer: ReadonlyArray<RunRecord>): ReadonlyArray<RunRecord> => {
      const byId = new Map(rows.map((run) => [run.id, run]))
      for (const run of newer) byId.set(run.id, run)
      return [...byId.values()].toSorted((left, right) => endOf(left) - endOf(right)).slice(-mostFound)
    }

    yield* Effect.acquireRelease(
      Effect.forkScoped(Effect.schedule(writeAndRemove(writeAll), Schedule.spaced(interval))),
      () => writeAndRemove(Effect.ignoreCause(limited(writeAll)))
    )

    return {
      /** Takes an ended run, or its new record. */
      note: (record: RunRecord): void => {
        letGo(record.id)
        const attempts = attemptsOf(record)
        waiting.set(record.id, { record, attempts })
        attemptsWaiting += attempts
        for (const oldest of waiting.keys()) {
          if (!isOverfull()) return
          letGo(oldest)
          lost++
          lostInOutage++
        }
      },
      lost: (): number => lost,
      /** If the database does not answer, the runs of this process are found. */
      find: (choice: Choice): Effect.Effect<ReadonlyArray<RunRecord>> =>
        rowsOf(choice).pipe(
          Effect.map((rows) =>
            joined(rows, [...waiting.values()].map(({ record }) => record).filter(isChosen(choice)))
          ),
          Effect.catchCause((cause) => Effect.map(reading.goesOn(cause), () => local().filter(isChosen(choice))))
        ),
      get: (id: string): Effect.Effect<Option.Option<RunRecord>> =>
        limited(table.get(id)).pipe(
          Effect.tap(reading.ended),
          Effect.catchCause((cause) => Effect.as(reading.goesOn(cause), Option.none()))
        )
    }
  })

/** Says once that something fails, and once that it works again. */
const outage = (warning: string, again: () => string) => {
  let isOut = false
  return {
    goesOn: (cause: unknown) =>
      Effect.suspend(() => {
        if (isOut) return Effect.void
        isOut = true
        return Effect.logWarning(warning, cause)
      }),
    ended: Effect.suspend(() => {
      if (!isOut) return Effect.void
      isOut = false
      return Effect.logInfo(again())
    })
  }
}
