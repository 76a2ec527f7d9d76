/**
 * Checks a strategy, and reads its times. Pure.
 */
import * as Cron from "effect/Cron"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { quoteValue } from "../../redaction/internal/quoteValue.ts"
import type { ExportStrategy } from "../ExportStrategy.ts"

export interface CompiledStrategy extends Pick<ExportStrategy, "samples" | "crossing" | "change" | "bytes"> {
  readonly interval: Duration.Duration | undefined
  readonly cron: Cron.Cron | undefined
  readonly hasThresholds: boolean
  readonly beforeExpiry: boolean
  /** Whether an instance keeps its lease from one export to the next. */
  readonly isRegular: boolean
  readonly checkInterval: Duration.Duration
  readonly debounce: Duration.Duration
  readonly onShutdown: boolean
}

/** A shorter interval would only measure the export itself. */
const shortest = Duration.millis(100)

/** Gives the strategy, or a sentence with the first problem. */
export const compile = (strategy: ExportStrategy): Result.Result<CompiledStrategy, string> => {
  const { bytes, change, crossing, samples } = strategy
  const interval = timeOf("interval", strategy.interval, shortest)
  const checkInterval = timeOf("checkInterval", strategy.checkInterval, shortest)
  const debounce = timeOf("debounce", strategy.debounce, Duration.zero)
  for (const time of [interval, checkInterval, debounce]) if (typeof time === "string") return Result.fail(time)
  const cron = strategy.cron === undefined ? undefined : Cron.parse(strategy.cron, strategy.timeZone ?? "UTC")
  if (cron !== undefined && Result.isFailure(cron)) {
    return Result.fail(
      `expected a cron expression at cron and a time zone at timeZone, got ${quoteValue(strategy.cron)} and ` +
        quoteValue(strategy.timeZone ?? "UTC")
    )
  }
  for (const [field, value] of [["samples", samples], ["bytes", bytes]] as const) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      return Result.fail(`expected a whole number of at least 1 at ${field}, got ${quoteValue(value)}`)
    }
  }
  if (crossing !== undefined && !(Number.isFinite(crossing.above) !== Number.isFinite(crossing.below))) {
    return Result.fail(`expected a number at crossing.above or at crossing.below, not at both`)
  }
  if (change !== undefined && !(Number.isFinite(change.percent) && change.percent > 0)) {
    return Result.fail(`expected a number above 0 at change.percent, got ${quoteValue(change.percent)}`)
  }
  const hasThresholds = [samples, bytes, crossing, change].some((threshold) => threshold !== undefined)
  const beforeExpiry = strategy.beforeExpiry === true
  const isRegular = interval !== undefined || cron !== undefined || beforeExpiry
  return Result.succeed({
    samples,
    bytes,
    crossing,
    change,
    interval: interval as Duration.Duration | undefined,
    cron: cron?.success,
    hasThresholds,
    beforeExpiry,
    isRegular,
    checkInterval: checkInterval as Duration.Duration | undefined ?? Duration.seconds(5),
    debounce: debounce as Duration.Duration | undefined ?? Duration.zero,
    onShutdown: strategy.onShutdown ?? (hasThresholds || isRegular)
  })
}

const timeOf = (
  field: string,
  given: Duration.Input | undefined,
  minimum: Duration.Duration
): Duration.Duration | string | undefined => {
  if (given === undefined) return undefined
  const time = Duration.fromInput(given)
  return Option.isSome(time) && Duration.isFinite(time.value) && Duration.isGreaterThanOrEqualTo(time.value, minimum)
    ? time.value
    : `expected a duration of at least ${Duration.format(minimum)} at ${field}, got ${quoteValue(given)}`
}
