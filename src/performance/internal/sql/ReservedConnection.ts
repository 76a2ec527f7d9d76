/**
 * A connection that a program has reserved, whose statements are observed.
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { StatementObserver } from "./StatementObserver.ts"

export class ReservedConnection implements Connection {
  readonly plain: Connection
  readonly #observer: StatementObserver

  constructor(plain: Connection, observer: StatementObserver) {
    this.plain = plain
    this.#observer = observer
  }

  readonly execute: Connection["execute"] = (sql, params, transformRows) =>
    this.#observed(sql, params, this.plain.execute(sql, params, transformRows))

  readonly executeRaw: Connection["executeRaw"] = (sql, params) =>
    this.#observed(sql, params, this.plain.executeRaw(sql, params))

  readonly executeValues: Connection["executeValues"] = (sql, params) =>
    this.#observed(sql, params, this.plain.executeValues(sql, params))

  readonly executeValuesUnprepared: Connection["executeValuesUnprepared"] = (sql, params) =>
    this.#observed(sql, params, this.plain.executeValuesUnprepared(sql, params))

  readonly executeUnprepared: Connection["executeUnprepared"] = (sql, params, transformRows) =>
    this.#observed(sql, params, this.plain.executeUnprepared(sql, params, transformRows))

  readonly executeStream: Connection["executeStream"] = (sql, params, transformRows) => {
    const stream = this.plain.executeStream(sql, params, transformRows)
    if (this.#observer.spanName(sql) === undefined) return stream
    return Stream.unwrap(Effect.withFiber((fiber) => {
      const execution = this.#observer.start(sql, fiber, undefined)
      execution.acquired(this.plain, params)
      return Effect.succeed(stream.pipe(
        Stream.mapArray((rows) => {
          execution.arrived(rows.length)
          return rows
        }),
        Stream.onExit((exit) => Effect.sync(() => execution.ended(exit)))
      ))
    }))
  }

  #observed<A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    run: Effect.Effect<A, SqlError>
  ): Effect.Effect<A, SqlError> {
    if (this.#observer.spanName(sql) === undefined) return run
    return Effect.withFiber<A, SqlError>((fiber) => {
      const execution = this.#observer.start(sql, fiber, undefined)
      execution.acquired(this.plain, params)
      return Effect.onExitPrimitive(run, (exit) => {
        execution.ended(exit)
        return undefined
      })
    })
  }
}

/** The connection itself, in place of a reserved one. */
export const plainOf = (connection: Connection): Connection =>
  connection instanceof ReservedConnection ? connection.plain : connection
