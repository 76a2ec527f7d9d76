/**
 * Secrets that can be recognised, and the places of a program that they are put into.
 */
import { Cause, Effect, Layer, Metric, Redacted, Schema, Tracer } from "effect"
import {
  EventBus,
  EventCatalog,
  EventSubscriber,
  MetricStore,
  Step,
  StructuredLog,
  Task,
  TaskRunner
} from "tasker-telemetry"

export interface Secret {
  /** The secret as it stands in a text. */
  readonly text: string
  /** The secret as the value of a key. */
  readonly key: string
  readonly value: unknown
  /** What must not leave. */
  readonly canary: string
}

const canaryOf = (number: number) => `CANARY${number}zq`

const keys = [
  "password",
  "passwd",
  "user_password",
  "api_key",
  "apiKey",
  "X-Api-Key",
  "accessToken",
  "access_token",
  "token",
  "refresh.token",
  "client_secret",
  "secret",
  "private_key",
  "signing_key",
  "authorization",
  "cookie",
  "Set-Cookie",
  "credential",
  "ssn",
  "otp",
  "cvv",
  "salt",
  "certificate",
  "email",
  "credit_card",
  "iban",
  "x-partner-key"
] // dprint-ignore

const shapes: ReadonlyArray<(canary: string) => string> = [
  (canary) => `Bearer ${canary}`,
  (canary) => `Authorization: Basic ${canary}==`,
  (canary) => `eyJhbGciOi.${canary}.${canary}`,
  (canary) => `postgres://user:${canary}@db.example/shop`,
  (canary) => `https://shop.example/cart?item=1&token=${canary}&page=2`,
  (canary) => `-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----`,
  (canary) => `{"user":"a","secret":"${canary}"}`,
  (canary) => JSON.stringify(JSON.stringify({ password: canary })),
  (canary) => `--password=${canary} --verbose`,
  (canary) => `Cookie: session=${canary}; theme=dark`,
  (canary) => `failed: password="${canary} and more"`,
  (canary) => `url=https://shop.example/?api_key=${canary}`,
  (canary) => `curl -H 'X-Api-Key: ${canary}' https://shop.example`,
  (canary) => `Server=db;User Id=a;Password=${canary};`,
  (canary) => `{ tokens: 1, credentials: { user: 'a', pass: '${canary}' } }`,
  (canary) => `AWS_SECRET_ACCESS_KEY=${canary}`,
  (canary) => `Authorization: Digest username="${canary}", realm="r", response="${canary}"`,
  (canary) => JSON.stringify(JSON.stringify({ authorization: `Digest username="u", response="${canary}"` })),
  (canary) => `sent Digest username=u, response="${canary}"`
]

const cards = ["4111111111111111", "5555555555554444", "378282246310005", "6011 1111 1111 1117", "4000-0566-5566-5556"]
const cloudKeys = ["AKIAIOSFODNN7EXAMPLE", "ASIAQWERTYUIOP123456"]

/** Keys that a program has configured itself. */
export const redaction = { keys: ["iban", "/^x-.*key$/i"] }

export const secrets: ReadonlyArray<Secret> = [
  ...keys.map((key, index) => {
    const canary = canaryOf(index)
    return { text: `${key}=${canary}`, key, value: canary, canary }
  }),
  ...shapes.map((shape, index) => {
    const canary = canaryOf(100 + index)
    return { text: shape(canary), key: "note", value: shape(canary), canary }
  }),
  ...[...cards, ...cloudKeys].map((canary) => ({ text: `of ${canary}.`, key: "note", value: canary, canary })),
  {
    text: `secret: ${canaryOf(200)}`,
    key: "note",
    value: Redacted.make(canaryOf(200)),
    canary: canaryOf(200)
  }
]

/** A service has no line breaks in its attributes. */
const oneLine = (text: string) => text.replaceAll("\n", " ")

/** A service with every secret in its attributes, as the resource of what is sent has them, and some in its name. */
export const service = {
  name: `shop ${secrets[0]?.text}`,
  version: `1.0.0+${secrets[1]?.text}`,
  attributes: Object.fromEntries(secrets.flatMap(({ canary, key, text }, index) => [
    [key === "note" ? `note.${index}` : key, key === "note" ? oneLine(text) : canary],
    [`text.${index}`, oneLine(text)],
    [oneLine(text), "named"]
  ]))
}

const parent = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16) })

const inSpan = (use: (span: Tracer.Span) => void) =>
  Effect.withSpan(Effect.map(Effect.orDie(Effect.currentSpan), use), "work")

const Queried = EventCatalog.define("shop.queried", {
  description: "The database was asked.",
  fires: "once per query",
  payload: Schema.Struct({ "db.statement": Schema.String, db: Schema.Unknown })
})

const input = Schema.Struct({ note: Schema.Unknown })

/** Tasks with secrets in their names. */
export const tasks = secrets.map(({ text }) =>
  Task.make(text, {
    input,
    steps: [Step.make(text, { input, run: () => Effect.void })]
  })
)

/** Everything a program may do with a value. */
const places: Readonly<
  Record<
    string,
    (
      secret: Secret
    ) => Effect.Effect<unknown, unknown, TaskRunner.TaskRunner | EventBus.EventBus | MetricStore.MetricStore>
  >
> = {
  "message": ({ text }) => Effect.logInfo(text),
  "part of a message": ({ key, text, value }) => Effect.logInfo("part", text, [{ [key]: value }]),
  "field": ({ key, value }) => Effect.logInfo("field", { [key]: value }),
  "nested field": ({ key, value }) =>
    Effect.logInfo("field", { list: [{ deep: new Map([[key, value]]) }], [key]: value }),
  "annotation": ({ key, value }) => Effect.annotateLogs(Effect.logInfo("annotated"), key, value),
  "component": ({ text }) => Effect.annotateLogs(Effect.logInfo("annotated"), "component", text),
  "name of a field": ({ text }) => Effect.logInfo("field", { [text]: 1, inside: { [text]: 1 } }),
  "name of a log span": ({ text }) => Effect.withLogSpan(Effect.logInfo("timed"), text),
  "failure": ({ text }) => Effect.logError("failed", Cause.fail(new Error(text))),
  "defect": ({ text }) => Effect.logError("failed", Cause.die(text)),
  "error behind an error": ({ text }) =>
    Effect.logError("failed", Cause.fail(new Error("a", { cause: new Error(text) }))),
  "parallel causes": ({ text }) =>
    Effect.logError("failed", Cause.combine(Cause.fail(new Error("a")), Cause.die(new Error(text)))),
  "name of an error": ({ text }) =>
    Effect.logError("failed", Cause.fail(Object.assign(new Error("a"), { name: text }))),
  "log in a span": ({ key, text, value }) => Effect.withSpan(Effect.logInfo(text, { [key]: value }), "work"),
  "name of a span": ({ text }) => Effect.withSpan(Effect.void, text),
  "span attribute": ({ key, value }) => inSpan((span) => span.attribute(key, value)),
  "name of an attribute": ({ text }) =>
    inSpan((span) => {
      span.attribute(text, 1)
      span.event("note", 0n, { [text]: 1 })
    }),
  "name of a field in a span": ({ text }) => Effect.withSpan(Effect.logInfo("field", { [text]: 1 }), "work"),
  "span event": ({ key, text, value }) => inSpan((span) => span.event(text, 0n, { [key]: value })),
  "span link": ({ key, value }) =>
    Effect.withSpan(Effect.void, "work", { links: [{ span: parent, attributes: { [key]: value } }] }),
  // @effect-diagnostics-next-line globalErrorInEffectFailure:off -- programs fail so
  "failed span": ({ text }) => Effect.exit(Effect.withSpan(Effect.fail(new Error(text)), "work")),
  "SQL text": ({ canary, text }) =>
    inSpan((span) => {
      span.attribute("db.query.text", `select * from a where note = '${canary}' -- it's ${text}\n and b = '${canary}'`)
      span.attribute("db.statement", text)
    }),
  "SQL in a field": ({ canary, text }) => {
    const sql = `select * from a where note = '${canary}' -- it's ${text}`
    return Effect.andThen(
      Effect.logInfo("field", { "db.query.text": sql, db: { statement: sql } }),
      Effect.logInfo("annotated").pipe(Effect.annotateLogs("db.statement", [sql]), Effect.withSpan("work"))
    )
  },
  "SQL in a payload": ({ canary, text }) =>
    EventBus.publish(Queried, {
      "db.statement": `select * from a where note = '${canary}' -- it's ${text}`,
      db: { query: { text: `select '${canary}'` } }
    }).pipe(Effect.withSpan("work")),
  "URL": ({ canary, text }) =>
    inSpan((span) => {
      span.attribute("url.full", `https://u:${canary}@shop.example/?token=${canary}`)
      span.attribute("url.query", text)
    }),
  "header": ({ canary, text }) =>
    inSpan((span) => {
      span.attribute("http.request.header.authorization", [canary])
      span.attribute("http.request.header.x-note", [text])
    }),
  "baggage": ({ canary, text }) =>
    Effect.andThen(
      Effect.logInfo("in", { baggage: `session_token=${canary},note=${text}` }),
      inSpan((span) => span.attribute("baggage", `session_token=${canary},${text}`))
    ),
  "event payload": ({ text }) =>
    EventBus.EventBus.use((bus) =>
      bus.publish("step.failed", {
        taskId: "t-1",
        taskName: "order",
        stepId: "s-1",
        stepName: "charge",
        attempt: 1,
        fromState: "in_progress",
        toState: "error",
        queueSeconds: 0,
        durationSeconds: 1,
        totalSeconds: 1,
        errorType: "Declined",
        errorMessage: text,
        final: true,
        timedOut: undefined
      })
    ),
  "failed step": ({ text }) => {
    // @effect-diagnostics-next-line globalErrorInEffectFailure:off -- programs fail so
    const fail = Step.make("fail", { input, retry: { maximumAttempts: 1 }, run: () => Effect.fail(new Error(text)) })
    return Effect.exit(TaskRunner.run(Task.make("failing", { input, steps: [fail] }), { note: text }))
  },
  "name of a task and of a step": ({ text }) => {
    const step = Step.make(text, { input, run: () => Effect.logInfo("in the step") })
    const last = Step.make("last", { input, dependsOn: [step], run: () => Effect.logInfo("in the step") })
    const task = Task.make(text, { input, namespace: text, version: text, steps: [step, last] })
    return TaskRunner.run(task, { note: 1 })
  },
  "metric attribute": ({ canary, text }) =>
    MetricStore.MetricStore.useSync((store) =>
      store.counter({ name: "canaries_total", help: "Canaries.", attributes: ["note", "api_key", "db_statement"] })
        .inc({ note: text, api_key: text, db_statement: `select '${canary}'` })
    ),
  "help of a metric": ({ canary, text }) =>
    MetricStore.MetricStore.useSync((store) =>
      store.counter({
        name: `help_${secrets.findIndex((one) => one.canary === canary)}_total`,
        help: text,
        attributes: []
      })
        .inc({})
    ),
  "metric of Effect": ({ canary, text }) =>
    Effect.andThen(
      Metric.update(Metric.counter(`effect ${text}`, { description: text, attributes: { [text]: text } }), 1),
      Metric.update(
        Metric.withAttributes(Metric.gauge("effect_gauge", { description: text }), { api_key: canary, [text]: "x" }),
        1
      )
    ),
  "name of a subscriber": ({ text }) => {
    const subscriber = EventSubscriber.layer({ "task.*": () => Effect.fail(text) }, { name: text })
    const task = Task.make("heard", { input, steps: [Step.make("one", { input, run: () => Effect.void })] })
    return Effect.scoped(Effect.andThen(Layer.build(subscriber), TaskRunner.run(task, { note: 1 })))
  },
  "parameter of a query": ({ canary }) =>
    Effect.andThen(
      Effect.logInfo("query", { "db.query.parameter.0": canary, db: { query: { parameter: { note: canary } } } }),
      inSpan((span) => {
        span.attribute("db.query.parameter.note", canary)
        span.event("query", 0n, { "db.operation.parameter.0": [canary], "db.params": { note: canary } })
      })
    ),
  "pair of name and value": ({ canary }) =>
    Effect.andThen(
      Effect.logInfo("pair", { name: "DB_PASSWORD", value: canary, env: [{ value: canary, name: "API_KEY" }] }),
      inSpan((span) => span.attribute("env", [{ name: "token", value: canary }]))
    ),
  "structured helper": ({ key, text, value }) => StructuredLog.exception(new Error(text), { context: { [key]: value } })
}

/** Puts every secret into every place. */
export const putEverywhere = Effect.forEach(
  Object.values(places),
  (place) => Effect.forEach(secrets, (secret) => place(secret), { discard: true }),
  { discard: true }
)

/** The secrets that stand in a text. */
export const found = (text: string): ReadonlyArray<string> =>
  secrets.map(({ canary }) => canary).filter((canary) =>
    text.includes(canary) || text.includes(encodeURIComponent(canary))
  )
