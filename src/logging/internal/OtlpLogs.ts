/**
 * Log records as OTLP has them. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
 * @since 0.1.0
 */
import * as Otlp from "../../delivery/Otlp.ts"
import type { MessageWriter } from "../../encoding/MessageWriter.ts"
import type { LogData } from "./LogData.ts"

const names: Otlp.RequestNames = { resources: "resourceLogs", scopes: "scopeLogs", records: "logRecords" }

/**
 * Makes the function that gives the body of a `POST /v1/logs` request.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encoder = (protocol: Otlp.Protocol, resource: Otlp.Resource) => Otlp.encoder(protocol, format, resource)

const writeRecord = (to: MessageWriter, record: LogData): void => {
  const time = BigInt(Math.trunc(record.time)) * 1_000_000n
  to.fixed64(1, "timeUnixNano", time)
  to.integer(2, "severityNumber", record.severityNumber)
  to.text(3, "severityText", record.severityText)
  const body = to.open(5, "body")
  Otlp.writeValue(to, record.body)
  to.close(body)
  Otlp.writeAttributes(to, 6, record.attributes)
  if (record.droppedAttributes > 0) to.integer(7, "droppedAttributesCount", record.droppedAttributes)
  if (record.span !== undefined) {
    to.fixed32(8, "flags", record.span.sampled ? 1 : 0)
    to.id(9, "traceId", record.span.traceId)
    to.id(10, "spanId", record.span.spanId)
  }
  to.fixed64(11, "observedTimeUnixNano", time)
  if (record.eventName !== undefined) to.text(12, "eventName", record.eventName)
}

/**
 * How log records are written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const format: Otlp.Format<LogData> = { names, writeRecord }
