/**
 * What the monitor learns about the statements of a client.
 */
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Connection } from "effect/sql/SqlConnection"
import type * as Tracer from "effect/Tracer"

export type SpanAttributes = ReadonlyArray<readonly [string, unknown]>

/** One run of a statement. Its functions never throw. */
export interface Execution {
  /** The statement has got its connection. */
  readonly acquired: (connection: Connection, params: ReadonlyArray<unknown>) => void
  /** Rows of a stream have arrived. */
  readonly arrived: (rows: number) => void
  readonly ended: (exit: Exit.Exit<unknown, unknown>) => void
}

/** Its functions never throw. */
export interface StatementObserver {
  /** Name of the statement's span, `undefined` for a statement that is not observed. */
  readonly spanName: (sql: string) => string | undefined
  /** A statement starts. `span` is `undefined` if the monitor cannot reach it. */
  readonly start: (sql: string, fiber: Fiber.Fiber<unknown, unknown>, span: Tracer.Span | undefined) => Execution
  /** The connection itself, in place of one that the monitor has handed out. */
  readonly plain: (connection: Connection) => Connection
}
