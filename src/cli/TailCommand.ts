/**
 * `tasker-telemetry tail`: what a running service publishes, live.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Connection } from "./AnalyticsClient.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { connectionFlags } from "./connectionFlags.ts"
import { refusal } from "./refusal.ts"
import { lineOf, missedBetween, type TailMessage } from "./tailLines.ts"
import { printable } from "./TextTable.ts"

const listFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

/** The command. */
export const command = Command.make(
  "tail",
  {
    event: listFlag("event", "Names or patterns with commas between them, such as step.failed,task.*"),
    domain: listFlag("domain", "Domains with commas between them, such as task,step"),
    task: listFlag("task", "Id of the only run to watch"),
    count: Flag.Int("count").pipe(
      Flag.withDescription("End after this number of events"),
      Flag.filter((count) => count >= 1, () => "Expected a whole number of at least 1"),
      Flag.optional
    ),
    reconnect: Flag.Boolean("reconnect").pipe(
      Flag.withDescription("Connect again when the service ends or restarts"),
      Flag.withDefault(true)
    ),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ count, domain, event, json, reconnect, task, token, url }) {
    const parameters = Object.fromEntries(
      Object.entries({ event, domain, task }).flatMap(([name, value]) =>
        Option.isSome(value) ? [[name, value.value]] : []
      )
    )
    yield* watch({ url, token }, parameters, reconnect, Option.getOrElse(count, () => Infinity), json)
  })
).pipe(
  Command.withDescription("Show what a running service publishes, as it happens; --json prints one object a line"),
  Command.withExamples([
    { command: "tasker-telemetry tail --event step.failed,task.failed", description: "Failures" },
    { command: "tasker-telemetry tail --task 01890a5d-ac96-774b-bcce-b302099a8057", description: "One run" }
  ])
)

/** How long a connection may say nothing. The service sends a comment every 15 seconds. */
const longestSilence = Duration.seconds(40)

/** The pause before another connection. */
const pause = Duration.seconds(1)

/** What lasts over several connections. */
interface State {
  /** The id of the last event that was shown. */
  lastId: string | undefined
  /** Whether no event has come since the connection was made again. */
  isResumed: boolean
  wasConnected: boolean
  shown: number
}

const watch = Effect.fnUntraced(function*(
  connection: Connection,
  parameters: Readonly<Record<string, string>>,
  reconnect: boolean,
  count: number,
  json: boolean
) {
  const state: State = { lastId: undefined, isResumed: false, wasConnected: false, shown: 0 }
  const once = messages(connection, parameters, state).pipe(
    Stream.tap((message) => show(message, state, json)),
    Stream.takeUntil(() => state.shown >= count),
    Stream.runDrain,
    Effect.andThen(
      Effect.suspend(() => state.shown >= count ? Effect.void : Effect.fail(lost("the service has ended the stream")))
    )
  )
  // Without one good connection, the address is wrong rather than the service away.
  const mayRetry = ({ exitCode }: CliFailure) => reconnect && state.wasConnected && exitCode === exitCodes.unreachable
  yield* once.pipe(
    Effect.tapError((error) =>
      mayRetry(error) ? Console.error(`-- ${printable(error.message)}; connecting again`) : Effect.void
    ),
    Effect.retry({ schedule: Schedule.spaced(pause), while: mayRetry })
  )
})

const lost = (message: string) => new CliFailure({ exitCode: exitCodes.unreachable, message })

const show = Effect.fnUntraced(function*(message: TailMessage, state: State, json: boolean) {
  const isEvent = !message.name.startsWith("tasker.stream.")
  if (isEvent && state.isResumed) {
    state.isResumed = false
    const missed = missedBetween(state.lastId, message.id)
    yield* Console.error(
      missed === undefined
        ? "-- another process answers; what it published before is not shown"
        : `-- ${missed} events were published meanwhile, of all names, and are not shown`
    )
  }
  if (isEvent) {
    state.lastId = message.id
    state.shown++
  }
  if (!json) yield* Console.log(lineOf(message))
  // A program that reads the output wants events only.
  else if (isEvent) yield* Console.log(message.text)
  else yield* Console.error(lineOf(message))
})

const messages = (
  { token, url }: Connection,
  parameters: Readonly<Record<string, string>>,
  state: State
): Stream.Stream<TailMessage, CliFailure, HttpClient.HttpClient> =>
  Stream.unwrap(Effect.gen(function*() {
    const address = url.replace(/\/+$/, "")
    const { lastId } = state
    const request = HttpClientRequest.get(`${address}/events`).pipe(
      HttpClientRequest.setUrlParams(parameters),
      HttpClientRequest.accept("text/event-stream"),
      (request) => lastId === undefined ? request : HttpClientRequest.setHeader(request, "last-event-id", lastId),
      (request) => Option.isSome(token) ? HttpClientRequest.bearerToken(request, token.value) : request
    )
    const response = yield* Effect.mapError(
      HttpClient.execute(request),
      () => lost(`nothing answers at ${address}: start the service there, or give its address with --url`)
    )
    if (response.status !== 200) {
      const body = yield* Effect.orElseSucceed(response.json, () => undefined)
      return yield* Effect.fail(refusal(response.status, body, address))
    }
    state.isResumed = state.lastId !== undefined
    state.wasConnected = true
    const found: Array<TailMessage> = []
    const parser = Sse.makeParser((event) => {
      if (event._tag === "Event") found.push({ name: event.event, id: event.id, text: event.data })
    })
    return response.stream.pipe(
      Stream.timeout(longestSilence),
      Stream.decodeText(),
      Stream.mapError(() => lost("the connection broke")),
      Stream.flatMap((text) => {
        parser.feed(text)
        return Stream.fromIterable(found.splice(0))
      })
    )
  }))
