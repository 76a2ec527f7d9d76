/**
 * The configuration that a program with `TelemetryLive` would have in this environment: each option with its value and
 * where the value comes from, and what is wrong.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as ConfigFile from "../config/internal/configFile.ts"
import * as Option from "../config/internal/configOption.ts"
import { configSchema } from "../config/internal/configSchema.ts"
import { readEnvironment, resolve } from "../config/internal/configSource.ts"
import { configFile } from "../config/internal/otelVariables.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as EventPattern from "../events/internal/EventPattern.ts"
import * as Redaction from "../redaction/Redaction.ts"

/** An option as the commands show it. */
export interface EffectiveOption {
  readonly path: string
  readonly value: unknown
  /** A variable, a part of the file of `OTEL_CONFIG_FILE`, or `default`. */
  readonly source: string
}

/** The configuration, and sentences about it. */
export interface EffectiveConfig {
  readonly options: ReadonlyArray<EffectiveOption>
  /** Each makes the telemetry layer fail. */
  readonly problems: ReadonlyArray<string>
  /** Each is logged once when the layer is built. */
  readonly warnings: ReadonlyArray<string>
  /** The values, if there are no problems. */
  readonly config: TelemetryConfig.TelemetryConfig | undefined
}

/** Reads the current `ConfigProvider`, and with the `FileSystem` the file that `OTEL_CONFIG_FILE` names. */
export const load = Effect.gen(function*() {
  const provider = yield* ConfigProvider.ConfigProvider
  const leaves = Option.leaves(configSchema)
  const loaded = yield* Effect.result(TelemetryConfig.load())
  const environment = yield* Effect.orElseSucceed(readEnvironment(provider, leaves), () => ({ tasker: {}, otel: {} }))
  const path = environment.otel[configFile as keyof typeof environment.otel] as string | undefined
  const file = path === undefined
    ? undefined
    : yield* Effect.orElseSucceed(ConfigFile.load(path, provider), () => undefined)
  const { sources, values } = resolve(leaves, {}, { ...environment, file })
  const config = loaded._tag === "Success" ? loaded.success.config : undefined
  const redaction = Redaction.make(config?.redaction)
  const effective: EffectiveConfig = {
    options: leaves.map((leaf) => ({
      path: leaf.path.join("."),
      value: shown(at(values, leaf.path), leaf.path.at(-1) ?? "", redaction),
      source: sources[leaf.path.join(".")] ?? "default"
    })),
    problems: loaded._tag === "Failure" ? loaded.failure.message.split("\n") : filesOf(loaded.success.config),
    warnings: loaded._tag === "Success"
      ? [...loaded.success.warnings, ...EventPattern.unknownFilters(loaded.success.config.events.filtered)]
      : [],
    config
  }
  return effective
})

/** Options that need each other, which the schema cannot say. */
const filesOf = ({ logging }: TelemetryConfig.TelemetryConfig): ReadonlyArray<string> =>
  logging.enabled && logging.destination === "file" && logging.file.path === undefined
    ? ["expected logging.file.path to be set because logging.destination is \"file\""]
    : []

const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((current, key) => (current as Readonly<Record<string, unknown>> | undefined)?.[key], value)

/** The value as JSON, with durations in words and without secrets. */
const shown = (value: unknown, key: string, redaction: Redaction.Redaction): unknown => {
  if (Redacted.isRedacted(value)) return redaction.mask
  if (Duration.isDuration(value)) return Duration.format(value)
  if (Array.isArray(value)) return value.map((item: unknown) => shown(item, key, redaction))
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner, name, redaction)]))
  }
  if (typeof value !== "string") return value ?? null
  const text = redaction.apply(lists.has(key) ? "" : key, value)
  // The query of an address may hold a key under any name.
  return /^https?:/i.test(value) && typeof text === "string" ? text.replace(/([?#]).*$/s, `$1${redaction.mask}`) : text
}

/** Options whose own values are names of secrets. */
const lists: ReadonlySet<string> = new Set(["keys", "paths", "patterns", "mask"])
