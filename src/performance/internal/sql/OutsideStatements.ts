/**
 * Observes statements whose parts are not known: as a whole, by their public side.
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as References from "effect/References"
import type { SqlError } from "effect/sql/SqlError"
import type { Statement } from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type { StatementObserver } from "./StatementObserver.ts"

/** The ways to run a statement, other than as it is. */
const effects = ["raw", "withoutTransform", "values", "valuesUnprepared", "unprepared"] as const

/**
 * Makes statements observed ones. Their spans are those of effect/sql, with the attributes of the summary.
 *
 * @param attributesOf the attributes of a statement's spans
 */
export const make = (
  observer: StatementObserver,
  attributesOf: (sql: string) => Record<string, unknown>
): <A>(statement: Statement<A>) => Statement<A> => {
  const observed = <A, E>(sql: string, run: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    observer.spanName(sql) === undefined ? run : Effect.withFiber<A, E>((fiber) => {
      const execution = observer.start(sql, fiber, undefined)
      return Effect.onExitPrimitive(Effect.annotateSpans(run, attributesOf(sql)), (exit) => {
        execution.ended(exit)
        return undefined
      })
    })

  const stream = (statement: Statement<unknown>): Stream.Stream<unknown, SqlError> => {
    const [sql] = statement.compile()
    if (observer.spanName(sql) === undefined) return statement.stream
    return Stream.unwrap(Effect.withFiber((fiber) => {
      const execution = observer.start(sql, fiber, undefined)
      return Effect.succeed(statement.stream.pipe(
        Stream.updateService(References.TracerSpanAnnotations, (others) => ({ ...others, ...attributesOf(sql) })),
        Stream.mapArray((rows) => {
          execution.arrived(rows.length)
          return rows
        }),
        Stream.onExit((exit) => Effect.sync(() => execution.ended(exit)))
      ))
    }))
  }

  return <A>(statement: Statement<A>): Statement<A> =>
    Object.defineProperties(
      Object.assign(
        Object.create(statement),
        Effectable.Prototype<Statement<A>>({
          label: "Statement",
          evaluate: () => observed(statement.compile()[0], statement)
        })
      ),
      {
        stream: { get: () => stream(statement) },
        ...Object.fromEntries(effects.map((name) => [name, {
          get: () =>
            observed(
              statement.compile(name === "raw" || name === "withoutTransform")[0],
              statement[name] as Effect.Effect<unknown, SqlError>
            )
        }]))
      }
    )
}
