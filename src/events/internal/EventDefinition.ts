/**
 * The declaration of an event: name, meaning, payload schema, severity, and the
 * payload fields with few distinct values.
 *
 * **Details**
 *
 * The library and a program declare events in the same way. A program uses
 * `EventCatalog.define`, which also refuses reserved names.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/**
 * How important an event is; the level of its log line.
 *
 * @category models
 * @since 0.1.0
 */
export type EventSeverity = "Debug" | "Info" | "Warn" | "Error"

/**
 * The declaration of an event.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventDefinition<
  out Name extends string,
  Fields extends Schema.Struct.Fields,
  out Attribute extends string
> {
  readonly name: Name
  /** The part of the name before the first dot. */
  readonly domain: string
  readonly description: string
  /** When, and how often, it is published. */
  readonly fires: string
  readonly severity: EventSeverity
  /** One line for people, without ids. */
  readonly message: string
  readonly payload: Schema.Struct<Fields>
  /** Payload fields with few distinct values. Only these may become metric attributes. */
  readonly attributes: ReadonlyArray<Attribute>
}

/**
 * Any declaration.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  readonly name: string
  readonly domain: string
  readonly description: string
  readonly fires: string
  readonly severity: EventSeverity
  readonly message: string
  readonly payload: Schema.Top & { readonly fields: Schema.Struct.Fields }
  readonly attributes: ReadonlyArray<string>
}

/**
 * The payload of an event.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Payload<D extends Any> = D["payload"]["Type"]

/**
 * The payload fields that may become metric attributes.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Attribute<D extends Any> = D["attributes"][number]

/** Names of fields that hold ids, in every spelling. */
type IdField = "id" | "uuid" | `${string}Id` | `${string}ID` | `${string}_id` | `${string}Uuid` | `${string}_uuid`

/** A field, or the compiler's message if the field holds an id or is neither text nor boolean. */
type LowCardinality<Fields extends Schema.Struct.Fields, Field extends string> = Field extends IdField
  ? `'${Field}' holds an id: an attribute has few distinct values`
  : Fields[Field]["Type"] extends string | boolean | undefined ? Field
  : `'${Field}' is neither text nor boolean, as an attribute must be`

/**
 * Declarations by their names.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ByName<Definitions extends ReadonlyArray<Any>> = {
  readonly [D in Definitions[number] as D["name"]]: D
}

/**
 * The rule for names: lower-case words, digits and `_`, at least two parts
 * divided by dots.
 *
 * @category constants
 * @since 0.1.0
 */
export const namePattern: RegExp = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/

/**
 * The options of a declaration.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Fields extends Schema.Struct.Fields, Attribute extends string> {
  readonly description: string
  readonly fires: string
  /** `Info` by default. */
  readonly severity?: EventSeverity | undefined
  /** The name in words by default. */
  readonly message?: string | undefined
  readonly payload: Schema.Struct<Fields>
  /** None by default. */
  readonly attributes?: ReadonlyArray<LowCardinality<Fields, Attribute>> | undefined
}

/**
 * Declares an event. It throws a `RangeError` if the name breaks the rule.
 *
 * @see EventCatalog.define for the events of a program
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  const Name extends string,
  const Fields extends Schema.Struct.Fields,
  const Attribute extends keyof Fields & string = never
>(
  name: Name,
  options: Options<Fields, Attribute>
): EventDefinition<Name, Fields, Attribute> => {
  if (!namePattern.test(name)) {
    throw new RangeError(`event "${name}": a name has lower-case words divided by dots, as in billing.invoice_sent`)
  }
  return {
    name,
    domain: domainOf(name),
    description: options.description,
    fires: options.fires,
    severity: options.severity ?? "Info",
    message: options.message ?? name.replace(/[._]/g, " "),
    payload: options.payload,
    attributes: (options.attributes ?? []) as ReadonlyArray<Attribute>
  }
}

/**
 * Gives declarations by their names. It throws a `RangeError` if two have the
 * same name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const byName = <const Definitions extends ReadonlyArray<Any>>(definitions: Definitions): ByName<Definitions> => {
  const record: Record<string, Any> = {}
  for (const definition of definitions) {
    if (Object.hasOwn(record, definition.name)) throw new RangeError(`event "${definition.name}" is declared twice`)
    record[definition.name] = definition
  }
  return record as ByName<Definitions>
}

/**
 * Gives the part of an event's name before the first dot, or the whole name if it
 * has no dot.
 *
 * @category computations
 * @since 0.1.0
 */
export const domainOf = (name: string): string => name.includes(".") ? name.slice(0, name.indexOf(".")) : name
