/**
 * Shows a JSON schema as nested lists.
 */
import { type Html, html } from "./html.ts"

/** What is read of a JSON schema. */
interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly format?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema | boolean
  readonly additionalProperties?: JsonSchema | boolean
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
}

/** Levels that are shown. A schema with a name is a link, so that few schemas are deep. */
const mostLevels = 12

/** Gives the outline of a schema. */
export const outline = (schema: object, level = 0): Html => {
  const { description, items, properties, required = [] } = schema as JsonSchema
  const inner = typeof items === "object" ? items : undefined
  const about = description === undefined ? html`` : html` <span class="about">${description}</span>`
  const members = properties === undefined || level >= mostLevels
    ? html``
    : html`<ul class="fields">${
      Object.entries(properties).map(([name, member]) =>
        html`<li><code>${name}</code>${required.includes(name) ? "" : "?"} ${outline(member, level + 1)}</li>`
      )
    }</ul>`
  const ofItems = inner?.properties === undefined
    ? html``
    : outline({ properties: inner.properties, required: inner.required }, level + 1)
  return html`<span class="type">${typeOf(schema)}</span>${about}${members}${ofItems}`
}

const reference = /^#\/components\/schemas\//

/** Names the type, with links to schemas that have a name. */
const typeOf = (schema: JsonSchema): Html => {
  const { $ref, anyOf, items, oneOf, type } = schema
  if ($ref !== undefined) {
    const name = $ref.replace(reference, "")
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`
  if (schema.enum !== undefined) return html`${schema.enum.map((value) => JSON.stringify(value)).join(" | ")}`
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return joined(choices.map(typeOf))
  if (type === "array") return html`list of ${typeof items === "object" ? typeOf(items) : "anything"}`
  if (type === undefined) return html`anything`
  return html`${typeof type === "string" ? type : type.join(" | ")}${
    schema.format === undefined ? "" : ` (${schema.format})`
  }`
}

const joined = (choices: ReadonlyArray<Html>): Html =>
  html`${choices.map((choice, index) => index === 0 ? choice : html` | ${choice}`)}`
