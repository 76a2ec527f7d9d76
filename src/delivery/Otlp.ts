/**
 * What all signals have in common in OTLP: the encodings, the resource, the scope and attributes. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 */
import { JsonMessage } from "../encoding/JsonMessage.ts"
import type { MessageWriter } from "../encoding/MessageWriter.ts"
import { ProtobufMessage } from "../encoding/ProtobufMessage.ts"
import { packageVersion } from "../internal/packageVersion.ts"
import { encodeJson } from "../redaction/internal/encodeJson.ts"

/** How requests are encoded. */
export type Protocol = "http/json" | "http/protobuf"

export const contentTypes: Readonly<Record<Protocol, string>> = {
  "http/json": "application/json",
  "http/protobuf": "application/x-protobuf"
}

export const makeWriter = (protocol: Protocol): MessageWriter =>
  protocol === "http/json" ? new JsonMessage() : new ProtobufMessage()

/** The service that the signals come from. */
export interface Resource {
  readonly name: string
  readonly version: string | undefined
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Fields of the request, of the records of one resource, and of the records of one scope; all three are alike. */
export interface RequestNames {
  /** Such as `resourceSpans`. */
  readonly resources: string
  /** Such as `scopeSpans`. */
  readonly scopes: string
  /** Such as `spans`. */
  readonly records: string
}

/** How the records of one signal are written. */
export interface Format<in A> {
  readonly names: RequestNames
  /** Writes the fields of a record. */
  readonly writeRecord: (to: MessageWriter, record: A) => void
}

/** Writes a request whose records all have one resource and one scope. */
export const writeRequest = <A>(
  to: MessageWriter,
  names: RequestNames,
  resource: Resource,
  records: ReadonlyArray<A>,
  writeRecord: (to: MessageWriter, record: A) => void
): void => {
  to.openList(names.resources)
  const resourceRecords = to.openItem(1)
  const resourceMessage = to.open(1, "resource")
  writeResource(to, resource)
  to.close(resourceMessage)
  to.openList(names.scopes)
  const scopeRecords = to.openItem(2)
  const scope = to.open(1, "scope")
  writeScope(to)
  to.close(scope)
  to.openList(names.records)
  for (const record of records) {
    const item = to.openItem(2)
    writeRecord(to, record)
    to.close(item)
  }
  to.closeList()
  to.close(scopeRecords)
  to.closeList()
  to.close(resourceRecords)
  to.closeList()
}

/** Makes the function that gives the body of a request. */
export const encoder = <A>(protocol: Protocol, { names, writeRecord }: Format<A>, resource: Resource) => {
  const to = makeWriter(protocol)
  return (records: ReadonlyArray<A>): Uint8Array<ArrayBuffer> => {
    // A record that threw may have left a part of a request.
    to.clear()
    writeRequest(to, names, resource, records, writeRecord)
    return to.take()
  }
}

/** Writes the fields of the scope. */
export const writeScope = (to: MessageWriter): void => to.text(1, "name", "tasker-telemetry")

/** Writes the fields of the resource. */
export const writeResource = (to: MessageWriter, { attributes, name, version }: Resource): void => {
  writeAttributes(to, 1, {
    ...attributes,
    "service.name": name,
    ...(version === undefined ? {} : { "service.version": version }),
    "telemetry.sdk.name": "tasker-telemetry",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": packageVersion,
    "telemetry.distro.name": "tasker-telemetry",
    "telemetry.distro.version": packageVersion
  })
}

/** Writes a list of attributes that has members. */
export const writeAttributes = (
  to: MessageWriter,
  field: number,
  attributes: Readonly<Record<string, unknown>>
): void => {
  const keys = Object.keys(attributes)
  if (keys.length === 0) return
  to.openList("attributes")
  for (const key of keys) writeAttribute(to, field, key, attributes[key])
  to.closeList()
}

/** Writes an attribute into a list. */
export const writeAttribute = (to: MessageWriter, field: number, key: string, value: unknown): void => {
  if (typeof value === "string") return to.textPair(field, key, value)
  const pair = to.openPair(field, key)
  if (typeof value === "number" && isDuration(key)) to.double(4, "doubleValue", value)
  else writeValue(to, value)
  to.closePair(pair)
}

/** A whole number of seconds has the type of any other duration, so that a receiver sees one type. */
const isDuration = (key: string): boolean => key.endsWith("_seconds") || key.endsWith("_ms")

/** Writes the one field of an `AnyValue`. */
export const writeValue = (to: MessageWriter, value: unknown): void => {
  switch (typeof value) {
    case "string":
      return to.text(1, "stringValue", value)
    case "boolean":
      return to.flag(2, "boolValue", value)
    case "number":
      return Number.isSafeInteger(value) ? to.int64(3, "intValue", value) : to.double(4, "doubleValue", value)
    case "bigint":
      return BigInt.asIntN(64, value) === value
        ? to.int64(3, "intValue", value)
        : to.text(1, "stringValue", String(value))
    default:
      return Array.isArray(value) ? writeArray(to, value) : to.text(1, "stringValue", encodeJson(value))
  }
}

const writeArray = (to: MessageWriter, values: ReadonlyArray<unknown>): void => {
  const array = to.open(5, "arrayValue")
  to.openList("values")
  for (const value of values) {
    const item = to.openItem(1)
    // A value without a field is null.
    if (value !== null && value !== undefined) writeValue(to, value)
    to.close(item)
  }
  to.closeList()
  to.close(array)
}
