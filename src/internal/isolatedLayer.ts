/**
 * Makes layers that share no part with other layers of a program.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Builds a layer of the program with the memo map of the program, so that both share one instance. */
export type Theirs = <A, E, R>(layer: Layer.Layer<A, E, R>) => Layer.Layer<A, E, R>

/**
 * Makes a layer that builds its own parts.
 *
 * **Details**
 *
 * Effect builds a layer value once for a program. If two telemetry layers shared a part, the part would have the
 * options of the layer that is built first. The whole layer is still built once if the program uses the same value of
 * it in several places.
 *
 * @param make gets a function that lets layers of the program stay shared
 */
export const isolatedLayer = <A, E, R>(make: (theirs: Theirs) => Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuildMemo((memoMap, scope) => {
    const theirs: Theirs = (layer) => Layer.fromBuild((_, within) => Layer.buildWithMemoMap(layer, memoMap, within))
    // Layers that are built later, inside the program, share with the program again.
    return Effect.map(
      Layer.buildWithMemoMap(make(theirs), Layer.makeMemoMapUnsafe(), scope),
      Context.add(Layer.CurrentMemoMap, memoMap)
    )
  })
