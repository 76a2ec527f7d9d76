/**
 * Says what keeps a value from being an exporter. The value may come from code without types.
 */
import { fieldOf } from "../../internal/guard.ts"
import { quoteValue } from "../../redaction/internal/quoteValue.ts"

const namePattern = /^[\w.-]{1,64}$/

/** Whether a text may be the name of an exporter, a format or a target. */
export const isName = (name: unknown): name is string => typeof name === "string" && namePattern.test(name)

const nameRule = "a text of 1 to 64 letters, digits, _, - and ."

/** The highest number of parameters of a function of the interface. */
const parameters = { export: 2, onCacheSync: 1, onExportRequest: 1, onExportComplete: 1 } as const

const callbacks = ["onCacheSync", "onExportRequest", "onExportComplete"] as const

/** Gives a sentence with the first problem; `undefined` for an exporter. */
export const problemOf = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) {
    return `expected an exporter made with MetricExporter.make, got ${quoteValue(value)}`
  }
  const name = fieldOf(value, "name")
  if (!isName(name)) return `exporter: expected ${nameRule} at name, got ${quoteValue(name)}`
  const expected = (rule: string, field: string, given: unknown) =>
    `exporter "${name}": expected ${rule} at ${field}, got ${quoteValue(given)}`
  for (const field of ["version", "description"]) {
    const text = fieldOf(value, field)
    if (typeof text !== "string" || text === "") return expected("a text that is not empty", field, text)
  }
  const formats: unknown = fieldOf(value, "formats")
  if (!Array.isArray(formats) || formats.length === 0) {
    return expected("a list of at least one format", "formats", formats)
  }
  const wrong = formats.findIndex((format) => !isName(format))
  if (wrong >= 0) return expected(nameRule, `formats[${wrong}]`, formats[wrong])
  const write = fieldOf(value, "export")
  if (typeof write !== "function") return expected("a function", "export", write)
  if (write.length > parameters.export) return expected("at most 2 parameters", "export", write.length)
  for (const field of callbacks) {
    const callback = fieldOf(value, field)
    if (callback === undefined) continue
    if (typeof callback !== "function") return expected("a function", field, callback)
    if (callback.length > parameters[field]) return expected("at most 1 parameter", field, callback.length)
  }
  return undefined
}
