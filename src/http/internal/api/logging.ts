/**
 * The declaration of the routes of log levels.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Level } from "../../../logging/LogLevels.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const longestComponent = 256

/** A level by its name, in letters of any case. */
const LevelName = Schema.String.annotate({
  description: `One of ${Level.literals.join(", ")}, in letters of any case.`
})
  .pipe(
    Schema.decodeTo(
      Level,
      SchemaTransformation.transform({
        decode: (text) => Level.literals.find((level) => level.toLowerCase() === text.toLowerCase()) ?? text as Level,
        encode: (level): string => level
      })
    )
  )

/** A change of a log level. */
export const LevelChange = Schema.Struct({
  component: Schema.optionalKey(
    Schema.String.check(Schema.isBetweenLength(1, longestComponent)).annotate({
      description: "The component whose level changes; absent for the program."
    })
  ),
  level: Schema.NullOr(LevelName).annotate({ description: "The new level; null takes a change back." }),
  for: Schema.optionalKey(
    Schema.Union([Schema.String, Schema.Finite]).annotate({
      description: "When the old level comes back: a duration such as \"10 seconds\", or milliseconds."
    })
  )
}).annotate({ identifier: "LevelChange" })

const level = { level: Level, until: Schema.optional(Schema.String) }

const Levels = Schema.Struct({
  changeable: Schema.Boolean,
  level: Schema.optional(Level),
  until: Schema.optional(Schema.String),
  components: Schema.Array(Schema.Struct({ component: Schema.String, ...level }))
}).annotate({ identifier: "LogLevels" })

const show = HttpApiEndpoint.get("show", "/logging", { success: Levels, error: RouteApi.refusals(503) }).annotateMerge(
  RouteApi.about({ summary: "The log levels in force.", access: { kind: "write", scope: "logging:read" } })
)

const change = HttpApiEndpoint.put("change", "/logging", {
  payload: LevelChange,
  success: Levels,
  error: RouteApi.refusals(400, 409, 413, 415, 503)
}).annotateMerge(RouteApi.about({
  summary: "Changes a log level.",
  description: "409 if logging.runtimeLevels is off.",
  access: { kind: "write", scope: "logging:write" }
}))

export const Logging = HttpApiGroup.make("logging").add(show, change).middleware(RouteErrors).middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "How much the service logs." }))
