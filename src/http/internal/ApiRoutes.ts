/**
 * Mounts a group of routes whose handlers are given.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as RouteGuard from "./RouteGuard.ts"
import * as RouteTable from "./RouteTable.ts"

/** Makes a handler of one that has its refusals in the error channel. */
export const answer = <R>(
  handler: Effect.Effect<HttpServerResponse, HttpServerResponse, R>
): Effect.Effect<HttpServerResponse, never, R> => Effect.catch(handler, (refusal) => Effect.succeed(refusal))

/** Mounts a group. `build` gives every endpoint its handler. */
export const layer = <Group extends RouteTable.Group, Return>(
  group: Group,
  build: (
    handlers: HttpApiBuilder.Handlers.FromGroup<Group>
  ) => HttpApiBuilder.Handlers.ValidateReturn<Return>
): Layer.Layer<
  never,
  HttpApiBuilder.Handlers.Error<Return>,
  | HttpRouter.HttpRouter
  | Exclude<HttpApiBuilder.Handlers.Context<Return>, Scope.Scope | RouteGuard.RouteAccess | RouteGuard.RouteErrors>
> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const services = yield* Effect.context<never>()
    const api = RouteTable.apiOf([group])
    const guards = yield* Layer.build(RouteGuard.layer)
    const handlers = HttpApiBuilder.group(api, group.identifier, (empty) => {
      const built: unknown = build(empty)
      return (Effect.isEffect(built) ? Effect.provideContext(built, services) : built) as never
    })
    // Effect runs a handler in the context of its layer, which covers the one of the request. With the context of this
    // layer, a span or a log annotation of the program's start would stand in place of the request's.
    const mountable = yield* Effect.updateContext(
      Layer.build(handlers),
      (context: Context.Context<Scope.Scope>) => Context.merge(Context.pick(Scope.Scope)(context), guards)
    )
    yield* Layer.build(HttpApiBuilder.layer(api).pipe(Layer.provide(HttpServer.layerServices))).pipe(
      Effect.provideContext(mountable)
    )
    const mounted = yield* RouteTable.Mounted
    mounted?.push(group)
    yield* RouteTable.refuseOthers(group)
  }))
