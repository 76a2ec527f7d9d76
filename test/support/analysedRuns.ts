/**
 * Runs as an analysis finds them: many of one task, a few of another one, and one that goes on.
 */
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import { attempt, run, step } from "./runRecords.ts"

/** Each run of `order` loads for two seconds and charges for eight. Every second one is of the region `eu`. */
export const order = (index: number, change: Partial<RunRecord> = {}): RunRecord =>
  run({
    id: `order-${index}`,
    tags: { region: index % 2 === 0 ? "eu" : "us" },
    createdAt: index * 60_000,
    steps: [
      step("load", [attempt(0, 2, { sql: { statements: 3, seconds: 1, waitSeconds: 0 } })], { readyAt: 0 }),
      step("charge", [attempt(2, 10)], { dependsOn: ["load"] })
    ],
    ...change
  })

/** A run of `order` whose step `charge` failed for good. */
const failedOrder = (index: number): RunRecord =>
  order(index, {
    state: "error",
    errorType: "GatewayDown",
    steps: [
      step("load", [attempt(0, 2)]),
      step("charge", [attempt(2, 10, { state: "error", errorType: "GatewayDown" })], {
        dependsOn: ["load"],
        failedForGood: true
      })
    ]
  })

/** It has worked in `send` for four seconds. */
export const unfinished: RunRecord = run({
  id: "mail-9",
  taskName: "mail",
  state: "in_progress",
  createdAt: 39 * 60_000,
  endedAt: undefined,
  changedAt: 5,
  steps: [
    step("render", [attempt(0, 1)]),
    step("send", [attempt(1, undefined)], { dependsOn: ["render"], settledAt: undefined })
  ]
})

/** 24 complete runs of `order`, 12 failed ones, all of `eu`, three runs of `mail`, and the unfinished one. */
export const all: ReadonlyArray<RunRecord> = [
  ...Array.from({ length: 24 }, (_, index) => order(index, { tags: { region: "us" } })),
  ...Array.from({ length: 12 }, (_, index) => ({ ...failedOrder(24 + index), tags: { region: "eu" } })),
  ...Array.from(
    { length: 3 },
    (_, index) => order(36 + index, { id: `mail-${index}`, taskName: "mail", version: "2.0.0", tags: {} })
  ),
  unfinished
]
