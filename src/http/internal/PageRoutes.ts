/**
 * The pages about the routes: the list, the OpenAPI document, and the document as
 * a page.
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { Pages } from "./api/pages.ts"
import * as ApiDocument from "./ApiDocument.ts"
import * as ApiRoutes from "./ApiRoutes.ts"
import * as Authorization from "./Authorization.ts"
import * as DocsPage from "./DocsPage.ts"
import { type Html, html, page } from "./html.ts"
import * as JsonResponse from "./JsonResponse.ts"
import * as Negotiation from "./Negotiation.ts"
import * as RouteTable from "./RouteTable.ts"

/** What the list shows. The paths are whole. */
interface Listing {
  readonly service: string
  readonly routes: ReadonlyArray<RouteTable.RouteEntry>
}

const byPath = (left: RouteTable.RouteEntry, right: RouteTable.RouteEntry) =>
  left.path < right.path ? -1 : left.path > right.path ? 1 : 0

interface Format extends Negotiation.Offer {
  readonly answer: (listing: Listing) => HttpServerResponse
}

/**
 * Adds the pages under the prefix, and a JSON 404 for every other path there. At the root of the app these paths belong
 * to the program.
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.unwrap(
  Effect.map(
    RouteTable.Prefix,
    (prefix) => prefix === "" ? Layer.empty : Layer.merge(routes, Layer.effectDiscard(RouteTable.refuseUnknown))
  )
)

const routes: Layer.Layer<never, never, HttpRouter.HttpRouter> = ApiRoutes.layer(
  Pages,
  Effect.fnUntraced(function*(handlers) {
    const service = redactService((yield* TelemetryConfig.Current).service, yield* Redaction.Current)
    const { isProtected } = yield* Authorization.make
    const prefix = yield* RouteTable.Prefix
    const mounted = (yield* RouteTable.Mounted) ?? []

    // Requests come after all routes are mounted.
    let document: ApiDocument.ApiDocument | undefined
    const documentNow = () => document ??= ApiDocument.make({ groups: mounted, isProtected, prefix, service })

    return handlers
      .handle("list", ({ request }) =>
        Effect.sync(() =>
          Negotiation.select(formats, request.headers["accept"]).answer({
            service: service.name,
            routes: RouteTable.entriesOf(mounted)
              .map((entry) => ({ ...entry, path: `${prefix}${entry.path}` }))
              .sort(byPath)
          })
        ))
      .handle("document", () => Effect.sync(() => JsonResponse.json(200, { ...documentNow() })))
      .handle("docs", () => Effect.sync(() => DocsPage.answer(documentNow(), prefix)))
  })
)

const vary = { vary: "Accept" }

const formats: readonly [Format, ...ReadonlyArray<Format>] = [
  {
    contentType: "application/json",
    matches: ({ type }) => type === "application/json",
    answer: ({ routes, service }) => JsonResponse.json(200, { service, routes }, vary)
  },
  {
    contentType: "text/html; charset=utf-8",
    matches: ({ type }) => type === "text/html",
    answer: ({ routes, service }) =>
      page(
        service,
        html`<h1>${service}</h1>
<table>
${routes.map(row)}
</table>`,
        vary
      )
  }
]

const row = ({ about, method, path }: RouteTable.RouteEntry): Html => {
  const isLink = method === "GET" && !path.includes(":")
  return html`<tr><td>${method}</td><td>${
    isLink ? html`<a href="${path}">${path}</a>` : path
  }</td><td>${about}</td></tr>
`
}
