/**
 * Makes the OpenAPI document of the routes that are mounted, as they are
 * protected here.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import type { Access, Authorization } from "./Authorization.ts"
import * as RouteApi from "./RouteApi.ts"
import * as RouteTable from "./RouteTable.ts"

/** An OpenAPI document. */
export type ApiDocument = OpenApi.OpenAPISpec

interface Options {
  readonly service: { readonly name: string; readonly version?: string | undefined }
  readonly prefix: string
  readonly groups: ReadonlyArray<RouteTable.Group>
  readonly isProtected: Authorization["isProtected"]
}

/** Makes the document. Its paths have the prefix. */
export const make = ({ groups, isProtected, prefix, service }: Options): ApiDocument => {
  const api = RouteTable.apiOf(groups).prefix(prefix as `/${string}`).annotateMerge(OpenApi.annotations({
    title: service.name,
    version: service.version ?? "unknown",
    description: "Metrics, health, log levels, events, tasks and analysis of a service with tasker-telemetry."
  }))
  const document = OpenApi.fromApi(api)
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const path = document.paths[endpoint.path.replace(/:(\w+)/g, "{$1}")]
      const operation = path?.[endpoint.method.toLowerCase() as OpenApi.OpenAPISpecMethodName]
      if (operation === undefined) return
      const needs = Context.get(endpoint.annotations, RouteApi.DocumentedNeeds) ??
        [Context.getUnsafe(endpoint.annotations, RouteApi.Needs)]
      operation.security = securityOf(needs, isProtected)
      // The guard of all routes declares its refusals once. Not every route has them.
      if (operation.security.length === 0) { for (const status of [401, 403]) delete operation.responses[status] }
      if (endpoint.method === "GET") delete operation.responses[429]
      for (const [status, description] of Object.entries(meanings)) {
        const response = operation.responses[Number(status)]
        if (response !== undefined) response.description = description
      }
    }
  })
  return document
}

/** One requirement is enough. An empty one means that a request without a token is answered, too. */
const securityOf = (
  needs: ReadonlyArray<Access>,
  isProtected: Authorization["isProtected"]
): Array<OpenApi.OpenAPISecurityRequirement> => {
  const withToken = needs.flatMap((need) => need.kind === "open" ? [] : [{ bearer: [need.scope] }])
  return withToken.length === 0 || needs.every(isProtected) ? withToken : [{}, ...withToken]
}

/** What refusals mean. */
const meanings: Readonly<Record<number, string>> = {
  400: "The request has mistakes; issues names every one.",
  401: "The request has no token, or a wrong one.",
  403: "The token is for other routes. Without any configured token: the request is not from this machine.",
  404: "What is asked for does not exist, or is turned off.",
  409: "The state does not allow it.",
  413: "The body is larger than 1 MiB.",
  415: "The body is not application/json.",
  429: "The client changed more than http.writesPerMinute allows. Retry-After says when to try again.",
  500: "The service failed. Its log says why.",
  502: "The target did not take the metrics.",
  503: "The service cannot do it now. Its log says why."
}
