/**
 * Hooks into the statements of effect/sql, which have none: before and after a statement runs, and when it has got its
 * connection.
 *
 * This is the one file that knows the parts of a statement that are no API. {@link partsOf} checks them at a client's
 * first statement. If effect/sql changes, the check fails, and the monitor measures statements as a whole.
 *
 * Checked with effect 4.1.0.
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Acquirer, Borrower, Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { SpanAttributes, StatementObserver } from "./StatementObserver.ts"

/** Runs a statement on a connection. */
type Run<A, E> = (connection: Connection, sql: string, params: ReadonlyArray<unknown>) => Effect.Effect<A, E>

/** The parts of a statement that are no API. */
interface Parts extends Statement.Statement<unknown> {
  readonly acquirer: Acquirer
  readonly compiler: Statement.Compiler
  readonly spanAttributes: SpanAttributes
  readonly transformRows: (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined
  readonly borrower: Borrower | undefined
  withConnection<A, E>(operation: string, run: Run<A, E>, withoutTransform?: boolean): Effect.Effect<A, E | SqlError>
  withConnectionSpan<A, E>(
    operation: string,
    run: Run<A, E>,
    withoutTransform: boolean,
    span: Tracer.Span
  ): Effect.Effect<A, E | SqlError>
}

const partNames = ["segments", "acquirer", "compiler", "spanAttributes", "transformRows", "borrower"]

/** Gives the parts of a statement, `undefined` if they are not those that this file knows. */
export const partsOf = (statement: object): Parts | undefined => {
  const parts = statement as Parts
  const isKnown = Object.keys(statement).toSorted().join() === partNames.toSorted().join() &&
    Effect.isEffect(parts.acquirer) && Array.isArray(parts.spanAttributes) &&
    (parts.borrower === undefined || typeof parts.borrower === "function") &&
    Predicate.hasProperty(statement, "withConnection") && typeof parts.withConnection === "function" &&
    parts.withConnection.length === 2 &&
    typeof parts.withConnectionSpan === "function" && parts.withConnectionSpan.length === 4
  return isKnown ? parts : undefined
}

/** The connection to the database that a connection of a client stands for. Statements on it run one after the other. */
export const physicalOf = (connection: Connection): object =>
  Predicate.hasProperty(connection, "connection") && Predicate.isObject(connection.connection)
    ? connection.connection
    : connection

/** Makes statements of a client observed ones. `client` makes the statements of transformers. */
export const make = (
  probe: Parts,
  client: SqlClient.SqlClient,
  observer: StatementObserver,
  spanAttributes: SpanAttributes
): <A>(statement: Statement.Statement<A>) => Statement.Statement<A> => {
  const base = Object.getPrototypeOf(probe) as Parts

  const observed: Parts = Object.assign(
    Object.create(base),
    Effectable.Prototype<Parts>({
      label: "Statement",
      evaluate() {
        return this.withConnection(
          "execute",
          (connection, sql, params) => connection.execute(sql, params, this.transformRows)
        )
      }
    })
  )

  const withConnection: Parts["withConnection"] = function<A, E>(
    this: Parts,
    operation: string,
    run: Run<A, E>,
    withoutTransform = false
  ) {
    const name = observer.spanName(this.compile(withoutTransform)[0]) ?? Statement.spanName(spanAttributes)
    return Effect.useSpan(
      name,
      { kind: "client" },
      (span) => this.withConnectionSpan(operation, run, withoutTransform, span)
    )
  }

  const withConnectionSpan: Parts["withConnectionSpan"] = function<A, E>(
    this: Parts,
    operation: string,
    run: Run<A, E>,
    withoutTransform: boolean,
    span: Tracer.Span
  ) {
    const [sql] = this.compile(withoutTransform)
    if (observer.spanName(sql) === undefined) {
      return base.withConnectionSpan.call(this, operation, run, withoutTransform, span) as Effect.Effect<
        A,
        E | SqlError
      >
    }
    return Effect.withFiber<A, E | SqlError>((fiber) => {
      const execution = observer.start(sql, fiber, span)
      const running = base.withConnectionSpan.call(
        this,
        operation,
        // A client may ask for the effect before it has the connection.
        (connection, sql, params) =>
          Effect.suspend(() => {
            execution.acquired(connection, params)
            return run(observer.plain(connection), sql, params)
          }),
        withoutTransform,
        span
      ) as Effect.Effect<A, E | SqlError>
      return Effect.onExitPrimitive(running, (exit) => {
        execution.ended(exit)
        return undefined
      })
    })
  }

  const stream = (self: Parts): Stream.Stream<unknown, SqlError> => {
    const [sql] = self.compile()
    const name = observer.spanName(sql) ?? Statement.spanName(spanAttributes)
    const started = Effect.flatMap(
      Effect.makeSpanScoped(name, { kind: "client" }),
      (span) =>
        Effect.withFiber((fiber) => Effect.map(transformed(self, fiber, span), (sent) => ({ fiber, sent, span })))
    )
    return Stream.unwrap(Effect.map(started, ({ fiber, sent, span }) => {
      const [text, params] = sent.compile()
      for (const [key, value] of spanAttributes) span.attribute(key, value)
      span.attribute("effect.sql.method", "executeStream")
      span.attribute("db.query.text", text)
      const execution = observer.spanName(sql) === undefined ? undefined : observer.start(sql, fiber, span)
      const rows = Stream.unwrap(Effect.map(self.acquirer, (connection) => {
        execution?.acquired(connection, params)
        return observer.plain(connection).executeStream(text, params, self.transformRows)
      }))
      const propagated = fiber.getRef(Statement.SpanPropagationEnabled)
        ? Stream.provideService(rows, Tracer.ParentSpan, span)
        : rows
      if (execution === undefined) return propagated
      return propagated.pipe(
        Stream.mapArray((rows) => {
          execution.arrived(rows.length)
          return rows
        }),
        Stream.onExit((exit) => Effect.sync(() => execution.ended(exit)))
      )
    }))
  }

  const transformed = (
    self: Parts,
    fiber: Fiber.Fiber<unknown, unknown>,
    span: Tracer.Span
  ): Effect.Effect<Statement.Statement<unknown>> => {
    const transform = fiber.getRef(Statement.CurrentTransformer)
    return transform === undefined ? Effect.succeed(self) : transform(self, client, fiber, span)
  }

  // The object stays the same one.
  void Object.defineProperties(observed, {
    withConnection: { value: withConnection },
    withConnectionSpan: { value: withConnectionSpan },
    stream: {
      get(this: Parts) {
        return stream(this)
      }
    }
  })

  return <A>(statement: Statement.Statement<A>) => {
    const parts = statement as unknown as Parts
    return Object.assign(Object.create(observed), {
      segments: parts.segments,
      acquirer: parts.acquirer,
      compiler: parts.compiler,
      spanAttributes,
      transformRows: parts.transformRows,
      borrower: parts.borrower
    }) as Statement.Statement<A>
  }
}
