/**
 * The configuration of everything: one schema with the default, range, environment variables and meaning of each
 * option.
 *
 * **Details**
 *
 * Options come from three places; the first that has a value wins:
 *
 * 1. options given in code,
 * 2. `TASKER_…` variables (`tracing.sampler.ratio` is `TASKER_TRACING_SAMPLER_RATIO`),
 * 3. the standard `OTEL_…` variables.
 *
 * A bad option or `TASKER_…` value fails the layer. The error names path and rule. A bad `OTEL_…` value is reported
 * once and replaced, as the OpenTelemetry specification asks; with `strict` it fails too. `OTEL_CONFIG_FILE` names a
 * file of declarative configuration, which is used in place of all other `OTEL_…` variables. A standard variable that has
 * no effect here is reported like a bad value. A `TASKER_…` variable without an option, or a misspelt `OTEL_…`
 * variable, is reported once and ignored.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as ConfigFile from "./internal/configFile.ts"
import * as Option from "./internal/configOption.ts"
import { configSchema } from "./internal/configSchema.ts"
import { type Environment, findUnknownVariables, readEnvironment, resolve } from "./internal/configSource.ts"
import { configFile, otelVariables } from "./internal/otelVariables.ts"

/**
 * The schema of the configuration.
 *
 * **When to use**
 *
 * Use to decode a configuration file into {@link TelemetryConfig}; layers take
 * plain {@link Options} instead.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TelemetryConfig = configSchema

/**
 * The decoded configuration.
 *
 * @category models
 * @since 0.1.0
 */
export type TelemetryConfig = typeof TelemetryConfig.Type

type Input<A> = A extends Duration.Duration ? DurationSuchAs<"5 seconds">
  : A extends Redacted.Redacted<string> ? string | Redacted.Redacted<string>
  : A extends string | number | boolean | undefined ? A
  : A extends ReadonlyArray<infer Item> ? ReadonlyArray<Item extends Duration.Duration ? Input<Item> : Item>
  : string extends keyof A ? { readonly [K in keyof A]: Input<A[K]> }
  : { readonly [K in keyof A]?: Input<A[K]> | undefined }

/**
 * Options as a program writes them: any part of {@link TelemetryConfig}.
 * Durations are written as `"5 seconds"`, secrets as plain or redacted text.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Input<TelemetryConfig>

/**
 * A value that the configuration cannot take.
 *
 * **Details**
 *
 * `message` names the path, the rule and the value. The value of a secret or
 * header is never part of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class TelemetryConfigError extends Schema.TaggedError<TelemetryConfigError>()("TelemetryConfigError", {
  message: Schema.String
}) {}

/**
 * The configuration in force. Without a telemetry layer it is the defaults.
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<TelemetryConfig> = Context.Reference<TelemetryConfig>(
  "tasker-telemetry/config/TelemetryConfig/Current",
  { defaultValue: () => defaults }
)

/**
 * All options of the schema, in the order of their declaration.
 *
 * **When to use**
 *
 * Use to generate documentation or a settings page.
 *
 * @category reflection
 * @since 0.1.0
 */
export const options: ReadonlyArray<{
  readonly path: string
  readonly variable: string
  readonly meta: Option.OptionMeta
}> = Option.leaves(TelemetryConfig).map(({ meta, path }) => ({
  path: path.join("."),
  variable: Option.variable(path),
  meta
}))

/**
 * Makes the configuration from options in code. The environment is not read.
 *
 * **Example** (Sampling a tenth of the traces)
 *
 * ```ts
 * import * as TelemetryConfig from "tasker-telemetry/config/TelemetryConfig"
 *
 * const config = TelemetryConfig.make({ tracing: { sampler: { type: "traceidratio", ratio: 0.1 } } })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (given: Options = {}): Effect.Effect<TelemetryConfig, TelemetryConfigError> =>
  Effect.map(build(given, { tasker: {}, otel: {} }), (loaded) => loaded.config)

/**
 * Makes the configuration from options, then `TASKER_…`, then `OTEL_…` variables
 * of the current `ConfigProvider`.
 *
 * **Details**
 *
 * `warnings` has a sentence for each `OTEL_…` value that was replaced and each
 * `TASKER_…` variable that no option has. The caller reports them once. A file that `OTEL_CONFIG_FILE` names is read
 * with the `FileSystem` of the context. If the file cannot be read or parsed, this fails.
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = Effect.fnUntraced(function*(given: Options = {}) {
  const provider = yield* ConfigProvider.ConfigProvider
  const environment = yield* readEnvironment(provider, Option.leaves(TelemetryConfig)).pipe(
    Effect.mapError((error) => new TelemetryConfigError({ message: error.message }))
  )
  const path = environment.otel[configFile]
  const file = path === undefined ? undefined : yield* Effect.mapError(
    ConfigFile.load(path, provider),
    (message) => new TelemetryConfigError({ message })
  )
  const loaded = yield* build(given, { ...environment, file })
  const unknown = yield* findUnknownVariables(provider, {
    tasker: options.map(({ variable }) => variable),
    otel: file === undefined ? otelVariables : []
  })
  return { config: loaded.config, warnings: [...loaded.warnings, ...unknown] }
})

const build = Effect.fnUntraced(function*(
  given: Options,
  environment: Environment
) {
  const resolved = resolve(Option.leaves(TelemetryConfig), given, environment)
  const strict = resolved.values["strict"] === true
  const problems = strict
    ? [...resolved.problems, ...resolved.warnings.map(({ problem }) => problem)]
    : resolved.problems
  if (problems.length > 0) return yield* new TelemetryConfigError({ message: problems.join("\n") })
  const config = resolved.values as TelemetryConfig
  for (const group of ["metrics", "http"] as const) {
    if (!config[group].authRequired || config.http.token !== undefined || config.http.tokens.length > 0) continue
    return yield* new TelemetryConfigError({
      message: `expected http.token to be set because ${group}.authRequired is true`
    })
  }
  return {
    config,
    warnings: resolved.warnings.map(({ instead, problem }) =>
      instead === undefined ? problem : `${problem}; ${instead}`
    )
  }
})

const defaults: TelemetryConfig = resolve(Option.leaves(TelemetryConfig), {}, { tasker: {}, otel: {} })
  .values as TelemetryConfig
