/**
 * D19: the original registered a custom event under its plain name and subscribed to it as `custom.<name>`, which
 * failed. Here an event of a program is subscribed to, routed, measured and logged under the name it is published with.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  EventBus,
  EventCatalog,
  EventMetrics,
  EventSubscriber,
  LogDestination,
  MetricSnapshot,
  MetricStore,
  Telemetry
} from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as recorder from "../support/recorder.ts"

const InvoiceSent = EventCatalog.define("billing.invoice_sent", {
  description: "An invoice left the house.",
  fires: "once per invoice",
  payload: Schema.Struct({ invoiceId: Schema.String, channel: Schema.Literals(["mail", "post"]) }),
  attributes: ["channel"]
})
const events = EventCatalog.collect([InvoiceSent])

const publish = EventBus.publish(InvoiceSent, { invoiceId: "i-1", channel: "mail" })

describe("D19 custom event names", () => {
  it.effect("are the same for publisher, subscriber, route and metric", () => {
    const seen: Array<string> = []
    const layer = Telemetry.layer({}, {
      logDestination: LogDestination.layerNoop,
      subscribers: EventSubscriber.layer({
        "billing.invoice_sent": ({ name, payload }) => Effect.sync(() => seen.push(`${name} by ${payload.channel}`)),
        "billing.*": ({ name }) => Effect.sync(() => seen.push(name))
      }, { events })
    })
    return Effect.gen(function*() {
      const sink = EventMetrics.layer("billing", (store) => [
        EventMetrics.count(
          InvoiceSent,
          store.counter({ name: "billing_invoices_total", help: "Invoices sent.", attributes: ["channel"] }),
          { channel: "channel" }
        )
      ])
      yield* Effect.provide(publish, sink)
      yield* recorder.quiet
      assert.deepStrictEqual(seen, ["billing.invoice_sent by mail", "billing.invoice_sent"])
      const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "billing_invoices_total", { channel: "mail" }), 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("stand on the line and on the span event", () =>
    Effect.gen(function*() {
      const telemetry = yield* TelemetryTest
      yield* Effect.withSpan(publish, "billing")
      const line = (yield* telemetry.logs).find((line) => line["event"] === "billing.invoice_sent")
      assert.deepStrictEqual(
        [line?.["message"], line?.["component"], line?.["channel"], line?.["invoice_id"]],
        ["billing invoice sent", "billing", "mail", "i-1"]
      )
      const [span] = yield* telemetry.spans
      assert.deepStrictEqual(span?.events.map(({ name }) => name), ["billing.invoice_sent"])
    }).pipe(Effect.provide(TelemetryTest.layer())))
})
