import { assert, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/redaction/Redaction.ts"

const all = [...Redaction.defaultPatterns, "email"] as const
const policy = Redaction.make({ patterns: all })

describe("Redaction of long texts", () => {
  /** Characters of the shorter text; the longer one has four times as many. */
  const size = 8192
  const repeated = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)
  const adversarial: Readonly<Record<string, string>> = Object.fromEntries(
    [
      "a",
      " ",
      "=",
      ":",
      "\"",
      "'",
      "\\",
      "-",
      ".",
      "@",
      "/",
      "{",
      "[",
      "1",
      "-eyJ",
      "eyJ",
      "eyJ.",
      "token",
      "token ",
      "token=",
      "token=\"",
      "token='a",
      "token=[",
      "a=",
      "a: ",
      "a=\"",
      "cookie",
      "cookie ",
      "cookie:",
      "bearer ",
      "basic ",
      "Bearer\n",
      "digest ",
      "digest\n",
      "digest username=",
      "digest username",
      "digest username=,\n ",
      "digest username =\n",
      "token=digest ",
      "token=digest a",
      "token=digest a=",
      "token=digest a=,\n ",
      "token=digest\n\n",
      "token=\"digest ",
      "token=\"digest a=\"",
      "token=\\\"",
      "token=\\\"\\\\\\",
      ",\n ",
      "://",
      "://a:b",
      "://a:b/@",
      "://:",
      "API key: a ",
      "api ",
      "password==",
      "password=a ",
      ";password=a ",
      ";password=a b;c=",
      "name=",
      "name=\"a\"\r\n",
      "name=\"password\"\n\n",
      "name=\"password\"\n\n\n--",
      "-----BEGIN PGP PRIVATE KEY BLOCK-----",
      "//a:",
      "//@",
      "name: token value: ",
      "value=\"a\" ",
      "{\"value\":\"a\",",
      "[\"a\",\"b\",",
      "<key>a</key>",
      "--password ",
      "-u a:b ",
      " -p ",
      "mysql ",
      "mysql -p",
      "password '",
      "identified by ",
      "token=\"\"\"",
      "token:\n- a\n",
      "token:\na\n",
      "token: the ",
      "token: Option<",
      "const token = a.b(",
      "token=a(",
      "this.token = a.",
      "/a/b/token: ",
      "arn:token:",
      "<password>",
      "<a><![CDATA[",
      "&lt;token&gt;",
      "?code=a",
      "//hooks.slack.com/services/",
      "ghp_",
      "sk-",
      "A.A.",
      "eyJ..",
      "aaaaaaaaaaaaaaaaaaaa ",
      "%5Btoken%5D",
      "a@",
      "a@a.",
      "@a",
      "-----BEGIN ",
      "-----BEGIN PRIVATE KEY-----",
      "-----END ",
      "AKIA",
      "AKIAAAAAAAAAAAAAAAAA",
      "4111 ",
      "4111-1111-",
      "41111111111111111",
      "''",
      "'\\",
      "'\\\n",
      "$a$",
      "$$",
      "--",
      "/*",
      "E'",
      "0x",
      "1e",
      "\\\"",
      "token\\",
      "api_",
      "api_key",
      "key1",
      "1key_",
      "X-",
      "aA",
      "A",
      "\u0301",
      "\u0e01\u0e34\u0e19\u0e19\u0e49\u0e33\u0e17\u0e35\u0e48",
      "\u0939\u093f\u0928\u094d\u0926\u0940",
      "\u0628\u0650\u0633\u0652\u0645\u0650",
      "\u2764\ufe0f",
      "\ud800"
    ].map((text) => [JSON.stringify(text), text]) // dprint-ignore
  )

  /** Milliseconds of processor time. */
  const timeOf = (text: string): number => {
    const start = process.cpuUsage()
    const own = Redaction.make({ patterns: all, keys: ["iban", "/^x-.*key$/i"] })
    for (const current of [policy, own]) {
      current.text(text)
      current.text(`${text}!`)
      current.text(`token: x ${text}`)
      current.sql(text)
      current.isSensitive(text)
      current.apply("value", { [text]: text })
    }
    const { system, user } = process.cpuUsage(start)
    return (user + system) / 1000
  }

  // Four times the text takes four times as long where the time is linear, and sixteen times where it is quadratic.
  it.each(Object.keys(adversarial))("takes a time linear in its input: 32 KiB of %s", (name) => {
    const text = adversarial[name]!
    const short = timeOf(repeated(text, size))
    assert.isBelow(timeOf(repeated(text, 4 * size)), 8 * short + 50)
  })

  it("gives no text longer than a mebibyte, nor one in an object longer than 64 Ki characters", () => {
    const long = "token=a ".repeat(1_000_000)
    assert.isAtMost(policy.text(long).length, 1_048_576)
    assert.match(policy.text(long), /…\[\d+ more\]$/)
    const { inside } = policy.apply("value", { inside: long }) as { readonly inside: string }
    assert.isAtMost(inside.length, 65_536)
  })
})
