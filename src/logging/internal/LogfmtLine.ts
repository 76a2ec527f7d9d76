/**
 * Log records as `key=value` pairs.
 *
 * **Details**
 *
 * Fields and order are the same as in JSON lines. A value is a JSON string unless
 * it has only letters, digits and harmless signs. A key has only letters, digits,
 * `.`, `_` and `-`. There are no line breaks.
 *
 * @see https://brandur.org/logfmt
 * @since 0.1.0
 */
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { encodeText, shownText } from "../../redaction/internal/jsonText.ts"
import { redactWorkflow } from "../../redaction/internal/redactNames.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import { essentialFields, fieldName, headOf, type LogRecord, uniqueFieldNames } from "./LogRecord.ts"

/** Longest value or key, in characters. */
const longestValue = 16_384
/** After so many characters of a line, further fields are left out. */
const longestLine = 65_536

/** Parts of the head that may hold secrets. The others are ids and names, which are written as they are. */
const spoken = new Set(["message", "component"])

const plain = /^[A-Za-z0-9._:/@+-]+$/

const valueOf = (text: string): string => plain.test(text) ? text : encodeText(text, longestValue)

const keyOf = (key: string): string => key.replace(/[^A-Za-z0-9._-]/g, "_") || "_"

/**
 * Makes the encoder of a service's lines.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly service: { readonly name: string; readonly version: string | undefined }
  readonly redaction: Redaction
}): (record: LogRecord) => string =>
(record) => {
  const { redaction } = options
  const workflow = record.workflow === undefined ? undefined : redactWorkflow(record.workflow, redaction)
  const parts = headOf({ ...record, workflow }, options.service).map(([key, value]) =>
    `${key}=${valueOf(spoken.has(key) ? searchedText(String(value), longestValue, redaction.text) : String(value))}`
  )
  let line = parts.join(" ")
  let isCut = false
  let names: ReturnType<typeof uniqueFieldNames> | undefined
  const nameOf = (shown: string) => (names ??= uniqueFieldNames(record.fields))(shown)
  for (const key of Object.keys(record.fields)) {
    if (line.length > longestLine && !essentialFields.has(key)) {
      isCut = true
      continue
    }
    const shown = fieldName(keyOf(shownText(searchedText(key, longestValue, redaction.text), longestValue)))
    line += ` ${shown === fieldName(key) ? shown : nameOf(shown)}=${fieldOf(redaction, key, record.fields)}`
  }
  return isCut ? `${line} ${nameOf("truncated")}=true` : line
}

const fieldOf = (redaction: Redaction, key: string, fields: Readonly<Record<string, unknown>>): string => {
  const value = fields[key]
  if (redaction.masks([key], value, true, fields)) return valueOf(redaction.mask)
  if (typeof value === "string") {
    return valueOf(searchedText(value, longestValue, redaction.isSql([key]) ? redaction.sql : redaction.text))
  }
  const json = encodeJson(value, redaction, [key])
  return plain.test(json) ? json : json.startsWith("\"") ? json : encodeText(json, longestValue)
}
