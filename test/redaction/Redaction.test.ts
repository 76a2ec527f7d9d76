import { assert, describe, it } from "@effect/vitest"
import { Option, Redacted, Schema } from "effect"
import * as Redaction from "../../src/redaction/Redaction.ts"

const policy = Redaction.make()
const mask = "[FILTERED]"

describe("Redaction keys", () => {
  it.each([
    "password",
    "Password",
    "PASSWORD",
    "passwd",
    "pwd",
    "passphrase",
    "user_password",
    "passwordHash",
    "password1",
    "token",
    "accessToken",
    "access_token",
    "X-Auth-Token",
    "refresh.token",
    "secret",
    "clientSecret",
    "secrets",
    "authorization",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "apiKey",
    "api_key",
    "X-Api-Key",
    "apikey",
    "APIKey",
    "accessKey",
    "accessKeyId",
    "private_key",
    "privateKeyPem",
    "encryptionKey",
    "signing-key",
    "credential",
    "credentials",
    "creditCard",
    "credit_card_number",
    "cvv",
    "cvc",
    "ssn",
    "salt",
    "otp",
    "email",
    "userEmail",
    "certificate",
    "encrypted_data",
    "decryptedBody",
    "crypt",
    "cookies",
    "signedCookies",
    "tokens",
    "accessTokens",
    "emails",
    "salts",
    "userOTPs",
    "apiKeys",
    "certificates",
    "token2",
    "passWord",
    "e-mail",
    "emailaddress",
    "PGPASSWORD",
    "accesstoken",
    "clientsecret",
    "dbpassword",
    "dbpwd",
    "useremail",
    "csrftoken",
    "X-Authtoken",
    "sessioncookies",
    "awsapikey",
    "secretkey",
    "clientcertificate",
    "bcrypt",
    "totp",
    "otpcode",
    "userssn",
    "STRIPE_KEY",
    "STRIPE_KEY_2",
    "SSH_KEY",
    "sshKeys",
    "RAILS_MASTER_KEY",
    "AccountKey",
    "SharedAccessKey",
    "AZURE_STORAGE_KEY",
    "service-role-key",
    "sign_in_tokens"
  ])("masks %s", (key) => {
    assert.isTrue(policy.isSensitive(key))
    assert.strictEqual(policy.apply(key, "value"), mask)
  })

  it.each([
    "name",
    "tokenizer_name",
    "tokenization",
    "idempotency_key",
    "cacheKey",
    "cache_key",
    "query_key",
    "numberOfKeys",
    "stringKeys",
    "key",
    "keys",
    "primaryKey",
    "secretary",
    "compass",
    "passenger",
    "mailbox",
    "mailed_at",
    "salty",
    "author",
    "optional",
    "description",
    "",
    "taskId",
    "monkey",
    "turkey",
    "keyboard",
    "keyword",
    "salted",
    "performance_key",
    "foreign_key",
    "sort_key",
    "partitionKey",
    "routing_key",
    "publicKey",
    "ssh_public_key",
    "unique_keys",
    "rowKey",
    "object_key",
    "aws.s3.key",
    "messaging.kafka.message.key",
    "feature_flag.key",
    "map_key",
    "storage_key",
    "lastEvaluatedKey",
    "max_keys",
    "key_count",
    "max_tokens",
    "maxTokens",
    "max_tokens_to_sample",
    "total_tokens",
    "prompt_tokens",
    "prompt_tokens_details",
    "gen_ai.usage.input_tokens",
    "gen_ai.token.type",
    "x-ratelimit-remaining-tokens",
    "tokens_per_second",
    "token_count",
    "llm.token_count.prompt",
    "tokenizer",
    "email_count",
    "min_password_length"
  ])("leaves %s alone", (key) => {
    assert.isFalse(policy.isSensitive(key))
    assert.strictEqual(policy.apply(key, "value"), "value")
  })

  it("takes further keys as parts of names, in any case, beside its own", () => {
    const further = Redaction.make({ keys: ["IBAN", "blood"], mask: "***" })
    assert.deepStrictEqual(
      further.apply("patient", { customerIban: "DE02", BloodGroup: "A", password: "x", city: "Bonn" }),
      { customerIban: "***", BloodGroup: "***", password: "***", city: "Bonn" }
    )
  })

  it("answers the same for a key however many it has seen", () => {
    const fresh = Redaction.make()
    for (let index = 0; index < 10_000; index++) fresh.isSensitive(`key${index}`)
    assert.isTrue(fresh.isSensitive("newPassword"))
    assert.isTrue(fresh.isSensitive("newPassword"))
    assert.isFalse(fresh.isSensitive("key1"))
  })
})

describe("Redaction values", () => {
  class Account {
    readonly id = 1
    readonly password: string
    constructor(password: string) {
      this.password = password
    }
  }

  it("masks members of objects, arrays, maps, sets and class instances", () => {
    assert.deepStrictEqual(
      policy.apply("payload", {
        list: [{ token: "t", n: 1 }],
        map: new Map<string, unknown>([["apiKey", "k"], ["nested", { cvv: 1 }]]),
        set: new Set([{ secret: "s" }]),
        account: new Account("p"),
        option: Option.some({ password: "p" })
      }),
      {
        list: [{ token: mask, n: 1 }],
        map: { apiKey: mask, nested: { cvv: mask } },
        set: [{ secret: mask }],
        account: { id: 1, password: mask },
        option: { _id: "Option", _tag: "Some", value: { password: mask } }
      }
    )
  })

  it("leaves what holds no secret as it is", () => {
    const date = new Date(0)
    for (const value of ["text", 1, 2n, true, null, undefined, date]) {
      assert.strictEqual(policy.apply("value", value), value)
    }
    assert.deepStrictEqual(policy.apply("error", new TypeError("bad")), { name: "TypeError", message: "bad" })
    assert.strictEqual(policy.apply("url", new URL("http://localhost/a")), "http://localhost/a")
  })

  it("masks a Redacted wherever it stands", () => {
    const hidden = Redacted.make("hidden")
    assert.strictEqual(policy.apply("value", hidden), mask)
    assert.deepStrictEqual(policy.apply("value", { a: [hidden], b: new Map([["c", hidden]]) }), {
      a: [mask],
      b: { c: mask }
    })
  })

  it("masks what cannot be looked at and keeps the rest", () => {
    const value = {
      fine: 1,
      get broken(): string {
        throw new Error("getter")
      },
      json: {
        toJSON() {
          throw new Error("toJSON")
        }
      },
      loop: {
        toJSON() {
          return this
        }
      }
    }
    assert.deepStrictEqual(policy.apply("value", value), { fine: 1, broken: mask, json: mask, loop: mask })
    const proxy = new Proxy({}, {
      ownKeys() {
        throw new Error("ownKeys")
      }
    })
    assert.strictEqual(policy.apply("value", proxy), mask)
  })

  it("masks a plain object under a sensitive key that is shown by its toJSON", () => {
    const hidden = { toJSON: () => "hunter2!X9" }
    const unreadable = Object.defineProperty({ kind: "none" }, "toJSON", {
      get: () => {
        throw new Error("getter")
      }
    })
    for (
      const password of [hidden, { used: hidden }, [hidden], Object.create(null, { toJSON: { value: hidden.toJSON } })]
    ) {
      assert.deepStrictEqual(policy.apply("value", { password }), { password: mask })
      assert.strictEqual(policy.apply("password", password), mask)
      assert.isTrue(policy.masks(["password"], password))
    }
    assert.deepStrictEqual(policy.apply("value", { password: unreadable }), { password: mask })
    assert.deepStrictEqual(policy.apply("value", { shown: hidden }), { shown: "hunter2!X9" })
  })

  it("looks eight levels deep", () => {
    const nest = (depth: number): unknown => depth === 0 ? "bottom" : { in: nest(depth - 1) }
    assert.include(JSON.stringify(policy.apply("value", nest(8))), "bottom")
    assert.notInclude(JSON.stringify(policy.apply("value", nest(9))), "bottom")
  })

  it("comes to an end on circular and on wide structures", () => {
    const circular: Record<string, unknown> = { password: "p", name: "n" }
    circular["self"] = circular
    circular["others"] = [circular, circular, circular]
    const text = JSON.stringify(policy.apply("value", circular))
    assert.notInclude(text, "\"p\"")
    assert.isBelow(text.length, 200_000)
    const wide = Array.from({ length: 5000 }, (_, index) => ({ index }))
    const seen = policy.apply("value", wide) as ReadonlyArray<unknown>
    assert.lengthOf(seen, 5000)
    assert.lengthOf(seen.filter((item) => item !== mask), 999)
  })

  it("keeps members whose names look alike once they are masked, and one called __proto__", () => {
    const policy = Redaction.make({ patterns: ["email"] })
    assert.deepStrictEqual(policy.apply("x", { "a@x.com": 1, "b@x.com": 2, "[FILTERED]": 3 }), {
      "[FILTERED]_2": 1,
      "[FILTERED]_3": 2,
      "[FILTERED]": 3
    })
    assert.strictEqual(
      JSON.stringify(policy.apply("x", JSON.parse("{\"__proto__\":{\"a\":1},\"b\":2}"))),
      "{\"__proto__\":{\"a\":1},\"b\":2}"
    )
  })

  it("takes boxed texts and numbers for what is in them", () => {
    assert.deepStrictEqual(Redaction.make().apply("x", { a: Object("password=b"), c: Object(1) }), {
      a: "password=[FILTERED]",
      c: 1
    })
  })

  it("does not change its input", () => {
    const input = { password: "p", list: [{ token: "t" }], map: new Map([["secret", "s"]]) }
    policy.apply("value", input)
    assert.deepStrictEqual(input, { password: "p", list: [{ token: "t" }], map: new Map([["secret", "s"]]) })
  })

  const Json: Schema.Codec<unknown> = Schema.Record(
    Schema.Literals(["a", "password", "b", "api_key", "items"]),
    Schema.Union([
      Schema.Literal("CANARY"),
      Schema.Int,
      Schema.Array(Schema.Record(Schema.Literals(["token", "c"]), Schema.Int))
    ])
  )

  it.prop("lets no value of a sensitive key through", [Json], ([value]) => {
    const seen = policy.apply("value", value) as Record<string, unknown>
    for (const key of ["password", "api_key"]) if (key in seen) assert.strictEqual(seen[key], mask)
    assert.notMatch(JSON.stringify(seen), /"token":\d/)
  })
})
