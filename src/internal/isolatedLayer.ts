/**
 * Layers that share no part with others of a program.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Builds a layer of the program with the memo map of the program, so that both share one instance. */
export type Theirs = <A, E, R>(layer: Layer.Layer<A, E, R>) => Layer.Layer<A, E, R>

/**
 * A layer whose parts are its own.
 *
 * **Details**
 *
 * A part that is the same value in two layers is built once for both, with what the first of them provides: of two
 * layers with different options, the second would get what the first was told. As a whole, the layer is still built
 * once wherever the same value of it is used.
 *
 * @param make given what keeps the layers of the program shared
 */
export const isolatedLayer = <A, E, R>(make: (theirs: Theirs) => Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuildMemo((memoMap, scope) => {
    const theirs: Theirs = (layer) => Layer.fromBuild((_, within) => Layer.buildWithMemoMap(layer, memoMap, within))
    // What is built within the program goes on to share with the program.
    return Effect.map(
      Layer.buildWithMemoMap(make(theirs), Layer.makeMemoMapUnsafe(), scope),
      Context.add(Layer.CurrentMemoMap, memoMap)
    )
  })
