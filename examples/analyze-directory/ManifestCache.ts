/**
 * Keeps for an hour what manifests say, so that a manifest that has not changed is parsed once. Each look is counted as
 * `tasker_cache_operations_total{cache="manifests"}`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Persistable from "effect/persistence/Persistable"
import * as Persistence from "effect/persistence/Persistence"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { CacheMetrics } from "tasker-telemetry"
import { Facts, ManifestParser, parseManifest } from "./readManifests.ts"

/** A manifest, known by its contents. */
class ManifestText extends Persistable.Class<{ payload: { kind: string; sha256: string } }>()("ManifestText", {
  primaryKey: ({ kind, sha256 }) => `${kind}:${sha256}`,
  success: Facts,
  error: Schema.String
}) {}

const make = Effect.gen(function*() {
  const { make } = yield* Persistence.Persistence
  const store = yield* make({ storeId: "manifests", timeToLive: () => "1 hour" })
  return Effect.fnUntraced(function*(kind: string, text: string) {
    const key = new ManifestText({ kind, sha256: createHash("sha256").update(text).digest("hex") })
    const known = yield* Effect.orElseSucceed(store.get(key), () => undefined)
    if (known !== undefined && Exit.isSuccess(known)) return Result.succeed(known.value)
    const parsed = yield* parseManifest(kind, text)
    if (Result.isSuccess(parsed)) yield* Effect.ignore(store.set(key, Exit.succeed(parsed.success)))
    return parsed
  })
})

export const layer = Layer.effect(ManifestParser, make).pipe(
  Layer.provide(CacheMetrics.layer(Persistence.layerMemory))
)
