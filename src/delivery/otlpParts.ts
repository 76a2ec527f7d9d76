/**
 * Requests that are put together from records that were encoded before, one by one. Pure.
 */
import { ProtobufWriter } from "../encoding/ProtobufWriter.ts"
import * as Otlp from "./Otlp.ts"

/** What the records of one request share, encoded. */
export interface Envelope {
  readonly protocol: Otlp.Protocol
  readonly resource: Uint8Array
  readonly scope: Uint8Array
}

type Bytes = Uint8Array<ArrayBuffer>

/** Encodes what all records of a service share. */
export const envelope = (protocol: Otlp.Protocol, resource: Otlp.Resource): Envelope => {
  const to = Otlp.makeWriter(protocol)
  Otlp.writeResource(to, resource)
  const encoded = to.take()
  Otlp.writeScope(to)
  return { protocol, resource: encoded, scope: to.take() }
}

/** Makes the encoder of single records. */
export const recordEncoder = <A>(protocol: Otlp.Protocol, { writeRecord }: Otlp.Format<A>) => {
  const to = Otlp.makeWriter(protocol)
  return (record: A): Bytes => {
    // A record that threw may have left a part of itself.
    to.clear()
    writeRecord(to, record)
    return to.take()
  }
}

/** Gives the body of a request. */
export const assemble = (names: Otlp.RequestNames, shared: Envelope, records: ReadonlyArray<Uint8Array>): Bytes =>
  shared.protocol === "http/protobuf" ? assembleProtobuf(shared, records) : assembleJson(names, shared, records)

/** Bytes that a request has besides its records, at most, and a record besides its own. */
const aroundRequest = 64
const aroundRecord = 6

const assembleProtobuf = ({ resource, scope }: Envelope, records: ReadonlyArray<Uint8Array>): Bytes => {
  const size = records.reduce((sum, { length }) => sum + length + aroundRecord, aroundRequest)
  const to = new ProtobufWriter(size + resource.length + scope.length)
  const resourceRecords = to.open(1)
  to.bytes(1, resource)
  const scopeRecords = to.open(2)
  to.bytes(1, scope)
  for (const record of records) to.bytes(2, record)
  to.close(scopeRecords)
  to.close(resourceRecords)
  return to.take()
}

const encoder = new TextEncoder()
const comma = encoder.encode(",")

const assembleJson = (
  names: Otlp.RequestNames,
  { resource, scope }: Envelope,
  records: ReadonlyArray<Uint8Array>
): Bytes =>
  concat([
    encoder.encode(`{"${names.resources}":[{"resource":`),
    resource,
    encoder.encode(`,"${names.scopes}":[{"scope":`),
    scope,
    encoder.encode(`,"${names.records}":[`),
    ...records.flatMap((record, index) => index === 0 ? [record] : [comma, record]),
    encoder.encode("]}]}]}")
  ])

/** Joins bytes. */
export const concat = (parts: ReadonlyArray<Uint8Array>): Bytes => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
