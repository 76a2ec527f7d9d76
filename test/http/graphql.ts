/**
 * The routes with GraphQL on a real server, and a client that speaks it.
 */
import { Layer } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as GraphqlRoute from "../../src/http/GraphqlRoute.ts"
import * as TelemetryRoutes from "../../src/http/TelemetryRoutes.ts"
import type * as Task from "../../src/workflow/Task.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"

type Limits = Omit<GraphqlRoute.Options<[]>, "tasks">

/** All routes for the given tasks, with telemetry in memory. */
export const layer = <const Tasks extends ReadonlyArray<Task.Any>>(
  tasks: Tasks,
  options: TelemetryConfig.Options = {},
  limits: Limits = {}
) =>
  server.serve(TelemetryRoutes.layer({ tasks, routes: GraphqlRoute.layer({ tasks, ...limits }) })).pipe(
    Layer.provideMerge(TestTelemetry.whole(options))
  )

/** Sends a document. */
export const ask = (
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {}
) => server.post("/tasker/graphql", { query, variables }, headers)

/** Sends a document as a client with a token. */
export const askWith = (token: string, query: string, variables: Readonly<Record<string, unknown>> = {}) =>
  ask(query, variables, { authorization: `Bearer ${token}` })

/** The code of each error. */
export const codesOf = ({ body }: server.Answer): ReadonlyArray<string> =>
  (body.errors ?? []).map(({ extensions }: any) => extensions.code)
