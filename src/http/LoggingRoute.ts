/**
 * `GET` and `PUT /logging`: reads and changes log levels while the program runs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ActiveLevel, LogLevels } from "../logging/LogLevels.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { LevelChange, Logging } from "./internal/api/logging.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as RequestBody from "./internal/RequestBody.ts"

/**
 * Adds the logging routes to the router.
 *
 * **Details**
 *
 * - `GET /logging`: the level of the program and the levels of single components.
 * - `PUT /logging`: a JSON object with `level`, in letters of any case. With `component` it sets the level of that
 *   component only. With `for` the old level comes back after that time (`"10 seconds"`, or milliseconds). The level
 *   `null` takes a change back. It answers as `GET`, or 409 if `logging.runtimeLevels` is off.
 *
 * Both need the bearer token `http.token`, or a token of `http.tokens` with the scope `logging:read` or
 * `logging:write`; without it they answer 401. If no token is configured, they answer only programs on this machine that
 * call the server directly, and 403 to others.
 *
 * **Example** (Levels beside routes of one's own)
 *
 * ```ts
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as LoggingRoute from "tasker-telemetry/http/LoggingRoute"
 *
 * const Hello = HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
 * const App = Layer.mergeAll(Hello, LoggingRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | LogLevels> = ApiRoutes.layer(
  Logging,
  Effect.fnUntraced(function*(handlers) {
    const redaction = yield* Redaction.Current
    const levels = yield* LogLevels
    const show = Effect.map(levels.active, ([program, ...components]) =>
      JsonResponse.json(200, {
        changeable: levels.runtime,
        ...(program === undefined ? {} : levelOf(program)),
        components: components.map((active) => ({
          component: redaction.text(active.component ?? ""),
          ...levelOf(active)
        }))
      }))

    const change = Effect.gen(function*() {
      const { component, for: time, level } = yield* readChange
      const duration = time === undefined ? undefined : yield* durationOf(time)
      const set = level === null ? levels.reset(component) : levels.set({ component, level, for: duration })
      const announce = Effect.logInfo("log level changed", {
        of: component ?? "everything",
        to: level ?? "as configured",
        ...(time === undefined ? {} : { for: time })
      })
      // The log must show a change that silences the program, and a change that lets it log again.
      const isHeard = levels.runtime && levels.isWritten("Info", undefined, yield* Clock.currentTimeMillis)
      if (isHeard) yield* announce
      yield* Effect.mapError(set, ({ message }) => JsonResponse.json(409, { error: "levels_fixed", message }))
      if (!isHeard) yield* announce
      return yield* show
    })

    return handlers.handle("show", () => show).handleRaw("change", () => ApiRoutes.answer(change))
  })
)

// Without this, a misspelt `component` would change the level of the whole program.
const readChange = RequestBody.readJson(LevelChange, { onExcessProperty: "error" })

const longest = Duration.days(30)

const durationOf = (time: string | number): Effect.Effect<Duration.Duration, HttpServerResponse> => {
  const duration = Duration.fromInput(time as Duration.Input)
  return Option.isSome(duration) && Duration.between(duration.value, { minimum: Duration.millis(1), maximum: longest })
    ? Effect.succeed(duration.value)
    : Effect.fail(JsonResponse.invalidRequest([{
      path: "for",
      message: "Expected a duration such as \"10 seconds\", or milliseconds, of 1 millisecond to 30 days"
    }]))
}

const levelOf = ({ level, until }: ActiveLevel) => ({
  level,
  until: until === undefined ? undefined : new Date(until).toISOString()
})
