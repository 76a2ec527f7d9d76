/** How long one synchronisation with another instance keeps the event loop. Arguments: the kind and number of series. */
import * as Effect from "effect/Effect"
import { InstanceSync } from "tasker-telemetry"
import * as Load from "../support/exportLoad.ts"
import { type BlockingFigures, blockingOf } from "../support/measure.ts"

const [kind, seriesCount] = process.argv.slice(2) as [Load.Kind, string]
const warmUps = 3
const syncs = 10

const { recordAll, runtime, store } = await Load.make(kind, Number(seriesCount))

const program = Effect.gen(function*() {
  const { join } = yield* InstanceSync.InstanceSync
  const [instance, other] = [yield* join(store.snapshot), yield* join(store.snapshot)]
  const context = yield* Effect.context()
  const figures: Array<BlockingFigures & { readonly ns: number }> = []
  for (let number = 0; number < warmUps + syncs; number++) {
    recordAll()
    yield* other.snapshot
    const start = process.hrtime.bigint()
    const blocking = yield* Effect.promise(() => blockingOf(() => Effect.runPromiseWith(context)(instance.snapshot)))
    const ns = Number(process.hrtime.bigint() - start)
    if (number >= warmUps) figures.push({ ...blocking, ns })
  }
  return figures
})

const figures = await runtime.runPromise(Effect.scoped(program).pipe(Effect.provide(InstanceSync.layerMemory())))
const most = (key: keyof (typeof figures)[number]) => Math.max(...figures.map((one) => one[key]))
console.log(JSON.stringify({ ns: most("ns"), blockedNs: most("blockedNs"), cpuNs: most("cpuNs") }))
await runtime.dispose()
