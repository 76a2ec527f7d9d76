import { assert, describe, it } from "@effect/vitest"
import { truncateAtWord, truncateMasked } from "../../src/internal/truncateAtWord.ts"
import { searchedText } from "../../src/redaction/internal/encodeJson.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"

describe("cut", () => {
  it.each([
    ["a text within the limit", 100, "a text within the limit"],
    ["ends between words", 12, "ends between"],
    ["ends between words", 11, "ends"],
    ["line\nlonger", 8, "line"],
    ["no", 0, ""],
    ["paid with 4111 1111 1111 1111", 24, "paid with"],
    ["{\"a\":\"b\",\"c\":\"d\"}", 12, "{\"a\":\"b\",\"c"],
    ["a { value: \"x\", name: \"password\" }", 18, "a "]
  ])("cuts %j at %i", (text, limit, expected) => {
    assert.strictEqual(truncateAtWord(text, limit).trimEnd(), expected.trimEnd())
  })

  it("gives up no more than 256 characters of a word", () => {
    assert.strictEqual(truncateAtWord("x".repeat(2000), 1000).length, 744)
  })

  it("leaves out a URL of any length that it would cut", () => {
    assert.strictEqual(truncateAtWord(`at postgres://app:${"x".repeat(2000)}@db`, 1000), "at postgres:")
  })
})

/** Secrets that are known by what follows, or by their length. */
const secrets: Readonly<Record<string, readonly [text: string, secret: string]>> = {
  "a password in a URL": [`postgres://app:${"Zq7".repeat(10)}@db/shop`, "Zq7Zq7Zq7"],
  "a long password in a URL": [`postgres://app:${"Zq7".repeat(300)}@db/shop`, "Zq7Zq7Zq7"],
  "a token of a vendor": [["gh", "p_", "Zq7".repeat(12)].join(""), "Zq7Zq7Zq7"],
  "a JSON web token": [`eyJhbGciOiJIUzI1NiJ9.${"Zq7".repeat(10)}.${"Zq7".repeat(10)}`, "Zq7Zq7Zq7"],
  "a long bearer token": [`Authorization: Bearer ${"Zq7".repeat(500)}`, "Zq7Zq7Zq7"],
  "a card number in groups": ["4111 1111 1111 1111", "4111 1111"],
  "a quoted password": [`{"password":"${"Zq7 ".repeat(10)}"}`, "Zq7 Zq7"],
  "a private key": [`-----BEGIN PRIVATE KEY-----\n${"Zq7\n".repeat(10)}-----END PRIVATE KEY-----`, "Zq7\nZq7"],
  "a value before its name": [`{ "value": "${"Zq7".repeat(5)}", "name": "DB_PASSWORD" }`, "Zq7Zq7Zq7"],
  "an element of XML": [`<password>${"Zq7".repeat(10)}</password>`, "Zq7Zq7Zq7"],
  "a web hook": [`https://hooks.slack.com/services/T0/B0/${"Zq7".repeat(8)}`, "Zq7Zq7Zq7"]
}

describe("a text that is masked and cut", () => {
  const policy = Redaction.make()
  const limit = 400

  it.each(Object.keys(secrets))("has no half of %s, wherever the limit falls", (name) => {
    const [text, secret] = secrets[name]!
    // What stands before it is masked, and so is shorter afterwards.
    for (
      const before of ["", "password=abcdefghijklmnopqrstuvwxyz ".repeat(10), "token=abcdefghijklmnop ".repeat(80)]
    ) {
      for (let start = 300; start <= 440; start++) {
        const filler = "ab ".repeat(2000).slice(0, Math.max(0, start - before.length))
        const whole = `${before}${filler} ${text} ${"and more ".repeat(300)}`
        assert.notInclude(truncateMasked(whole, limit, policy.text), secret)
        assert.notInclude(searchedText(whole, limit, policy.text), secret)
        assert.notInclude(policy.text(truncateAtWord(whole, limit)), secret)
      }
    }
  })

  it("keeps its beginning", () => {
    assert.strictEqual(truncateMasked("a b c", 3, policy.text), "a b")
    assert.strictEqual(
      truncateMasked(`password=abc ${"d ".repeat(3000)}`, 30, policy.text),
      "password=[FILTERED] d d d d d "
    )
  })
})
