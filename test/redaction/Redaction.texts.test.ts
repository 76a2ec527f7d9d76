import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Redaction from "../../src/redaction/Redaction.ts"

const all = [...Redaction.defaultPatterns, "email"] as const
const policy = Redaction.make({ patterns: all })
const mask = "[FILTERED]"
const digest = "Digest username=\"bob\", realm=\"r\", qop=auth, response=\"6629fae49393a05397450978507c4ef1\""

describe("Redaction.text", () => {
  it.each([
    ["password=hunter2", `password=${mask}`],
    ["error: password=hunter2, gone", `error: password=${mask}, gone`],
    ["--password=hunter2 -v", `--password=${mask} -v`],
    ["_token=abc", `_token=${mask}`],
    ["url=https://h/?token=abc&page=1", `url=https://h/?token=${mask}&page=1`],
    ["body=\"password=hunter2\"", `body="password=${mask}"`],
    ["password=\"a\\\"b\" c", `password="${mask}" c`],
    ["{\"secret\":\"a\\\\\",\"b\":1}", `{"secret":"${mask}","b":1}`],
    ["{\\\"secret\\\":\\\"a \\\\\\\"b\\\\\\\" c\\\",\\\"d\\\":1}", `{\\"secret\\":\\"${mask}\\",\\"d\\":1}`],
    ["{\\\"secret\\\":\\\"a b\\\",\\\"c\\\":1}", `{\\"secret\\":\\"${mask}\\",\\"c\\":1}`],
    ["{\"token\":[\"a\",\"b\"],\"c\":1}", `{"token":${mask},"c":1}`],
    ["credentials: { a: { b: 'c' } }, d", `credentials: ${mask}, d`],
    ["{\"api key\":\"a b\",\"c\":1}", `{"api key":"${mask}","c":1}`],
    ["{\\\"the user password\\\":\\\"a b\\\",\\\"c\\\":1}", `{\\"the user password\\":\\"${mask}\\",\\"c\\":1}`],
    ["{ 'secret of them all': 'a' }", `{ 'secret of them all': '${mask}' }`],
    ["Cookie: a=b; c=d\nHost: e", `Cookie: ${mask}\nHost: e`],
    ["Authorization: Bearer abc.def", `Authorization: ${mask}`],
    [`Authorization: ${digest}\nHost: e`, `Authorization: ${mask}\nHost: e`],
    [`proxy-authorization=${digest.toUpperCase()}`, `proxy-authorization=${mask}`],
    [`Authorization:\r\n  ${digest.replaceAll(", ", ",\r\n   ")}\r\nHost: e`, `Authorization:\r\n  ${mask}\r\nHost: e`],
    [JSON.stringify({ authorization: digest, b: 1 }), `{"authorization":"${mask}","b":1}`],
    [
      JSON.stringify(JSON.stringify({ authorization: digest, b: 1 })),
      `"{\\"authorization\\":\\"${mask}\\",\\"b\\":1}"`
    ],
    [JSON.stringify(`Authorization: ${digest}`), `"Authorization: ${mask}`],
    [`curl -H 'Authorization: ${digest}' https://h`, `curl -H 'Authorization: ${mask}`],
    [`{ authorization: '${digest}', b: 1 }`, `{ authorization: '${mask}', b: 1 }`],
    [`authorization="${digest}"`, `authorization=${mask}`],
    [`sent ${digest}`, `sent Digest ${mask}`],
    ["a digest  Response = 6629fae4, b", `a digest  ${mask}`],
    [`Bearer ${digest}`, `Bearer ${mask} ${mask}`],
    ["sent Bearer abcdefgh to b", `sent Bearer ${mask} to b`],
    ["Bearer\tabcdefgh", `Bearer\t${mask}`],
    ["Basic dXNlcjpwYXNz", `Basic ${mask}`],
    ["a eyJhbGciOi.eyJzdWIiOiIx.c2ln b", `a ${mask} b`],
    ["a-eyJhbGciOi.eyJzdWIiOiIx.c2ln", `a-${mask}`],
    ["key AKIAIOSFODNN7EXAMPLE.", `key ${mask}.`],
    ["AROAIOSFODNN7EXAMPLE", mask],
    ["postgres://u:p@ss@host/db", `postgres://${mask}@host/db`],
    ["//u:p@host", `//${mask}@host`],
    ["paid with 4111 1111 1111 1111.", `paid with ${mask}.`],
    ["3782-822463-10005", mask],
    ["mail to a.b+c@example.co.uk now", `mail to ${mask} now`],
    [
      "A_TOKEN_OF_THE_PRIMARY_REPLICA_IN_A_REGION_FAR_AWAY_FROM_HERE=abc",
      `A_TOKEN_OF_THE_PRIMARY_REPLICA_IN_A_REGION_FAR_AWAY_FROM_HERE=${mask}`
    ],
    ["passwords           : abc", `passwords           : ${mask}`],
    ["{\"secret\":{\"note\":\":}\",\"b\":\"c\"},\"d\":1}", `{"secret":${mask},"d":1}`],
    ["{\"secret\":{\"note\":\"{{\"},\"d\":\"shown\"}", `{"secret":${mask},"d":"shown"}`],
    [JSON.stringify({ a: JSON.stringify({ secret: ["\"]", "b"], c: 1 }) }), `{"a":"{\\"secret\\":${mask},\\"c\\":1}"}`],
    ["{ secret: [ 'a]b', 'c' ], d: 1 }", `{ secret: ${mask}, d: 1 }`],
    ["{ password: some(\"abc\") }", `{ password: ${mask} }`],
    ["password: b'abc', d", `password: ${mask}, d`],
    ["{ password: Map(1) { 'x' => 'abc' }, d: 1 }", `{ password: ${mask}, d: 1 }`],
    ["{ password: 'a\\n' +\n    'b', c: 1 }", `{ password: '${mask}', c: 1 }`],
    ["password: `it's \"abc\"` d", `password: \`${mask}\` d`],
    ["password=(abc) d", `password=${mask} d`],
    ["password: <abc>", `password: ${mask}`],
    ["\"password\" => \"abc\"", `"password" => "${mask}"`],
    ["user[password]=abc&b=1", `user[password]=${mask}&b=1`],
    ["<password>abc</password><b>c</b>", `<password>${mask}</password><b>c</b>`],
    ["password: |\n  abc\n  def\nd: 1", `password: ${mask}\nd: 1`],
    ["secret:\n  \"x\"\nb", `secret:\n  "${mask}"\nb`],
    ["Authorization: Hawk id=\"x\", mac=\"abc\"\nd", `Authorization: ${mask}\nd`],
    ["Authorization: SharedKey acct:abc", `Authorization: ${mask}`],
    ["a@b\u00fccher.de, \u00e4@b.xn--p1ai", `${mask}, ${mask}`],
    ["a@b.de.a@b.de, c@d.de", `${mask}, ${mask}`],
    ["a@b.de_1", mask],
    ["a@b.de4111111111111111", mask],
    ["PGPASSWORD=abc pg_dump", `PGPASSWORD=${mask} pg_dump`],
    ["X-Authtoken: abc", `X-Authtoken: ${mask}`],
    ["AccountName=x;AccountKey=abc==;EndpointSuffix=y", `AccountName=x;AccountKey=${mask};EndpointSuffix=y`],
    ["{\"cookies\":[\"a\"],\"apiKeys\":\"b\",\"c\":1}", `{"cookies":${mask},"apiKeys":"${mask}","c":1}`],
    ["Invalid URL: postgres://app:pa#abc@db/shop", `Invalid URL: postgres://${mask}@db/shop`],
    ["Invalid URL: amqp://app:pa?abc@mq", `Invalid URL: amqp://${mask}@mq`],
    ["cannot parse mysql://app:pa/abc@db/shop", `cannot parse mysql://${mask}@db/shop`],
    ["http://h:80/?to=redis://:pa#abc@db", `http://h:80/?to=redis://${mask}@db`],
    ["https://u:p@h/?mail=a", `https://${mask}@h/?mail=a`],
    ["API key: abc", `API key: ${mask}`],
    ["the Private  key: abc", `the Private  key: ${mask}`],
    ["secret access key = abc", `secret access key = ${mask}`],
    ["credit card: 1234", `credit card: ${mask}`],
    ["password:= abc", `password:= ${mask}`],
    ["password == abc", `password == ${mask}`],
    ["password === 'abc'", `password === '${mask}'`],
    ["password ||= abc", `password ||= ${mask}`],
    ["password ?= abc", `password ?= ${mask}`],
    ["password:: abc", `password:: ${mask}`],
    [
      "Content-Disposition: form-data; name=\"password\"\r\n\r\na b\r\nc\r\n--b\r\nd",
      `Content-Disposition: form-data; name="password"\r\n\r\n${mask}\r\n--b\r\nd`
    ],
    ["name=\"api_key\"\nContent-Type: text/plain\n\nabc", `name="api_key"\nContent-Type: text/plain\n\n${mask}`],
    ["Server=db;Password='a b abc';Encrypt=1", `Server=db;Password='${mask}';Encrypt=1`],
    ["Server=db;Password=a b abc;Timeout=1", `Server=db;Password=${mask} ${mask} ${mask};Timeout=1`],
    ["Password=a b abc;Initial Catalog=x", `Password=${mask} ${mask} ${mask};Initial Catalog=x`],
    ["\"Server=db;Password=a b abc\", b", `"Server=db;Password=${mask} ${mask} ${mask}", b`],
    ["Server=db;Pwd=a,abc&abc;Timeout=1", `Server=db;Pwd=${mask},${mask}&${mask};Timeout=1`],
    ["-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabc\n-----END PGP PRIVATE KEY BLOCK----- b", `${mask} b`],
    ["-----BEGIN PRIVATE KEY-----\nabc", mask]
  ])("masks the secret in %j", (text, masked) => {
    assert.strictEqual(policy.text(text), masked)
  })

  it.each([
    "basic information, standard bearer",
    "//@ts-expect-error",
    "content digest algorithm=sha256 value=abc",
    "token:\n\n2026-11-26 INFO started",
    "the token (see docs) was refreshed",
    "digest of the day: nonce=5, response=4",
    "Digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
    "image digest sha256:6629fae49393a05397450978507c4ef1",
    "the token was refreshed",
    "{\"url\":\"http://host\",\"mailbox\":\"x\"}",
    "cache_key=abc idempotency_key=def partitionKey: ghi",
    "usage: prompt_tokens=5 total_tokens=7 max_tokens: 9",
    "tokenizer=a, monkey: b, key=c, secretary: d",
    "http://localhost:3000/@fs/x, https://medium.com/@user/post, http://h:80?x=@, http://[::1]:3000/@fs/x",
    "file://C:/Users/@x/y, https://unpkg.com/@effect/x",
    "Content-Disposition: form-data; name=\"city\"\r\n\r\nBonn\r\n--b--",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----",
    "a=1; b=2 3 4; c=5",
    "duplicate key: a, cache key: b, the key: c, business card: d",
    "4111111111111112",
    "123e4567-e89b-12d3-a456-426614174000",
    "0af7651916cd43dd8448eb211c80319c",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "2026-11-23T09:34:08.040Z",
    "1795426497779497570 1795426497779 1795426497",
    "tsk_mcgi5my9_a24eXc",
    "task_id=t-1 step_id=s-1 trace_id=0af7651916cd43dd8448eb211c80319c"
  ])("leaves %j alone", (text) => {
    assert.strictEqual(policy.text(text), text)
  })

  const Id = Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))

  it.prop("leaves uuids, trace and span ids, times and correlation ids alone", [
    Id,
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_999_999_999_999 }))
  ], ([id, time]) => {
    const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    const instant = new Date(time).toISOString()
    for (
      const text of [
        `a ${uuid} b`,
        `trace_id=${id}`,
        `at ${instant}, ${time}`,
        `tsk_${time.toString(36)}_${id.slice(0, 6)}`
      ]
    ) {
      assert.strictEqual(policy.text(text), text)
      assert.deepStrictEqual(policy.apply("value", { text }), { text })
    }
  }, { arbitrary: { runs: 1000 } })

  // dprint-ignore
  const partsOfKeys = [
    "user", "api", "Api", "API", "key", "Key", "KEYS", "token", "Tokens", "email", "e", "mail", "pass", "word",
    "credit", "card", "max", "count", "cache", "salt", "otp", "OTPs", "Secret", "crypt", "decrypted", "certificates",
    "2", "s", "_", "_", "-", ".", "\u00e9", "monkey", "access"
  ]
  const Key = Schema.Array(Schema.Literals(partsOfKeys))

  it.prop("masks behind a key in a text what it masks behind the same key in an object", [Key], ([parts]) => {
    const key = parts.join("")
    const isMasked = policy.apply(key, "x1") === mask
    const shown = isMasked ? mask : "x1"
    if (key !== "") {
      assert.strictEqual(policy.text(`${key}=x1`), `${key}=${shown}`)
      assert.strictEqual(policy.text(`a; ${key}: x1, b`), `a; ${key}: ${shown}, b`)
      assert.strictEqual(policy.text(JSON.stringify({ [key]: "x1", b: 2 })), JSON.stringify({ [key]: shown, b: 2 }))
    }
  }, { arbitrary: { runs: 5000 } })

  const pieces = [
    "password",
    "=",
    ":",
    "\"",
    "'",
    "\\",
    "Bearer ",
    "Digest ",
    "username",
    "response",
    "Authorization: ",
    "\r\n ",
    "eyJhbGciOi",
    ".",
    "eyJzdWIi",
    "//",
    "user",
    "@",
    "host",
    " ",
    "\n",
    "4111111111111111",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    "token",
    "Cookie: ",
    "AKIAIOSFODNN7EXAMPLE",
    "x",
    mask,
    "-----BEGIN PRIVATE KEY-----",
    "a@b.de",
    "(",
    ")",
    "=>",
    "`",
    " +\n",
    ": |\n  ",
    "Authorization: ",
    "<password>",
    "</",
    "name=\"password\"",
    "\r\n\r\n",
    "\n--",
    ";",
    "a b;c=",
    "://",
    "api ",
    "key",
    "#",
    "=",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----"
  ] // dprint-ignore
  const Mixed = Schema.Array(Schema.Literals(pieces))

  it.prop("masks nothing more the second time", [Mixed], ([parts]) => {
    const once = policy.text(parts.join(""))
    assert.strictEqual(policy.text(once), once)
    assert.strictEqual(policy.text(policy.text(once)), once)
  }, { arbitrary: { runs: 5000 } })

  it.each([
    // The list has a name and nothing else, so its key lets it be. The pattern of addresses masks the name.
    "Cookie: [a@b.deAuthorization: }",
    "Cookie: [4111111111111111: }",
    "Cookie: [ghp_0123456789abcdefghijABCDEFGHIJ012345: ]",
    "password=[4111111111111111]",
    "password=/etc/run/4111111111111111",
    "token: ./certs/a@b.de",
    "the card in Cookie: your number 4111111111111111 is invalid",
    "<password>/etc/run/4111111111111111</password>",
    "tool --password /etc/run/4111111111111111",
    "name: password, value: /etc/run/4111111111111111",
    "[\"password\", \"/etc/run/4111111111111111\"]"
  ])("masks nothing more of %s the second time", (text) => {
    const once = policy.text(text)
    assert.notStrictEqual(once, text)
    assert.strictEqual(policy.text(once), once)
  })

  it.each([
    ["password=/etc/[FILTERED]/hunter2!", "password=[FILTERED]"],
    ["password=hunter[FILTERED]2", "password=[FILTERED]"],
    ["Cookie: [[FILTERED]: hunter2]", "Cookie: [FILTERED]"],
    ["tool --password hunter[FILTERED]", "tool --password [FILTERED]"]
  ])("masks what stands beside a mask: %s", (text, shown) => {
    assert.strictEqual(policy.text(text), shown)
  })

  it("takes a backslash alone for no beginning of a path", () => {
    const once = policy.text("Authorization: :\\Cookie: a b;c=")
    assert.notInclude(once, "a b")
    assert.strictEqual(policy.text(once), once)
  })

  it("takes no number for a call of a program", () => {
    assert.strictEqual(policy.text("Authorization: 4111111111111111("), "Authorization: [FILTERED]")
  })

  it.prop("finds nothing where there is no sign of a secret", [Mixed], ([parts]) => {
    const text = parts.join("")
    if (!policy.mayHold(text)) assert.strictEqual(policy.text(text), text)
    else assert.isAtMost(policy.text(text).length, text.length * 6 + 10)
  }, { arbitrary: { runs: 2000 } })

  /**
   * With an expression among its keys a policy takes no quick look at a text. What follows a mask of the policy itself is
   * no secret that a quick look has to find, so the mask is another one.
   */
  const thorough = Redaction.make({ keys: ["/(?!)/"], mask: "[HIDDEN]" })
  const quick = Redaction.make({ mask: "[HIDDEN]" })
  const Signs = Schema.Array(Schema.Literals([
    ...pieces,
    "mysql -pabc",
    "-u",
    "--USER",
    "--proxy-user a:b",
    "IDENTIFIED BY",
    "Digest ",
    "basic ",
    "dXNlcjpwYXNz",
    "HOOKS.slack.com/services/T0/B0/abcdefgh",
    "https:",
    "postgres:",
    "3782 822463 10005",
    "4111-1111-1111-1111",
    "7",
    "-",
    "akia",
    "ABSKabcdefghijklmnopqrstuvwx",
    "1//0abcdefghijklmnopqrstuvwxyz",
    "OTP",
    "pin",
    "saml_res",
    "hmac_sha",
    "sess",
    "id",
    ".sid",
    "X"
  ]))

  it.prop("finds by a quick look whatever a thorough search finds", [Signs], ([parts]) => {
    const text = parts.join("")
    assert.strictEqual(quick.text(text), thorough.text(text))
  }, { arbitrary: { runs: 5000 } })

  it("finds keys of any alphabet", () => {
    assert.strictEqual(
      Redaction.make({ keys: ["contrase\u00f1a"] }).text("contrase\u00f1a=abc"),
      `contrase\u00f1a=${mask}`
    )
  })

  it("knows the words of configured rules", () => {
    const own = Redaction.make({ keys: ["iban", "=pin", "/^x-.*code$/i"] })
    assert.strictEqual(
      own.text("customerIban=DE02 pin=1 spin=2 x-partner-code: abc y-code: d"),
      `customerIban=${mask} pin=${mask} spin=2 x-partner-code: ${mask} y-code: d`
    )
    assert.throws(() => Redaction.make({ keys: ["/(/"] }), RangeError)
  })

  it("counts what it masks by rule", () => {
    const counting = Redaction.make()
    counting.text("password=a password=b Bearer abcdefgh")
    counting.apply("token", "x")
    assert.deepStrictEqual(counting.counts(), { assignment: 2, bearer: 1, key: 1 })
  })

  it("masks names of members, and paths from the outermost key on", () => {
    const own = Redaction.make({ paths: ["customer.phone", "items.*.iban"] })
    assert.deepStrictEqual(own.apply("customer", { phone: "1", "Bearer abcdefgh": 2 }), {
      phone: mask,
      [`Bearer ${mask}`]: 2
    })
    assert.deepStrictEqual(own.apply("items", [{ iban: "a", city: "b" }]), [{ iban: mask, city: "b" }])
    assert.deepStrictEqual(own.apply("other", { phone: "1" }), { phone: "1" })
  })
})

describe("Redaction.sql", () => {
  it.each([
    ["select * from a where b = 'x' and c = 12.5e3", "select * from a where b = ? and c = ?"],
    ["where a = 'it''s' and b = E'\\n' and c = X'00'", "where a = ? and b = ? and c = ?"],
    ["-- it's\nwhere a = 'secret'", "/* */\nwhere a = ?"],
    ["/* it's */ where a = 'secret'", "/* */ where a = ?"],
    ["where \"it's\" = 'secret' and `it's` = 'b'", "where \"it's\" = ? and `it's` = ?"],
    ["where a = 'x\\' and b = 'secret'", "where a = ?"],
    ["where a = 'it\\'s secret'", "where a = ?"],
    ["where a = 'x\\\ny' and b = 1", "where a = ? and b = ?"],
    ["where a = $tag$ it's $$ $tag$ and b = $1", "where a = ? and b = $1"],
    ["where a = 0xDEADBEEF and table1.c2 = -1", "where a = ? and table1.c2 = ?"],
    ["where a = 'unclosed", "where a = ?"],
    ["set h = 'Digest username=\"x\", nonce=\"y\"'\nwhere pin = 'abc'", "set h = ?\nwhere pin = ?"],
    ["values ('http://h',@p1,'abc')", "values (?,@p1,?)"],
    ["where [it's] = 'abc' and b = ARRAY[e'abc'] and c[1] = 2", "where [it's] = ? and b = ARRAY[?] and c[?] = ?"],
    ["select a # don't\nfrom t where a = 'abc' and b #> '{c}'", "select a /* */\nfrom t where a = ? and b #> ?"],
    ["select /* a /* b */ it's */ 1 where a = 'abc'", "select /* */"],
    ["select q'[O'Brien abc]', nq'!it's!' from dual", "select ?, ? from dual"],
    ["select \"a\\\"b'c\", 'abc'", "select ?"],
    ["where a in (1_000_123, 0o777, 0b1011)", "where a in (?, ?, ?)"]
  ])("replaces the literals of %j", (sql, masked) => {
    assert.strictEqual(policy.sql(sql), masked)
  })
})

describe("Redaction of fields that hold SQL", () => {
  const sql = "select * from a where b = 'hunter2' and c = 7"
  const masked = "select * from a where b = ? and c = ?"

  it("replaces the literals under OpenTelemetry's names, wherever they stand", () => {
    for (
      const [key, value, shown] of [
        ["db.query.text", sql, masked],
        ["db.statement", sql, masked],
        ["db_statement", sql, masked],
        ["dbStatement", sql, masked],
        ["DB_QUERY_TEXT", sql, masked],
        ["tasker.event.db.query.text", sql, masked],
        ["db.statement", [sql, [sql]], [masked, [masked]]],
        ["db", { statement: sql, query: { text: sql, note: sql } }, {
          statement: masked,
          query: { text: masked, note: sql }
        }],
        ["order", { "db.statement": sql, "db.query": { text: [sql] } }, {
          "db.statement": masked,
          "db.query": { text: [masked] }
        }],
        ["db.statement", `${sql} and password=x`, `${masked} and password=${mask}`]
      ] as const
    ) {
      assert.deepStrictEqual(policy.apply(key, value), shown)
      assert.deepStrictEqual(Redaction.make({ patterns: [] }).apply("db.statement", sql), masked)
    }
  })

  it("leaves the literals of any other field", () => {
    for (const key of ["statement", "text", "query.text", "mydb.statement", "db.statements", "db.query", "note"]) {
      assert.strictEqual(policy.apply(key, sql), sql)
    }
  })

  it("leaves rules for keys their say", () => {
    assert.strictEqual(Redaction.make({ keys: ["statement"] }).apply("db.statement", sql), mask)
    assert.strictEqual(Redaction.make({ paths: ["db_statement"] }).apply("db_statement", sql), mask)
  })

  it("finds a literal that a limit cuts in two", () => {
    const { statement } = policy.apply("db", { statement: `${"x".repeat(65_530)} 'hunter2hunter2'` }) as {
      readonly statement: string
    }
    assert.notInclude(statement, "hunter")
    assert.match(statement, /x…\[\d+ more\]$/)
  })
})

describe("Redaction.mayHold", () => {
  it.each([
    "0192f0c1-7a3b-7000-8000-000000000012",
    "trace 0af7651916cd43dd8448eb211c80319c of span b7ad6b7169203331",
    "at 0017-0018-0190-0070"
  ])("looks no further at ids: %s", (text) => {
    assert.isFalse(policy.mayHold(text))
    assert.strictEqual(policy.text(text), text)
  })

  it.each([
    ["1 4111111111111111", `1 ${mask}`],
    ["of 0001 3782 822463 10005", `of 0001 ${mask}`],
    [`0af7651916cd43dd8448eb211c80319c ghp_${"a1".repeat(18)}`, `0af7651916cd43dd8448eb211c80319c ${mask}`],
    ["0af7651916cd43dd8448eb211c80319c-us12", mask],
    [`run/0af7651916cd SK${"0af7651916cd43dd".repeat(2)}`, `run/0af7651916cd ${mask}`]
  ])("finds what stands beside or within ids: %s", (text, shown) => {
    assert.isTrue(policy.mayHold(text))
    assert.strictEqual(policy.text(text), shown)
  })
})
