import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventRouter from "../../src/events/EventRouter.ts"
import * as EventPattern from "../../src/events/internal/EventPattern.ts"
import * as EventRoute from "../../src/events/internal/EventRoute.ts"

const InvoiceSent = EventCatalog.define("billing.invoice_sent", {
  description: "An invoice left the house.",
  fires: "once per invoice",
  payload: Schema.Struct({ invoiceId: Schema.String })
})

const words = (router: EventRouter.EventRouter, name: string) => EventRoute.format(router.routeOf(name))

/** The mappings of the original whose event is carried: trace, metrics, priority. */
const original: ReadonlyArray<readonly [EventCatalog.EventName, string]> = [
  ["task.initialize_requested", "TM"],
  ["task.start_requested", "TM"],
  ["task.completed", "TM"],
  ["task.failed", "TM"],
  ["step.execution_requested", "TM"],
  ["step.completed", "TM"],
  ["step.failed", "TM"],
  ["step.retry_requested", "TM"],
  ["workflow.viable_steps_discovered", "TM"],
  ["observability.task.enqueue", "M high"],
  ["observability.step.backoff", "TM"],
  ["observability.step.skip", "TM"],
  ["observability.step.max_retries_reached", "TM high"],
  ["dependency.resolved", "T"]
]

describe("EventRouter", () => {
  it.each(original)("routes %s as the original did, with a log line", (name, expected) => {
    const route = EventRouter.make().routeOf(name)
    const shown = `${route.trace ? "T" : ""}${route.metrics ? "M" : ""}${
      route.priority === "normal" ? "" : ` ${route.priority}`
    }`
    assert.deepStrictEqual([shown, route.log, route.enabled, route.samplingRate], [expected, true, true, 1])
  })

  it("routes an event of a program to trace and log", () => {
    assert.strictEqual(words(EventRouter.make(), "billing.invoice_sent"), "trace, log")
  })

  it("applies overrides of names, definitions and domains in their order", () => {
    const router = EventRouter.make({
      routes: [
        EventRouter.override("workflow.*", { enabled: false }),
        EventRouter.override("workflow.no_viable_steps", { enabled: true, log: false, samplingRate: 0.25 }),
        EventRouter.override(InvoiceSent, { metrics: true, priority: "critical", when: () => true }),
        EventRouter.override("task.completed", { trace: false }),
        EventRouter.override("task.*", { samplingRate: 0.5 })
      ]
    })
    assert.deepStrictEqual(
      [
        "workflow.steps_execution_started",
        "workflow.no_viable_steps",
        "billing.invoice_sent",
        "task.completed",
        "task.failed",
        "step.failed"
      ].map((name) => words(router, name)),
      [
        "ignored",
        "metrics, trace (25.0 % sampled)",
        "metrics, trace, log (conditional, critical priority)",
        "metrics, log (50.0 % sampled)",
        "metrics, trace, log (50.0 % sampled)",
        "metrics, trace, log"
      ]
    )
  })

  it("takes trace and log away from filtered events, and never the metrics", () => {
    const router = EventRouter.make({
      filtered: ["step.*", "task.failed", "billing.*"],
      routes: [EventRouter.override("step.failed", { log: true })]
    })
    assert.deepStrictEqual(
      ["step.failed", "task.failed", "task.completed", "billing.invoice_sent", "observability.step.skip"].map((name) =>
        words(router, name)
      ),
      ["metrics", "metrics", "metrics, trace, log", "ignored", "metrics, trace, log"]
    )
    assert.isTrue(EventRouter.make({ filtered: ["*"] }).entries.every(({ route }) => !route.trace && !route.log))
  })

  it("thins by the configured rate where no override gives one, and spares high priorities", () => {
    const router = EventRouter.make({
      samplingRate: 0.1,
      routes: [
        EventRouter.override("step.failed", { samplingRate: 1 }),
        EventRouter.override("task.failed", { priority: "critical" })
      ]
    })
    assert.deepStrictEqual(
      ["step.completed", "step.failed", "task.failed", "observability.task.enqueue", "billing.invoice_sent"].map((
        name
      ) => router.routeOf(name).samplingRate),
      [0.1, 1, 1, 1, 0.1]
    )
  })

  it.each([-0.1, 1.1, Number.NaN, Infinity])("refuses the sampling rate %s", (samplingRate) => {
    assert.throws(
      () => EventRouter.override("task.completed", { samplingRate }),
      RangeError,
      `expected a number from 0 to 1 at samplingRate, got ${samplingRate}`
    )
  })

  it("says which filters no event can match", () => {
    assert.deepStrictEqual(
      EventPattern.unknownFilters([
        "*",
        "task.*",
        "task.completed",
        "billing.*",
        "task.complet",
        "workflow.x.*",
        "step"
      ]),
      ["task.complet", "workflow.x.*", "step"].map((name) => `events.filtered names "${name}", which no event matches`)
    )
  })

  it("counts where the events of a table go", () => {
    const router = EventRouter.make({
      events: [InvoiceSent],
      routes: [
        EventRouter.override("*", { trace: false }),
        EventRouter.override("task.*", { enabled: false }),
        EventRouter.override(InvoiceSent, { samplingRate: 0.5 })
      ]
    })
    const tasks = EventCatalog.ofDomain("task").length
    const events = EventCatalog.names.length + 1
    const measured = EventRouter.make().entries.filter(({ name, route }) => route.metrics && !name.startsWith("task."))
    assert.deepStrictEqual(EventRouter.stats(router), {
      events,
      metrics: measured.length,
      trace: 0,
      // The event of each statement goes to no log.
      log: events - tasks - 1,
      ignored: tasks,
      thinned: 2,
      highPriority: 6
    })
  })

  it("describes the table, a line per event", () => {
    const lines = EventRouter.format(EventRouter.make({ events: [InvoiceSent] })).split("\n")
    assert.lengthOf(lines, EventCatalog.names.length + 1)
    assert.include(lines, "observability.task.enqueue → metrics, log (high priority)")
    assert.strictEqual(lines.at(-1), "billing.invoice_sent → trace, log")
  })

  it.prop(
    "gives every rate and filter a table whose metrics are those of the default",
    {
      samplingRate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
      filtered: Schema.Array(Schema.Literals(["*", "task.*", "step.*", "workflow.*", "step.failed", "x.y"]))
    },
    (options) => {
      const standard = EventRouter.make()
      for (const { name, route } of EventRouter.make(options).entries) {
        assert.strictEqual(
          EventRoute.reaches(route, "metrics"),
          EventRoute.reaches(standard.routeOf(name), "metrics"),
          name
        )
      }
    }
  )
})
