/**
 * `GET /events`: what a running instance publishes, live, as server-sent events.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import type * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { EventBus } from "../events/EventBus.ts"
import type { EventEnvelope } from "../events/EventEnvelope.ts"
import * as identifiers from "../internal/identifiers.ts"
import { encodeJson } from "../redaction/internal/encodeJson.ts"
import { copyFields } from "../redaction/internal/payloadFields.ts"
import { redactService } from "../redaction/internal/redactNames.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { Events, type Query } from "./internal/api/events.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as EventFilter from "./internal/EventFilter.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"

/** Events that wait for one client. */
const capacity = 1024

/** Clients at the same time. Each has a queue. */
const mostClients = 32

const heartbeat = Duration.seconds(15)
const reconnectAfter = Duration.seconds(3)

/**
 * Adds `GET /events` to the router.
 *
 * **Details**
 *
 * The answer is `text/event-stream` and goes on until the client leaves or the program ends. Each event of the bus is a
 * message with the name of the event, the id `<instance>:<sequence>`, and a JSON object with `name`, `time` (epoch
 * milliseconds), `sequence`, `correlationId`, `traceId`, `spanId` and `payload`. Secrets are masked. The member `error`
 * of a payload, which may have a stack, is left out. Routes and filters of `events` do not matter.
 *
 * Parameters choose events: `event` has names or patterns such as `step.*`, `domain` has domains, `task` has the id of
 * the only run. `event` and `domain` may have several values with commas between them. A name that no event can have is
 * answered 400.
 *
 * Three messages are about the stream. `tasker.stream.opened` comes first and says what the stream sends.
 * `tasker.stream.dropped` says how many events the client did not get since the last such message: 1024 events wait for
 * a client, and a client that is slower loses the newest. `tasker.stream.closed` comes last when the program ends. A
 * comment comes every 15 seconds in which nothing else does.
 *
 * At most 32 clients get events at the same time. Further ones are answered 503. If telemetry is disabled, the route
 * answers 404. With `http.authRequired` or `metrics.authRequired`, a request without the bearer token `http.token`, or a
 * token of `http.tokens` with the scope `events:read`, is answered 401. The server's log has no lines about these requests.
 *
 * **Gotchas**
 *
 * The process keeps no events. A client that sends `Last-Event-ID` is answered from now on, and
 * `tasker.stream.opened` says `"repeats": false`. What was published in the meantime is not sent again. If the next id
 * has the same instance, the difference of the sequences is the number of events that the bus published meanwhile,
 * of all names.
 *
 * **Example** (Watching failures)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as EventsRoute from "tasker-telemetry/http/EventsRoute"
 * import * as HealthRoute from "tasker-telemetry/http/HealthRoute"
 *
 * // curl -N 'http://127.0.0.1:9464/events?event=task.failed,step.failed'
 * const Routes = Layer.mergeAll(EventsRoute.layer, HealthRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | EventBus> = ApiRoutes.layer(
  Events,
  Effect.fnUntraced(function*(handlers) {
    const bus = yield* EventBus
    const redaction = yield* Redaction.Current
    const config = yield* TelemetryConfig.Current
    const service = redactService(config.service, redaction)
    const instance = yield* identifiers.uuid
    let clients = 0

    const open = Effect.fnUntraced(function*(query: Query) {
      const filter = yield* EventFilter.read(query)
      const lastEventId = (yield* HttpServerRequest).headers["last-event-id"]
      if (clients >= mostClients) return yield* Effect.fail(tooManyClients)
      const opening: Message = {
        name: "tasker.stream.opened",
        data: {
          service: service.name,
          instance,
          events: filter.events,
          ...(filter.taskId === undefined ? {} : { task: filter.taskId }),
          capacity,
          heartbeatSeconds: Duration.toSeconds(heartbeat),
          repeats: false,
          ...(lastEventId === undefined ? {} : { lastEventId })
        }
      }
      const body = Stream.unwrap(Effect.gen(function*() {
        yield* Effect.acquireRelease(
          Effect.sync(() => clients++),
          () => Effect.sync(() => clients--)
        )
        return yield* Effect.map(messages(bus, filter), (sent) =>
          Stream.concat(
            Stream.succeed(retry + encode(opening, instance, redaction)),
            Stream.map(sent, (message) =>
              message === "heartbeat" ? ": heartbeat\n\n" : encode(message, instance, redaction))
          ))
      }))
      return HttpServerResponse.stream(Stream.encodeText(body), {
        contentType: "text/event-stream; charset=utf-8",
        headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
      })
    })

    return handlers.handle(
      "watch",
      ({ query }) => bus.enabled ? ApiRoutes.answer(open(query)) : Effect.succeed(disabled)
    )
  })
)

/** A message of the stream. */
interface Message {
  readonly name: string
  readonly sequence?: number
  readonly data: { readonly payload?: object; readonly [member: string]: unknown }
}

/** The messages of one client. Its queue ends with the scope of the stream, or when the bus closes. */
const messages = Effect.fnUntraced(function*(bus: EventBus["Service"], filter: EventFilter.EventFilter) {
  let dropped = 0
  let told = 0
  const { queue } = yield* bus.subscribe({
    name: "events route",
    capacity,
    accepts: filter.accepts,
    onDrop: () => void dropped++
  })
  const news = (): ReadonlyArray<Message> => {
    if (dropped === told) return []
    const data = { dropped: dropped - told, total: dropped, reason: "the client reads too slowly" }
    told = dropped
    return [{ name: "tasker.stream.dropped", data }]
  }
  // Events of other runs are no sign of life to the client of one run.
  const next = Queue.takeAll(queue).pipe(
    Effect.map((events): ReadonlyArray<Message | "heartbeat"> => [
      ...events.filter(filter.isOfTask).map(messageOf),
      ...news()
    ]),
    Effect.repeat({ until: (found) => found.length > 0 }),
    Effect.timeoutOption(heartbeat),
    Effect.map(Option.getOrElse((): ReadonlyArray<Message | "heartbeat"> => ["heartbeat"]))
  )
  const closed: Message = { name: "tasker.stream.closed", data: { reason: "the program ends" } }
  return Stream.fromEffectRepeat(next).pipe(
    Stream.flatMap(Stream.fromIterable),
    Stream.concat(Stream.sync(() => closed))
  )
})

/** The payload of a program may have a getter that throws. */
const messageOf = (event: EventEnvelope): Message => {
  const { error: _error, ...payload } = copyFields(event.payload)
  return { name: event.name, sequence: event.sequence, data: { ...event, payload } }
}

/** A path of `redaction.paths` begins with a field of the payload. */
const encodeData = ({ payload, ...data }: Message["data"], redaction: Redaction.Redaction): string => {
  const head = encodeJson(data, redaction)
  return payload === undefined ? head : `${head.slice(0, -1)},"payload":${encodeJson(payload, redaction)}}`
}

const encode = ({ data, name, sequence }: Message, instance: string, redaction: Redaction.Redaction): string =>
  Sse.encoder.write({
    _tag: "Event",
    event: name,
    id: sequence === undefined ? undefined : `${instance}:${sequence}`,
    data: encodeData(data, redaction)
  })

const retry = Sse.encoder.write(new Sse.Retry({ duration: reconnectAfter, lastEventId: undefined }))

const disabled = JsonResponse.json(404, {
  error: "events_disabled",
  message: "set the option enabled to true"
})

const tooManyClients = JsonResponse.json(503, {
  error: "too_many_clients",
  message: `${mostClients} clients read events already; end one of them or try again later`
}, { "retry-after": "5" })
