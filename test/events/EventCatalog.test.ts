import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { defaultRoutes } from "../../src/events/defaultRoutes.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventDefinition from "../../src/events/EventDefinition.ts"

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

describe("EventCatalog.catalog", () => {
  it("names only fields of the payload as attributes, and no ids", () => {
    for (const [name, { attributes, payload }] of Object.entries(EventCatalog.catalog)) {
      for (const attribute of attributes as ReadonlyArray<string>) {
        assert.property(payload.fields, attribute, name)
        assert.notMatch(attribute, /Id$/, name)
      }
    }
  })

  it("has every event under its own name, with domain, sentences and route", () => {
    for (const [key, definition] of Object.entries(EventCatalog.catalog)) {
      assert.strictEqual(definition.name, key as EventCatalog.EventName)
      assert.match(key, EventDefinition.namePattern)
      assert.include(EventCatalog.reservedDomains, definition.domain)
      assert.match(definition.description, /^[A-Z].*\.$/, key)
      assert.notMatch(definition.fires, /^[A-Z]|\.$/, key)
      assert.notInclude(definition.message, ".", key)
    }
    assert.deepStrictEqual(Object.keys(defaultRoutes).toSorted(), [...EventCatalog.names].toSorted())
  })

  it("gives from and to states to the transitions and to nothing else", () => {
    for (const [name, { payload }] of Object.entries(EventCatalog.catalog)) {
      assert.strictEqual(
        "toState" in payload.fields,
        /^(?:task|step)\./.test(name) || name === "observability.step.skip",
        name
      )
    }
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
