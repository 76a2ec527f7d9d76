/**
 * Readable lines of the messages of an event stream.
 */
import * as Schema from "effect/Schema"
import * as EventCatalog from "../events/EventCatalog.ts"
import { durationText, printable } from "./TextTable.ts"

/** A message of the stream, decoded. */
export interface TailMessage {
  readonly name: string
  readonly id: string | undefined
  /** The data as it came. */
  readonly text: string
}

const Event = Schema.fromJsonString(Schema.Struct({
  time: Schema.Finite,
  correlationId: Schema.optionalKey(Schema.String),
  payload: Schema.Record(Schema.String, Schema.Unknown)
}))

const About = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))

const decodeEvent = Schema.decodeUnknownOption(Event)
const decodeAbout = Schema.decodeUnknownOption(About)

/** What a message says in one line, without what a terminal obeys. A message about the stream begins with `--`. */
export const lineOf = ({ name, text }: TailMessage): string => {
  if (name.startsWith("tasker.stream.")) return printable(`-- ${aboutOf(name, text)}`)
  const event = decodeEvent(text)
  if (event._tag === "None") return printable(`${name} ${text}`)
  const { correlationId, payload, time } = event.value
  const place = [payload["taskName"], payload["stepName"]].filter((part) => typeof part === "string").join(" > ")
  return printable(
    [
      new Date(time).toISOString().slice(11, 23),
      (EventCatalog.find(name)?.severity ?? "Info").toUpperCase().padEnd(5),
      name.padEnd(longestName),
      place,
      fieldsOf(payload),
      typeof payload["taskId"] === "string" ? `task=${payload["taskId"]}` : "",
      correlationId === undefined ? "" : `correlation=${correlationId}`
    ].filter((part) => part !== "").join("  ")
  )
}

const longestName = 28

const aboutOf = (name: string, text: string): string => {
  const about = decodeAbout(text)
  const data = about._tag === "Some" ? about.value : {}
  switch (name) {
    case "tasker.stream.opened":
      return `events of ${String(data["service"])} from now on (instance ${String(data["instance"])})`
    case "tasker.stream.dropped":
      return `${String(data["dropped"])} events are missing here: ${String(data["reason"])}`
    case "tasker.stream.closed":
      return `the service ends the stream: ${String(data["reason"])}`
    default:
      return `${name} ${text}`
  }
}

/** Fields that stand elsewhere in the line, or say nothing to people. */
const hidden: ReadonlySet<string> = new Set([
  "taskId",
  "taskName",
  "stepId",
  "stepName",
  "namespace",
  "version",
  "correlationId"
])

const longestField = 120

const fieldsOf = (payload: Readonly<Record<string, unknown>>): string => {
  const { fromState, toState, ...rest } = payload
  const transition = typeof toState !== "string"
    ? []
    : [typeof fromState === "string" ? `${fromState} → ${toState}` : `→ ${toState}`]
  return [
    ...transition,
    ...Object.entries(rest).filter(([key, value]) => !hidden.has(key) && value !== null).map(([key, value]) =>
      key.endsWith("Seconds") && typeof value === "number"
        ? `${key.slice(0, -"Seconds".length)}=${durationText(value)}`
        : `${key}=${shortened(typeof value === "string" ? value : JSON.stringify(value))}`
    )
  ].join(" ")
}

const shortened = (text: string): string => text.length > longestField ? `${text.slice(0, longestField)}…` : text

/**
 * How many events the bus published between two messages of two connections; `undefined` if that cannot be known,
 * because another process answers.
 */
export const missedBetween = (last: string | undefined, next: string | undefined): number | undefined => {
  const [before, after] = [idOf(last), idOf(next)]
  return before === undefined || after === undefined || before.instance !== after.instance
    ? undefined
    : Math.max(0, after.sequence - before.sequence - 1)
}

const idOf = (id: string | undefined) => {
  const [instance, sequence] = id?.split(":") ?? []
  return instance === undefined || sequence === undefined || !/^\d+$/.test(sequence)
    ? undefined
    : { instance, sequence: Number(sequence) }
}
