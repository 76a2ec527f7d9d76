/**
 * What every task store does. A store that keeps nothing is not one of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, type Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { type SearchOptions, type StepRecord, type TaskRecord, TaskStore } from "../../src/workflow/TaskStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

export const task = (id: string, state: TaskRecord["state"] = "pending"): TaskRecord => ({
  id,
  name: "order",
  namespace: "default",
  version: "0.1.0",
  correlationId: `c-${id}`,
  state,
  createdAt: 1,
  startedAt: undefined,
  endedAt: undefined,
  durationSeconds: undefined,
  error: undefined
})

export const step = (
  taskId: string,
  name: string,
  state: StepRecord["state"] = "pending",
  change: Partial<StepRecord> = {}
): StepRecord => ({
  id: `${taskId}/${name}`,
  name,
  dependsOn: [],
  state,
  attempts: 0,
  maximumAttempts: 3,
  queueSeconds: 0,
  workSeconds: 0,
  backoffSeconds: 0,
  startedAt: undefined,
  endedAt: undefined,
  nextAttemptAt: undefined,
  error: undefined,
  ...change
})

const failure = (type: string) => ({ type, message: "no" })

/** The ids that a search finds, in their order. */
const found = (options: SearchOptions) =>
  Effect.map(TaskStore.use((store) => store.search(options)), ({ tasks }) => tasks.map(({ id }) => id))

/** All pages of a search, one after the other. */
export const pages = Effect.fnUntraced(function*(options: SearchOptions) {
  const all: Array<ReadonlyArray<TaskRecord>> = []
  let cursor: string | undefined
  do {
    const page = yield* TaskStore.use((store) => store.search({ ...options, cursor }))
    all.push(page.tasks)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
})

/** Runs the contract against a store that keeps the three tasks that ended last. */
export const suite = (name: string, layer: Layer.Layer<TaskStore>) => {
  const bounded = <A, E>(effect: Effect.Effect<A, E, TaskStore>) =>
    effect.pipe(
      Effect.provide(layer, { local: true }),
      Effect.provide(TestTelemetry.settings({ execution: { storedTasks: 3 } }))
    )

  describe(`TaskStore: ${name}`, () => {
    it.effect("gives back what was saved, steps in their order", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "b"), step("1", "a")])
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1"), steps: [step("1", "b"), step("1", "a")] })
        )
        assert.deepStrictEqual(yield* store.get("2"), Option.none())
      })))

    it.effect("replaces a task and a step without moving it", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "b"), step("1", "a")])
        yield* store.updateTask(task("1", "in_progress"))
        yield* store.updateStep("1", step("1", "b", "complete"))
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1", "in_progress"), steps: [step("1", "b", "complete"), step("1", "a")] })
        )
      })))

    it.effect("replaces a task with all its steps where it is saved once more, without moving it", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        yield* store.saveTask(task("2"), [])
        yield* store.saveTask(task("1", "complete"), [step("1", "a", "complete"), step("1", "b", "complete")])
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1", "complete"), steps: [step("1", "a", "complete"), step("1", "b", "complete")] })
        )
        assert.deepStrictEqual((yield* store.list()).map(({ id }) => id), ["2", "1"])
      })))

    it.effect("takes the records of different steps at the same time", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const names = Array.from({ length: 64 }, (_, index) => `s${index}`)
        yield* store.saveTask(task("1"), names.map((name) => step("1", name)))
        yield* Effect.forEach(names, (name) => store.updateStep("1", step("1", name, "complete")), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          Option.getOrThrow(yield* store.get("1")).steps,
          names.map((name) => step("1", name, "complete"))
        )
      })))

    it.effect("has at once what it was told, for every reader", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        for (const state of ["in_progress", "error", "pending", "in_progress", "complete"] as const) {
          yield* store.updateStep("1", step("1", "a", state))
          assert.strictEqual(Option.getOrThrow(yield* store.get("1")).steps[0]?.state, state)
        }
        yield* store.updateTask(task("1", "complete"))
        assert.deepStrictEqual([(yield* store.list())[0]?.state, yield* store.counts], ["complete", { complete: 1 }])
      })))

    it.effect("ignores an update of a task that is not there", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.updateTask(task("1", "complete"))
        yield* store.updateStep("1", step("1", "a"))
        assert.deepStrictEqual(yield* store.get("1"), Option.none())
        assert.deepStrictEqual(yield* store.list(), [])
      })))

    it.effect("is not changed by what is done to a snapshot", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        const first = Option.getOrThrow(yield* store.get("1"))
        yield* store.updateStep("1", step("1", "a", "complete"))
        assert.strictEqual(first.steps[0]?.state, "pending")
        ;(first.steps as Array<StepRecord>).pop()
        assert.lengthOf(Option.getOrThrow(yield* store.get("1")).steps, 1)
      })))

    it.effect("lists the newest first, in pages of 20", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (let index = 1; index <= 30; index++) yield* store.saveTask(task(String(index)), [])
        const ids = (tasks: ReadonlyArray<TaskRecord>) => tasks.map(({ id }) => Number(id))
        assert.deepStrictEqual(ids(yield* store.list()), Array.from({ length: 20 }, (_, index) => 30 - index))
        assert.deepStrictEqual(ids(yield* store.list({ limit: 2, offset: 1 })), [29, 28])
        assert.deepStrictEqual(ids(yield* store.list({ offset: 28 })), [2, 1])
        assert.notProperty((yield* store.list())[0], "steps")
      })))

    it.effect("counts tasks by state", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [])
        yield* store.saveTask(task("2", "in_progress"), [])
        yield* store.saveTask(task("3"), [])
        yield* store.updateTask(task("1", "complete"))
        assert.deepStrictEqual(yield* store.counts, { complete: 1, in_progress: 1, pending: 1 })
      })))

    it.effect("keeps every running task and those that ended last", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (let index = 1; index <= 10; index++) yield* store.saveTask(task(String(index)), [])
        for (const index of [5, 1, 2, 3, 4]) yield* store.updateTask(task(String(index), "complete"))
        // A database removes tasks beside the writes.
        const kept = yield* Effect.repeat(store.list(), { until: (tasks) => tasks.length <= 8, times: 1000 })
        assert.deepStrictEqual(kept.map(({ id, state }) => `${id} ${state}`), [
          "10 pending",
          "9 pending",
          "8 pending",
          "7 pending",
          "6 pending",
          "4 complete",
          "3 complete",
          "2 complete"
        ])
      })))

    it.effect("does not let go of a task that ended once and runs again", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("again", "error"), [])
        yield* store.saveTask(task("again", "pending"), [])
        for (let index = 1; index <= 5; index++) yield* store.saveTask(task(String(index), "complete"), [])
        assert.isTrue(Option.isSome(yield* store.get("again")))
      })))

    it.effect("keeps everything that a record has", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const error = {
          type: "Refused",
          message: "no \u0000 room \ud800",
          fields: { code: 7, inner: { of: [null, true] } },
          causes: [{ type: "Error", message: "deep" }],
          stack: "Error: no\n    at here"
        }
        const record: TaskRecord = {
          ...task("1", "error"),
          name: "order \u0000 \ud800 'x' \"y\"",
          startedAt: 2.5,
          endedAt: 1e13 + 0.25,
          durationSeconds: 0.1 + 0.2,
          tags: { region: "eu", "a\"b": "]\n[" },
          reason: "audit \u0000",
          initiator: "ada \ud800",
          scheduledFor: 1.5,
          instance: "a",
          concurrency: 12,
          error
        }
        const steps = [step("1", "a", "error", { dependsOn: ["b"], nextAttemptAt: 3, workSeconds: 1 / 3, error })]
        yield* store.saveTask(record, steps)
        assert.deepStrictEqual(yield* store.get("1"), Option.some({ ...record, steps }))
        assert.deepStrictEqual(yield* store.list(), [record])
        assert.deepStrictEqual((yield* store.search()).tasks, [record])
      })))

    it.effect("finds tasks by name, version, state, instance and tags", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask({ ...task("1"), tags: { region: "eu", tier: "gold" }, instance: "a" }, [])
        yield* store.saveTask({ ...task("2", "in_progress"), version: "2", tags: { region: "us" }, instance: "b" }, [])
        yield* store.saveTask({ ...task("3", "complete"), name: "mail", tags: { region: "eu" } }, [])
        assert.deepStrictEqual(yield* found({}), ["3", "2", "1"])
        assert.deepStrictEqual(yield* found({ task: "order" }), ["2", "1"])
        assert.deepStrictEqual(yield* found({ task: "ord" }), [])
        assert.deepStrictEqual(yield* found({ version: "2" }), ["2"])
        assert.deepStrictEqual(yield* found({ state: "complete" }), ["3"])
        assert.deepStrictEqual(yield* found({ state: ["complete", "pending"] }), ["3", "1"])
        assert.deepStrictEqual(yield* found({ state: [] }), [])
        assert.deepStrictEqual(yield* found({ instance: "b" }), ["2"])
        assert.deepStrictEqual(yield* found({ tags: { region: "eu" } }), ["3", "1"])
        assert.deepStrictEqual(yield* found({ tags: { region: "eu", tier: "gold" } }), ["1"])
        assert.deepStrictEqual(yield* found({ tags: { region: "e" } }), [])
        assert.deepStrictEqual(yield* found({ tags: { toString: "eu" } }), [])
        assert.deepStrictEqual(yield* found({ task: "order", tags: { region: "us" }, state: "in_progress" }), ["2"])
        assert.notProperty((yield* store.search()).tasks[0], "steps")
      })))

    it.effect("finds tasks by their initiator and their reason", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask({ ...task("1"), initiator: "ada", reason: "month end" }, [])
        yield* store.saveTask({ ...task("2"), initiator: "cron", reason: "month end" }, [])
        yield* store.saveTask(task("3"), [])
        assert.deepStrictEqual(yield* found({ initiator: "ada" }), ["1"])
        assert.deepStrictEqual(yield* found({ reason: "month end" }), ["2", "1"])
        assert.deepStrictEqual(yield* found({ reason: "month end", initiator: "cron" }), ["2"])
        assert.deepStrictEqual(yield* found({ initiator: "ad" }), [])
        yield* store.updateTask({ ...task("1"), initiator: "ada", reason: "audit" })
        assert.deepStrictEqual(yield* found({ reason: "audit" }), ["1"])
      })))

    it.effect("finds tasks by the type of their error, or of the last error of a step", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask({ ...task("1", "error"), error: failure("Refused") }, [])
        yield* store.saveTask(task("2", "in_progress"), [step("2", "a", "error", { error: failure("Refused") })])
        yield* store.saveTask(task("3", "in_progress"), [step("3", "a")])
        assert.deepStrictEqual(yield* found({ errorType: "Refused" }), ["2", "1"])
        yield* store.updateStep("2", step("2", "a", "in_progress"))
        yield* store.updateStep("3", step("3", "a", "error", { error: failure("Lost") }))
        assert.deepStrictEqual(yield* found({ errorType: "Refused" }), ["1"])
        assert.deepStrictEqual(yield* found({ errorType: "Lost" }), ["3"])
      })))

    it.effect("finds tasks by their age", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* TestClock.setTime(10_000)
        for (const seconds of [1, 5, 9]) {
          yield* store.saveTask({ ...task(String(seconds)), createdAt: seconds * 1000 }, [])
        }
        assert.deepStrictEqual(yield* found({ olderThan: "5 seconds" }), ["5", "1"])
        assert.deepStrictEqual(yield* found({ newerThan: "5 seconds" }), ["9", "5"])
        assert.deepStrictEqual(yield* found({ newerThan: 5000, olderThan: "2 seconds" }), ["5"])
      })))

    it.effect("finds the tasks that are tried again now", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const retrying = found({ retrying: true })
        yield* store.saveTask(task("1", "in_progress"), [step("1", "a"), step("1", "b")])
        const is = Effect.fnUntraced(function*(state: StepRecord["state"], change: Partial<StepRecord>) {
          yield* store.updateStep("1", step("1", "a", state, change))
          return (yield* retrying).length === 1
        })
        assert.isFalse(yield* is("in_progress", { attempts: 1 }))
        assert.isFalse(yield* is("error", { attempts: 1, error: failure("Refused") }))
        assert.isTrue(yield* is("error", { attempts: 1, nextAttemptAt: 9, error: failure("Refused") }))
        assert.isTrue(yield* is("pending", { attempts: 1, error: failure("Refused") }))
        assert.isTrue(yield* is("in_progress", { attempts: 2 }))
        assert.deepStrictEqual(yield* found({ retrying: false }), [])
        assert.isFalse(yield* is("complete", { attempts: 2 }))
        assert.deepStrictEqual(yield* found({ retrying: false }), ["1"])
        assert.isTrue(yield* is("in_progress", { attempts: 2 }))
        yield* store.updateTask(task("1", "cancelled"))
        assert.deepStrictEqual(yield* retrying, [])
      })))

    it.effect("finds the tasks that wait for a slot", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const record = { ...task("1", "in_progress"), concurrency: 2 }
        const isWaiting = Effect.map(found({ waiting: true }), (ids) => ids.length === 1)
        const change = (name: string, state: StepRecord["state"], dependsOn: ReadonlyArray<string> = []) =>
          store.updateStep("1", step("1", name, state, { dependsOn }))
        yield* store.saveTask(record, [
          step("1", "a", "in_progress"),
          step("1", "b", "in_progress"),
          step("1", "c", "pending", { dependsOn: ["a", "b"] }),
          step("1", "d", "pending", { dependsOn: ["gone"] })
        ])
        assert.isFalse(yield* isWaiting, "all others wait for a dependency")
        yield* change("a", "complete")
        yield* change("b", "resolved_manually")
        assert.isFalse(yield* isWaiting, "two slots are free")
        yield* change("a", "in_progress")
        yield* change("d", "in_progress")
        assert.isFalse(yield* isWaiting)
        yield* change("a", "complete")
        yield* store.saveTask({ ...record, id: "2", concurrency: 1 }, [
          step("2", "a", "in_progress"),
          step("2", "b", "pending")
        ])
        assert.deepStrictEqual(yield* found({ waiting: true }), ["2"])
        assert.deepStrictEqual(yield* found({ waiting: false }), ["1"])
        yield* store.updateTask({ ...record, id: "2", concurrency: 1, state: "cancelled" })
        assert.deepStrictEqual(yield* found({ waiting: true }), [])
      })))

    it.effect("gives pages that have every task once, while tasks come and go", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (let index = 1; index <= 7; index++) {
          yield* store.saveTask(
            { ...task(String(index)), durationSeconds: index % 3 === 0 ? undefined : index % 3 },
            []
          )
        }
        const ids = Effect.fnUntraced(function*(options: SearchOptions) {
          return (yield* pages(options)).map((page) => page.map(({ id }) => id).join(""))
        })
        assert.deepStrictEqual(yield* ids({ limit: 3 }), ["765", "432", "1"])
        assert.deepStrictEqual(yield* ids({ limit: 7 }), ["7654321"])
        assert.deepStrictEqual(yield* ids({ sort: "oldest", limit: 4 }), ["1234", "567"])
        assert.deepStrictEqual(yield* ids({ sort: "slowest", limit: 2 }), ["52", "74", "16", "3"])
        assert.deepStrictEqual(yield* ids({ task: "order", limit: 5, sort: "newest" }), ["76543", "21"])
        assert.deepStrictEqual(yield* found({ offset: 5 }), ["2", "1"])
        const first = yield* store.search({ limit: 3 })
        yield* store.saveTask(task("8"), [])
        assert.deepStrictEqual(yield* found({ limit: 3, cursor: first.cursor }), ["4", "3", "2"])
        assert.deepStrictEqual(yield* store.search({ state: "error" }), { tasks: [], cursor: undefined })
      })))

    it.effect("gives pages in the order of starts, of durations and of states, equal ones in the order of the store", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const save = (
          id: string,
          state: TaskRecord["state"],
          startedAt: number | undefined,
          durationSeconds: number | undefined
        ) => store.saveTask({ ...task(id, state), startedAt, durationSeconds }, [])
        yield* save("1", "error", 300, 2)
        yield* save("2", "pending", undefined, undefined)
        yield* save("3", "in_progress", 100, undefined)
        yield* save("4", "complete", 300, 1)
        yield* save("5", "pending", undefined, undefined)
        yield* save("6", "in_progress", 200, undefined)
        yield* save("7", "complete", 50, 2)
        for (const limit of [1, 2, 3, 7]) {
          const ids = Effect.fnUntraced(function*(sort: SearchOptions["sort"]) {
            return (yield* pages({ sort, limit })).flatMap((page) => page.map(({ id }) => id)).join("")
          })
          assert.strictEqual(yield* ids("latest_start"), "4163752")
          assert.strictEqual(yield* ids("earliest_start"), "7361425")
          assert.strictEqual(yield* ids("slowest"), "7146532")
          assert.strictEqual(yield* ids("fastest"), "4172356")
          assert.strictEqual(yield* ids("state"), "5263741")
        }
      })))

    it.effect("does not take a cursor of another order", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (const id of ["1", "2", "3"]) yield* store.saveTask(task(id), [])
        const { cursor } = yield* store.search({ limit: 1 })
        for (const wrong of [{ cursor, sort: "oldest" as const }, { cursor: "?" }, { cursor: "newest~a~1~1" }]) {
          const exit = yield* Effect.exit(Effect.suspend(() => store.search(wrong)))
          assert.isTrue(Exit.hasDies(exit), wrong.cursor)
        }
      })))
  })
}
