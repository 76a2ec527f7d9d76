/**
 * The events of the catalog for people and for programs.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as EventCatalog from "../events/EventCatalog.ts"
import * as EventRouter from "../events/EventRouter.ts"
import * as EventRoute from "../events/internal/EventRoute.ts"
import { table, text } from "./TextTable.ts"

/** A field of a payload. */
interface Field {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  /** Whether the field may become an attribute of a metric. */
  readonly isAttribute: boolean
}

/** An event as the commands show it. */
export interface DescribedEvent {
  readonly name: string
  readonly domain: string
  readonly description: string
  readonly fires: string
  readonly level: string
  readonly message: string
  /** The signals that the event becomes by default, in words. */
  readonly route: string
  readonly fields: ReadonlyArray<Field>
  /** A payload that the schema accepts. */
  readonly example: unknown
}

const router = EventRouter.make()

/** Describes an event of the catalog. */
export const describeEvent = (definition: EventCatalog.Any): Effect.Effect<DescribedEvent> =>
  Effect.map(Effect.orDie(EventCatalog.example(definition)), (example) => ({
    name: definition.name,
    domain: definition.domain,
    description: definition.description,
    fires: definition.fires,
    level: definition.severity,
    message: definition.message,
    route: EventRoute.format(router.routeOf(definition.name)),
    fields: fieldsOf(definition),
    example
  }))

interface JsonSchema {
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly $ref?: string
}

const fieldsOf = ({ attributes, payload }: EventCatalog.Any): ReadonlyArray<Field> => {
  const { properties = {}, required = [] } = Schema.toJsonSchemaDocument(payload).schema as JsonSchema
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    isRequired: required.includes(name),
    isAttribute: attributes.includes(name)
  }))
}

/** The type in words. Numbers that may not be `NaN` are `anyOf` in the schema. */
const typeOf = ({ anyOf, enum: words, items, type }: JsonSchema): string => {
  if (words !== undefined) return words.map((word) => JSON.stringify(word)).join(" or ")
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(" or ")
  if (type === "array") return items === undefined ? "list" : `list of ${typeOf(items)}`
  return type ?? "any"
}

/** One line for each event. */
export const renderEvents = (events: ReadonlyArray<DescribedEvent>): string =>
  table(
    `${events.length} events`,
    ["EVENT", "LEVEL", "ROUTE", "MEANING"],
    events.map(({ description, level, name, route }) => [text(name), text(level), text(route), text(description)])
  ).join("\n").trimEnd()

/** All about one event. */
export const renderEvent = (event: DescribedEvent): string =>
  [
    event.name,
    event.description,
    "",
    `Published  ${event.fires}`,
    `Level      ${event.level}`,
    `Line       ${event.message}`,
    `Route      ${event.route}`,
    "",
    ...table(
      "Payload (* may be an attribute of a metric)",
      ["FIELD", "TYPE", "GIVEN"],
      event.fields.map(({ isAttribute, isRequired, name, type }) => [
        text(isAttribute ? `${name} *` : name),
        text(type),
        text(isRequired ? "always" : "sometimes")
      ])
    ),
    "Example",
    JSON.stringify(event.example, undefined, 2)
  ].join("\n")
