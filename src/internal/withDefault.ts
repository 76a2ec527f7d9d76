/**
 * Takes a service from the context, or makes it if the context has none.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

/**
 * Gives a layer the service of its context. If the context has none, it gives the
 * service of `own`. Layers that are built together share `own`, because Effect
 * builds a layer once for all of them.
 */
export const withDefault =
  <I, S>(service: Context.Service<I, S>, own: Layer.Layer<I>) =>
  <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, Exclude<R, I>> =>
    Layer.unwrap(
      Effect.map(
        Effect.serviceOption(service),
        (given) => Layer.provide(layer, Option.isSome(given) ? Layer.succeed(service, given.value) : own)
      )
    )
