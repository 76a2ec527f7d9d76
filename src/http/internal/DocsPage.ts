/**
 * The OpenAPI document as a page for people.
 */
import type * as OpenApi from "effect/http-api/OpenApi"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type { ApiDocument } from "./ApiDocument.ts"
import { type Html, html, page } from "./html.ts"
import * as SchemaOutline from "./SchemaOutline.ts"

/** Answers with the page. */
export const answer = (document: ApiDocument, prefix: string): HttpServerResponse => {
  const { info, tags } = document
  const operations = operationsOf(document)
  const parts = tags.map((tag) => ({ ...tag, operations: operations.filter(({ of }) => of.tags.includes(tag.name)) }))
  return page(
    `${info.title} API`,
    html`<h1>${info.title}</h1>
<p>${info.description ?? ""}</p>
<p>Version ${info.version}, <a href="${prefix}/openapi.json">OpenAPI ${document.openapi}</a></p>
<nav>${parts.map(({ name }) => html`<a href="#${name}">${name}</a>`)}<a href="#schemas">schemas</a></nav>
${
      parts.map((tag) =>
        html`<section>
<h2 id="${tag.name}">${tag.name}</h2>
<p class="about">${tag.description ?? ""}</p>
${tag.operations.map(operationHtml)}
</section>`
      )
    }
<section>
<h2 id="schemas">schemas</h2>
${Object.entries(document.components.schemas).map(([name, schema]) => schemaHtml(name, schema as object))}
</section>`
  )
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly of: OpenApi.OpenAPISpecOperation
}

const methods = ["get", "post", "put", "patch", "delete"] as const

const operationsOf = ({ paths }: ApiDocument): ReadonlyArray<Operation> =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method): ReadonlyArray<Operation> => {
      const of = item[method]
      return of === undefined ? [] : [{ method: method.toUpperCase(), path, of }]
    })
  )

const operationHtml = ({ method, of, path }: Operation): Html =>
  html`<details id="${of.operationId}">
<summary><span class="method">${method}</span> <code>${path}</code> <span class="about">${
    of.summary ?? ""
  }</span></summary>
<p>${of.description ?? ""}</p>
<p>${accessText(of)}</p>
${of.parameters.length === 0 ? "" : parametersHtml(of.parameters)}
${of.requestBody === undefined ? "" : html`<h3>Body</h3>${contentHtml(of.requestBody.content)}`}
<h3>Answers</h3>
<table>
${
    Object.entries(of.responses).map(([status, response]: [string, OpenApi.OpenApiSpecResponse]) =>
      html`<tr><td><code>${status}</code></td><td>${response.description}${
        contentHtml(response.content ?? {})
      }</td></tr>
`
    )
  }</table>
</details>
`

const accessText = ({ security }: OpenApi.OpenAPISpecOperation): string => {
  if (security.length === 0) return "Everyone may use it."
  const scopes = security.flatMap((requirement) => Object.values(requirement).flat())
  const isOptional = security.some((requirement) => Object.keys(requirement).length === 0)
  return isOptional ? "Everyone may use it here." : `Needs a token with the scope ${scopes.join(" or ")}.`
}

const parametersHtml = (parameters: ReadonlyArray<OpenApi.OpenAPISpecParameter>): Html =>
  html`<h3>Parameters</h3>
<table>
${
    parameters.map(({ in: place, name, required, schema }) =>
      html`<tr><td><code>${name}</code></td><td>${place}${required ? ", required" : ""}</td><td>${
        SchemaOutline.outline(schema)
      }</td></tr>
`
    )
  }</table>`

const contentHtml = (content: OpenApi.OpenApiSpecContent): Html =>
  html`${
    Object.entries(content).map(([contentType, { schema }]) =>
      html`<div><code>${contentType}</code> ${SchemaOutline.outline(schema)}</div>`
    )
  }`

const schemaHtml = (name: string, schema: object): Html =>
  html`<details id="schema-${name}">
<summary><code>${name}</code></summary>
${SchemaOutline.outline(schema)}
</details>
`
