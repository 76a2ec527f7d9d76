/**
 * The page that lists the routes: HTML for a browser, JSON for programs.
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import * as JsonResponse from "./JsonResponse.ts"
import * as Negotiation from "./Negotiation.ts"
import * as RouteTable from "./RouteTable.ts"

/** A route with its whole path. */
interface Entry extends Omit<RouteTable.RouteEntry, "path"> {
  readonly path: string
}

interface Page {
  readonly service: string
  readonly routes: ReadonlyArray<Entry>
}

const byPath = (left: Entry, right: Entry) => left.path < right.path ? -1 : left.path > right.path ? 1 : 0

interface Format extends Negotiation.Offer {
  readonly answer: (page: Page) => HttpServerResponse.HttpServerResponse
}

/** Adds `GET /`, which lists the routes under the prefix, and a JSON 404 for every other path there. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.effectDiscard(Effect.gen(function*() {
  const { name } = redactService((yield* TelemetryConfig.Current).service, yield* Redaction.Current)
  const prefix = yield* RouteTable.Prefix
  const listing = (yield* RouteTable.Listing) ?? []
  // At the root of the app, this path belongs to the program.
  if (prefix === "") return
  yield* RouteTable.mount([{
    method: "GET",
    path: "/",
    about: "This list.",
    access: { kind: "read", scope: "api:read" },
    handler: Effect.map(HttpServerRequest, ({ headers }) =>
      Negotiation.select(formats, headers["accept"]).answer({
        service: name,
        routes: listing.map((entry) => ({ ...entry, path: `${prefix}${entry.path}` })).sort(byPath)
      }))
  }])
  yield* RouteTable.refuseUnknown
}))

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
    answer: (page) =>
      HttpServerResponse.text(html(page), {
        contentType: "text/html; charset=utf-8",
        headers: {
          "cache-control": "no-store",
          "content-security-policy":
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
          ...vary
        }
      })
  }
]

const html = ({ routes, service }: Page): string =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(service)}</title>
<style>body { font: 1rem sans-serif; margin: 2rem } td { padding: 0.3rem 1rem 0.3rem 0 }</style>
<h1>${escape(service)}</h1>
<table>
${routes.map(row).join("\n")}
</table>
</html>
`

const row = ({ about, method, path }: Entry): string => {
  const shown = escape(path)
  const isLink = method === "GET" && !path.includes(":")
  return `<tr><td>${method}</td><td>${isLink ? `<a href="${shown}">${shown}</a>` : shown}</td><td>${
    escape(about)
  }</td></tr>`
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
