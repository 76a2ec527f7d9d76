/**
 * A store that checks declarations and records nothing.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as MetricDeclaration from "./model/MetricDeclaration.ts"
import type { MetricStoreShape } from "./model/MetricStoreShape.ts"
import { NoopInstrument } from "./store/NoopInstrument.ts"
import * as storeDeclarations from "./store/storeDeclarations.ts"
import * as SharedSlab from "./threads/SharedSlab.ts"

export const make = (): MetricStoreShape => {
  const nothing = new NoopInstrument()
  const declared = new Map<string, MetricDeclaration.Checked>()
  const declare = (declaration: MetricDeclaration.Checked) => {
    MetricDeclaration.refuseConflict(declared.get(declaration.name) ?? declaration, declaration)
    declared.set(declaration.name, declaration)
    return nothing
  }
  const observe: MetricStoreShape["observe"] = (declaration) =>
    Effect.sync(() =>
      void declare(MetricDeclaration.check(declaration.type, declaration, storeDeclarations.siteOf(observe), true))
    )
  return {
    ...storeDeclarations.make(declare),
    observe,
    measures: "none",
    share: () => Effect.sync(() => SharedSlab.create(0)),
    snapshot: Effect.clockWith((clock) =>
      Effect.sync(() => ({ timeMillis: clock.currentTimeMillisUnsafe(), metrics: [] }))
    )
  }
}
