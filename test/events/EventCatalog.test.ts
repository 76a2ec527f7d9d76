import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import { defaultRoutes } from "../../src/events/internal/defaultRoutes.ts"
import * as EventDefinition from "../../src/events/internal/EventDefinition.ts"

const about = {
  description: "An invoice left the house.",
  fires: "once per invoice",
  payload: Schema.Struct({ invoiceId: Schema.String, channel: Schema.String })
}

const refusal = (make: () => unknown) => {
  try {
    make()
  } catch (error) {
    return error instanceof RangeError ? error.message : error
  }
  return "nothing is refused"
}

/** Each rule for a definition of the catalog, as the sentence that a broken one is reported with. */
const rules: Readonly<Record<string, (key: string, definition: EventDefinition.Any) => boolean>> = {
  "attributes are fields of the payload: declare the field, or take the attribute out": (_, { attributes, payload }) =>
    attributes.every((attribute) => attribute in payload.fields),
  "ids are no attributes, because metrics never end then: take the attribute out": (_, { attributes }) =>
    attributes.every((attribute) => !attribute.endsWith("Id")),
  "an event stands under its own name": (key, { name }) => name === key,
  "a name has lower-case words divided by dots": (key) => EventDefinition.namePattern.test(key),
  "the domain is one of EventCatalog.reservedDomains: add a new one there": (_, { domain }) =>
    EventCatalog.reservedDomains.some((reserved) => reserved === domain),
  "the description is a sentence with a capital letter and a full stop": (_, { description }) =>
    /^[A-Z].*\.$/.test(description),
  "fires is a clause: it starts in lower case and has no full stop": (_, { fires }) => !/^[A-Z]|\.$/.test(fires),
  "the message has no full stop and no dots: a log line shows it as it is": (_, { message }) => !message.includes("."),
  "there is a route in src/events/internal/defaultRoutes.ts": (key) => key in defaultRoutes,
  "a transition has fromState and toState, other events have neither: events of task and step, and step.skip, are transitions":
    (key, { payload }) =>
      "toState" in payload.fields === (/^(?:task|step)\./.test(key) || key === "observability.step.skip")
}

const brokenRules = (catalog: Readonly<Record<string, EventDefinition.Any>>): ReadonlyArray<string> =>
  Object.entries(catalog).flatMap(([key, definition]) =>
    Object.entries(rules).flatMap(([rule, holds]) => holds(key, definition) ? [] : [`event "${key}": ${rule}`])
  )

describe("EventCatalog.catalog", () => {
  it("keeps the rules for definitions", () => {
    assert.deepStrictEqual(brokenRules(EventCatalog.catalog), [])
  })

  it("has no route for what is no event", () => {
    assert.deepStrictEqual(Object.keys(defaultRoutes).filter((name) => !EventCatalog.isName(name)), [])
  })

  it("names each rule that a definition breaks", () => {
    const broken: EventDefinition.Any = {
      name: "shop.other",
      domain: "shop",
      description: "no sentence",
      fires: "Once.",
      severity: "Info",
      message: "shop.sold",
      payload: Schema.Struct({ orderId: Schema.String, toState: Schema.String }),
      attributes: ["orderId", "channel"]
    }
    assert.deepStrictEqual(
      brokenRules({ Sold: broken }),
      Object.keys(rules).map((rule) => `event "Sold": ${rule}`)
    )
  })
})

describe("EventCatalog.define", () => {
  it("makes a definition with a severity and a message of its own accord", () => {
    const definition = EventCatalog.define("billing.invoice_sent", { ...about, attributes: ["channel"] })
    assert.deepStrictEqual(definition, {
      name: "billing.invoice_sent",
      domain: "billing",
      ...about,
      severity: "Info",
      message: "billing invoice sent",
      attributes: ["channel"]
    })
  })

  it.each(EventCatalog.reservedDomains)("refuses the domain %s", (domain) => {
    assert.strictEqual(
      refusal(() => EventCatalog.define(`${domain}.mine` as never, about)),
      `event "${domain}.mine": the domain "${domain}" is reserved`
    )
  })

  it.each([
    "invoice",
    "Billing.sent",
    "billing.",
    ".sent",
    "billing..sent",
    "billing.in-voice",
    "billing.*",
    "",
    "1.a"
  ])(
    "refuses the name \"%s\"",
    (name) => {
      assert.strictEqual(
        refusal(() => EventCatalog.define(name as never, about)),
        `event "${name}": a name has lower-case words divided by dots, as in billing.invoice_sent`
      )
    }
  )
})

describe("EventCatalog.collect", () => {
  const sent = EventCatalog.define("billing.sent", about)
  const paid = EventCatalog.define("billing.paid", about)

  it("gives definitions by name", () => {
    assert.deepStrictEqual(EventCatalog.collect([sent, paid]), { "billing.sent": sent, "billing.paid": paid })
  })

  it("refuses two definitions of one name, and those of the catalog", () => {
    assert.strictEqual(
      refusal(() => EventCatalog.collect([sent, paid, EventCatalog.define("billing.sent", about)])),
      "event \"billing.sent\" is declared twice"
    )
    assert.strictEqual(
      refusal(() => EventCatalog.collect([EventCatalog.catalog["task.completed"]])),
      "event \"task.completed\": the domain \"task\" is reserved"
    )
    assert.strictEqual(
      refusal(() => EventCatalog.collect([{ ...sent, name: "task.completed" }])),
      "event \"task.completed\": the domain \"task\" is reserved"
    )
  })

  it("is looked at by every lookup", () => {
    const events = EventCatalog.collect([sent, paid])
    assert.strictEqual(EventCatalog.find("billing.paid", events), paid)
    assert.deepStrictEqual(EventCatalog.ofDomain("billing", events), [sent, paid])
    assert.deepStrictEqual(EventCatalog.search("LEFT THE HOUSE", events), [sent, paid])
  })
})

describe("EventCatalog lookups", () => {
  it("find an event by its name alone", () => {
    assert.strictEqual(EventCatalog.find("step.failed"), EventCatalog.catalog["step.failed"])
    for (const name of ["step.fail", "toString", "__proto__", ""]) {
      assert.isUndefined(EventCatalog.find(name))
      assert.isFalse(EventCatalog.isName(name))
    }
  })

  it("give the events of a domain in their order", () => {
    assert.deepStrictEqual(
      EventCatalog.ofDomain("task").map(({ name }) => name),
      EventCatalog.names.filter((name) => name.startsWith("task."))
    )
    assert.deepStrictEqual(EventCatalog.ofDomain("tas"), [])
  })

  it("search in name, description and occasion", () => {
    const found = (text: string) => EventCatalog.search(text).map(({ name }) => name)
    assert.deepStrictEqual(found("MAX_RETRIES"), ["observability.step.max_retries_reached"])
    assert.deepStrictEqual(found("handed to the background"), ["observability.task.enqueue"])
    assert.include(found("pending → complete"), "observability.step.skip")
    assert.lengthOf(found(""), EventCatalog.names.length)
    assert.deepStrictEqual(found("no such text"), [])
  })
})
