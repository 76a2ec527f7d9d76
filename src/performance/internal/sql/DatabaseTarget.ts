/**
 * Which database a client talks to.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { SpanAttributes } from "./StatementObserver.ts"

/** The database, as attributes of metrics. A part that is not known is `""`. */
export interface DatabaseTarget {
  readonly system: string
  readonly namespace: string
  readonly address: string
  readonly port: string
}

/**
 * Corrects the attributes that a client gives all its spans. `PgClient` takes address, port and database from its fields
 * alone, also where they come from its `url`.
 */
export const corrected = (client: object, attributes: SpanAttributes): SpanAttributes => {
  const config = Predicate.hasProperty(client, "config") && Predicate.isObject(client.config) ? client.config : {}
  const url = urlOf(config)
  if (url === undefined) return attributes
  const part = (field: string, value: string) =>
    Predicate.hasProperty(config, field) && config[field] !== undefined || value === "" ? undefined : value
  const port = part("port", url.port)
  const parts: ReadonlyArray<readonly [string, unknown]> = [
    ["server.address", part("host", decoded(url.hostname))],
    ["server.port", port === undefined ? undefined : Number(port)],
    ["db.namespace", part("database", decoded(url.pathname.slice(1)) || decoded(url.username))]
  ]
  const known = parts.filter(([, value]) => value !== undefined)
  const names = new Set(known.map(([name]) => name))
  return [...attributes.filter(([name]) => !names.has(name)), ...known]
}

const urlOf = (config: object): URL | undefined => {
  const url = Predicate.hasProperty(config, "url") ? config.url : undefined
  const text: unknown = Redacted.isRedacted(url) ? Redacted.value(url) : url
  return typeof text === "string" ? URL.parse(text) ?? undefined : undefined
}

/** The part of a URL without its escapes and without the brackets of an IPv6 address. */
const decoded = (part: string): string => {
  const bare = part.startsWith("[") && part.endsWith("]") ? part.slice(1, -1) : part
  return /%(?![\da-f]{2})/i.test(bare) ? bare : decodeURIComponent(bare)
}

/** The database that these attributes of spans tell of. */
export const of = (attributes: SpanAttributes): DatabaseTarget => {
  const text = (key: string): string => {
    const value = attributes.findLast(([name]) => name === key)?.[1]
    return typeof value === "string" || typeof value === "number" ? String(value) : ""
  }
  return {
    system: text("db.system.name") || "other_sql",
    namespace: text("db.namespace"),
    address: text("server.address"),
    port: text("server.port")
  }
}
