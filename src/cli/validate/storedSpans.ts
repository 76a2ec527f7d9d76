/**
 * Spans as a trace backend stores them, read from the answers of Jaeger's two query APIs.
 *
 * @see https://www.jaegertracing.io/docs/2.0/apis/
 */

/** A stored span. */
export interface StoredSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly service: string
  /** Microseconds since the epoch. */
  readonly start: number
  /** Microseconds. */
  readonly duration: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<StoredEvent>
}

/** An event of a stored span. */
export interface StoredEvent {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
}

type Json = Readonly<Record<string, unknown>>

const object = (value: unknown): Json => typeof value === "object" && value !== null ? value as Json : {}
const list = (value: unknown): ReadonlyArray<Json> => Array.isArray(value) ? value.map(object) : []
const text = (value: unknown): string => typeof value === "string" ? value : ""

/** Reads an answer of `/api/v3/traces`, which has the JSON of OTLP. */
export const fromOtlp = (body: unknown): ReadonlyArray<StoredSpan> =>
  list(object(object(body)["result"])["resourceSpans"]).flatMap(({ resource, scopeSpans }) => {
    const service = text(otlpAttributes(object(resource)["attributes"])["service.name"])
    return list(scopeSpans).flatMap(({ spans }) => list(spans)).map((span): StoredSpan => {
      const start = micros(span["startTimeUnixNano"])
      return {
        traceId: text(span["traceId"]),
        spanId: text(span["spanId"]),
        parentId: text(span["parentSpanId"]) || undefined,
        name: text(span["name"]),
        service,
        start,
        duration: micros(span["endTimeUnixNano"]) - start,
        attributes: otlpAttributes(span["attributes"]),
        events: list(span["events"]).map(({ attributes, name }) => ({
          name: text(name),
          attributes: otlpAttributes(attributes)
        }))
      }
    })
  })

/** Nanoseconds are beyond what a number holds exactly, so a text is read as a whole. */
const micros = (nanos: unknown): number =>
  typeof nanos === "string" && /^\d+$/.test(nanos) ? Number(BigInt(nanos) / 1000n) : Number(nanos) / 1000

const otlpAttributes = (attributes: unknown): Json =>
  Object.fromEntries(list(attributes).map(({ key, value }) => [text(key), otlpValue(object(value))]))

const otlpValue = (value: Json): unknown => {
  if ("intValue" in value) return Number(value["intValue"])
  if ("arrayValue" in value) return list(object(value["arrayValue"])["values"]).map(otlpValue)
  return value["stringValue"] ?? value["boolValue"] ?? value["doubleValue"]
}

/** Reads an answer of `/api/traces`, which has Jaeger's own JSON. */
export const fromJaeger = (body: unknown): ReadonlyArray<StoredSpan> =>
  list(object(body)["data"]).flatMap(({ processes, spans }) =>
    list(spans).map((span): StoredSpan => {
      const parents = list(span["references"]).filter(({ refType }) => refType === "CHILD_OF")
      const traceId = text(span["traceID"])
      return {
        traceId,
        spanId: text(span["spanID"]),
        parentId: text(parents.find(({ traceID }) => traceID === traceId)?.["spanID"]) || undefined,
        name: text(span["operationName"]),
        service: text(object(object(processes)[text(span["processID"])])["serviceName"]),
        start: Number(span["startTime"]),
        duration: Number(span["duration"]),
        attributes: tags(span["tags"]),
        events: list(span["logs"]).map(({ fields }) => {
          const { event, ...attributes } = tags(fields)
          return { name: text(event), attributes }
        })
      }
    })
  )

const tags = (given: unknown): Json => Object.fromEntries(list(given).map(({ key, value }) => [text(key), value]))
