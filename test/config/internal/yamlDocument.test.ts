import { assert, describe, it } from "@effect/vitest"
import * as yamlDocument from "../../../src/config/internal/yamlDocument.ts"

/** The variables of the specification's own table. */
const variables = {
  STRING_VALUE: "value",
  BOOL_VALUE: "true",
  INT_VALUE: "1",
  FLOAT_VALUE: "1.1",
  HEX_VALUE: "0xdeadbeef",
  INVALID_MAP_VALUE: "value\nkey:value",
  DO_NOT_REPLACE_ME: "Never use this value",
  REPLACE_ME: "${DO_NOT_REPLACE_ME}",
  VALUE_WITH_ESCAPE: "value$$"
}

const parse = (text: string) => yamlDocument.parse(text, variables)

describe("yamlDocument", () => {
  it.each<readonly [string, unknown]>([
    ["${STRING_VALUE}", "value"],
    ["${BOOL_VALUE}", true],
    ["${INT_VALUE}", 1],
    ["${FLOAT_VALUE}", 1.1],
    ["${HEX_VALUE}", 3_735_928_559],
    ["\"${STRING_VALUE}\"", "value"],
    ["\"${BOOL_VALUE}\"", "true"],
    ["\"${INT_VALUE}\"", "1"],
    ["\"${FLOAT_VALUE}\"", "1.1"],
    ["\"${HEX_VALUE}\"", "0xdeadbeef"],
    ["${env:STRING_VALUE}", "value"],
    ["${INVALID_MAP_VALUE}", "value\nkey:value"],
    ["foo ${STRING_VALUE} ${FLOAT_VALUE}", "foo value 1.1"],
    ["${UNDEFINED_KEY}", null],
    ["${UNDEFINED_KEY:-fallback}", "fallback"],
    ["${REPLACE_ME}", "${DO_NOT_REPLACE_ME}"],
    ["${UNDEFINED_KEY:-${STRING_VALUE}}", "${STRING_VALUE}"],
    ["$${STRING_VALUE}", "${STRING_VALUE}"],
    ["$$${STRING_VALUE}", "$value"],
    ["$$$${STRING_VALUE}", "$${STRING_VALUE}"],
    ["$${STRING_VALUE:-fallback}", "${STRING_VALUE:-fallback}"],
    ["$${STRING_VALUE:-${STRING_VALUE}}", "${STRING_VALUE:-value}"],
    ["${UNDEFINED_KEY:-$${UNDEFINED_KEY}}", "${UNDEFINED_KEY:-${UNDEFINED_KEY}}"],
    ["${VALUE_WITH_ESCAPE}", "value$$"],
    ["a $$ b", "a $ b"],
    ["a $ b", "a $ b"]
  ])("substitutes `key: %s`", (value, expected) => {
    assert.deepStrictEqual(parse(`key: ${value}`), { key: expected })
  })

  it.each<readonly [string, unknown]>([
    ["${INT_VALUE}${INT_VALUE}", 11],
    ["-${INT_VALUE}", -1],
    ["[${INT_VALUE}, '${INT_VALUE}', ${UNDEFINED_KEY:-a,b}]", [1, "1", "a,b"]],
    ["{inner: ${BOOL_VALUE}, ${INT_VALUE}: '${INT_VALUE}'}", { inner: true, "${INT_VALUE}": "1" }],
    ["{${INT_VALUE}: 1, ${BOOL_VALUE}: ${BOOL_VALUE}}", { "${INT_VALUE}": 1, "${BOOL_VALUE}": true }],
    ["${UNDEFINED_KEY:-http://localhost:4318}/v1/traces", "http://localhost:4318/v1/traces"],
    ["${UNDEFINED_KEY:-}", null],
    ["${UNDEFINED_KEY:-false}", false],
    ["${UNDEFINED_KEY:- 5}", " 5"],
    ["|\n  ${INT_VALUE}\n", "1\n"],
    ["# ${1BAD}", null]
  ])("gives `key: %s` its type", (value, expected) => {
    assert.deepStrictEqual(parse(`key: ${value}`), { key: expected })
  })

  it("leaves keys alone", () => {
    assert.deepStrictEqual(parse("${STRING_VALUE}: ${STRING_VALUE}\na$$b: 1"), {
      "${STRING_VALUE}": "value",
      "a$$b": 1
    })
  })

  it.each(["${STRING_VALUE:?error}", "${1API_KEY}", "${API_$KEY}", "${}", "${env:}", "${file:x}"])(
    "refuses `key: %s` with the reference",
    (value) => {
      assert.throws(
        () => parse(`key: ${value}`),
        `${value} refers to no variable: expected \${NAME} or \${NAME:-default}`
      )
    }
  )

  it("names the variables that it needs, each once", () => {
    assert.deepStrictEqual(
      yamlDocument.referredVariables("a: ${A}\nb: ${env:B:-x} ${A}\nc: $${C} ${1D}"),
      ["A", "B"]
    )
  })
})
