import { assert, describe, it } from "@effect/vitest"
import { encodeJson } from "../../src/redaction/internal/encodeJson.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"

const mask = "[FILTERED]"

describe("Redaction paths", () => {
  it.each<readonly [path: string, key: string, value: unknown, shown: unknown]>([
    ["customer.card.number", "customer.card.number", "1", mask],
    ["customer.card.number", "customer.card", { number: "1", name: "n" }, { number: mask, name: "n" }],
    ["customer.card.number", "customer", { "card.number": "1", card: "n" }, { "card.number": mask, card: "n" }],
    ["customer.card", "customer.card.number", "1", mask],
    ["customer.*.number", "customer.card.number", "1", mask],
    ["*.number", "customer.card", { number: "1" }, { number: mask }],
    ["*.number", "tasker.event.customer_card", { number: "1" }, { number: mask }],
    ["customerCard.number", "customer_card", { number: "1" }, { number: mask }],
    ["customer_card.number", "customerCard", { number: "1" }, { number: mask }],
    ["customerCard.number", "tasker.event.customer_card", { number: "1" }, { number: mask }],
    ["customer_card", "tasker.event.customer_card", { number: "1" }, mask],
    ["customer.card.number", "customer", { toJSON: () => ({ card: { number: "1" } }) }, { card: { number: mask } }],
    ["items.*.iban", "items", [{ toJSON: () => ({ iban: "1" }) }], [{ iban: mask }]],
    ["customer.card.number", "card.number", "1", "1"],
    ["customer.card.number", "customer.card", "1", "1"],
    ["customer.card.number", "customer.cards.number", "1", "1"],
    ["card", "customer.card", "1", "1"],
    ["event", "tasker.event", "1", "1"]
  ])("takes %s to name a place in %s", (path, key, value, shown) => {
    const own = Redaction.make({ paths: [path] })
    assert.deepStrictEqual(own.apply(key, value), shown)
    assert.deepStrictEqual(own.masks([key], value) ? mask : JSON.parse(encodeJson(value, own, [key])), shown)
  })
})
