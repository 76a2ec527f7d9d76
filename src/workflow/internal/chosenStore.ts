/**
 * Chooses the store of a telemetry layer.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TaskStore from "../TaskStore.ts"

/** The store of an outer telemetry layer. The outer layer keeps records of its own tasks only. */
const OuterStore = Context.Reference<TaskStore.TaskStore["Service"] | undefined>(
  "tasker-telemetry/workflow/internal/chosenStore/OuterStore",
  { defaultValue: () => undefined }
)

/** Takes the given store, else the program's store of the context, else a memory store. */
export const layer = (given: Layer.Layer<TaskStore.TaskStore> | undefined): Layer.Layer<TaskStore.TaskStore> =>
  Layer.unwrap(Effect.withFiber((fiber) => {
    const ofContext = Context.getOrUndefined(fiber.context, TaskStore.TaskStore)
    const isOfProgram = ofContext !== undefined && ofContext !== fiber.getRef(OuterStore)
    return Effect.succeed(
      given ?? (isOfProgram ? Layer.succeed(TaskStore.TaskStore, ofContext) : TaskStore.layerMemory)
    )
  })).pipe((store) => Layer.provideMerge(Layer.effect(OuterStore, TaskStore.TaskStore), store))
