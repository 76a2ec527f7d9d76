/**
 * What all signals have in common in the OTLP/JSON encoding: the resource, the
 * scope, attributes and numbers. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @since 0.1.0
 */
import { encodeJson } from "../redaction/internal/encodeJson.ts"

/**
 * The service that the signals come from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resource {
  readonly name: string
  readonly version: string | undefined
  readonly attributes: Readonly<Record<string, string>>
}

interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number | string
  readonly arrayValue?: { readonly values: ReadonlyArray<AnyValue> }
}

interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export const scope = { name: "tasker-telemetry" }

export const resource = (resource: Resource): { readonly attributes: ReadonlyArray<KeyValue> } => ({
  attributes: keyValues({
    ...resource.attributes,
    "service.name": resource.name,
    ...(resource.version === undefined ? {} : { "service.version": resource.version }),
    "telemetry.sdk.name": "tasker-telemetry",
    "telemetry.sdk.language": "nodejs"
  })
})

export const keyValues = (attributes: Readonly<Record<string, unknown>>): ReadonlyArray<KeyValue> =>
  Object.keys(attributes).map((key) => keyValue(key, attributes[key]))

/**
 * A text that is not UTF-8 makes a receiver refuse the whole batch; a key is escaped, so that it stays unique.
 */
export const keyValue = (key: string, value: unknown): KeyValue => ({
  key: key.isWellFormed() ? key : JSON.stringify(key),
  value: anyValue(value)
})

const anyValue = (value: unknown): AnyValue => {
  switch (typeof value) {
    case "string":
      return { stringValue: value.toWellFormed() }
    case "boolean":
      return { boolValue: value }
    case "number":
      return Number.isSafeInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: double(value) }
    case "bigint":
      return BigInt.asIntN(64, value) === value ? { intValue: String(value) } : { stringValue: String(value) }
    default:
      return Array.isArray(value)
        ? { arrayValue: { values: value.map(anyValue) } }
        : { stringValue: encodeJson(value) }
  }
}

/**
 * A number as JSON can have it.
 */
export const double = (value: number): number | string => Number.isFinite(value) ? value : String(value)
