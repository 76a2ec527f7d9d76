/**
 * Why metrics were not exported.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * No exporter has the format.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsupportedFormat extends Schema.TaggedError<UnsupportedFormat>()("UnsupportedFormat", {
  format: Schema.String,
  /** The formats that exist. */
  supported: Schema.Array(Schema.String)
}) {}

/**
 * No target has the name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownTarget extends Schema.TaggedError<UnknownTarget>()("UnknownTarget", {
  target: Schema.String,
  /** The targets that exist. */
  known: Schema.Array(Schema.String)
}) {}

/**
 * Every exporter of the format failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExportersFailed extends Schema.TaggedError<ExportersFailed>()("ExportersFailed", {
  format: Schema.String,
  /** In the order in which they were tried. */
  failures: Schema.Array(Schema.Struct({ exporter: Schema.String, errorType: Schema.String, message: Schema.String }))
}) {}

/**
 * The target did not take the metrics.
 *
 * @category errors
 * @since 0.1.0
 */
export class TargetFailed extends Schema.TaggedError<TargetFailed>()("TargetFailed", {
  target: Schema.String,
  /** A short class of the failure with few distinct values. */
  errorType: Schema.String,
  problem: Schema.String,
  /** Whether the log has a warning about it from the target itself. */
  isReported: Schema.Boolean
}) {}

/**
 * Another instance exports to the target now, so this one gave up.
 *
 * @category errors
 * @since 0.1.0
 */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  target: Schema.String,
  problem: Schema.String
}) {}

/**
 * A target that cannot be added: its name is taken, or its strategy is wrong.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidTarget extends Schema.TaggedError<InvalidTarget>()("InvalidTarget", {
  problem: Schema.String
}) {}

/**
 * Why an export did not succeed. `reason` is for programs, `message` for people.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExportError extends Schema.TaggedError<ExportError>()("ExportError", {
  reason: Schema.Union([UnsupportedFormat, UnknownTarget, ExportersFailed, TargetFailed, LeaseLost, InvalidTarget])
}) {
  override get message(): string {
    const { reason } = this
    switch (reason._tag) {
      case "UnsupportedFormat":
        return `no exporter has the format ${JSON.stringify(reason.format)}; there are ${listed(reason.supported)}`
      case "UnknownTarget":
        return `no target is called ${JSON.stringify(reason.target)}; there are ${listed(reason.known)}`
      case "ExportersFailed":
        return `every exporter of the format ${JSON.stringify(reason.format)} failed: ${
          reason.failures.map(({ exporter, message }) => `${exporter}: ${message}`).join("; ")
        }`
      case "TargetFailed":
        return `target "${reason.target}" did not take the metrics: ${reason.problem}`
      case "LeaseLost":
        return `target "${reason.target}" was left to another instance: ${reason.problem}`
      case "InvalidTarget":
        return reason.problem
    }
  }
}

const listed = (names: ReadonlyArray<string>): string => names.length === 0 ? "none" : names.join(", ")
