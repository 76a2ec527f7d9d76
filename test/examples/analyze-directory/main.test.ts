import { assert, describe, it } from "@effect/vitest"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll } from "vitest"
import { widthOf } from "../../../examples/analyze-directory/terminalText.ts"
import * as Database from "./support/database.ts"
import * as Document from "./support/document.ts"
import * as Folder from "./support/folder.ts"
import * as Program from "./support/program.ts"

const folder = Folder.temporaryFolder()
beforeAll(() => Folder.fill(folder))
afterAll(Program.stopAll)
const database = Database.shared()

const isOneSentence = (text: string): boolean => /^[^\n]+\.\n$/.test(text)

describe.concurrent("npm run demo", () => {
  it("prints one JSON document that agrees with the system and with itself", async () => {
    const { code, left, stderr, stdout } = await Program.start("main.ts", [folder, "--json"]).ended
    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(left, [])
    const document = JSON.parse(stdout) as Document.Document
    Document.check(document)
    const expected = Folder.countedBySystem(folder)
    const result = document.result!
    assert.strictEqual(document.task.status, "complete")
    assert.strictEqual(result.files, expected.files)
    assert.strictEqual(result.bytes, expected.bytes)
    assert.strictEqual(Document.linesIn(document), expected.lines)
    assert.strictEqual(result.linesByLanguage["TypeScript"], expected.typescriptLines)
    assert.strictEqual(result.linesByLanguage["Markdown"], expected.markdownLines)
    assert.deepStrictEqual(
      Object.fromEntries(result.duplicateGroups.map(({ paths, sha256 }) => [sha256, paths.length])),
      expected.duplicates
    )
    assert.deepStrictEqual(result.unreadable, [])
    const sql = document.spans.find((span) => "db.query.text" in span.attributes)
    assert.strictEqual(sql?.attributes["server.address"], "127.0.0.1")
    assert.notStrictEqual(sql?.attributes["server.port"], 5432)
  })

  it("prints 100 columns without control characters for a person", async () => {
    const { code, left, stderr, stdout } = await Program.start("main.ts", [folder, "--all"], database()).ended
    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(left, [])
    const { duplicates, files } = Folder.countedBySystem(folder, true)
    assert.include(stdout, `${files} files`)
    assert.include(stdout, `${Object.keys(duplicates).length} groups`)
    for (
      const part of [
        "✓ complete",
        "Trace",
        "Result",
        "Metrics",
        "Where the time went",
        "Critical path",
        "What to change",
        "Evidence: 1 run, "
      ]
    ) {
      assert.include(stdout, part)
    }
    const lines = stdout.split("\n")
    assert.deepStrictEqual(lines.filter((line) => widthOf(line) > 100), [])
    // oxlint-disable-next-line no-control-regex
    assert.notMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/)
    for (const step of ["discover_files", "count_lines", "store_report", "summarize"]) {
      assert.isTrue(lines.some((line) => new RegExp(`─ ${step} +[\\d.]+ (?:µs|ms|s) .*[▏▎▍▌▋▊▉█]`).test(line)), step)
    }
  })

  it.each([
    [["/nowhere/at/all"], "\"/nowhere/at/all\" does not exist; name a folder that does."],
    [["package.json"], "\"package.json\" is a file; name a folder."],
    [[], "Name one folder"],
    [["src", "--unknown"], "--help shows the options"]
  ])("refuses %j", async (args, message) => {
    const { code, left, stderr, stdout } = await Program.start("main.ts", args).ended
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, "")
    assert.isTrue(isOneSentence(stderr), stderr)
    assert.include(stderr, message)
    assert.deepStrictEqual(left, [])
  })

  it("refuses a bad option of the environment", async () => {
    const { code, left, stderr } = await Program.start("main.ts", [folder], { TASKER_EXECUTION_CONCURRENCY: "many" })
      .ended
    assert.strictEqual(code, 1)
    assert.include(stderr, "TASKER_EXECUTION_CONCURRENCY")
    assert.deepStrictEqual(left, [])
  })

  it("says when its spans were refused, and shows the result all the same", async () => {
    const server = createServer((_request, response) => response.writeHead(400).end()).listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, left, stderr, stdout } = await Program.start("main.ts", [folder], {
      ...database(),
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint
    }).ended
    server.close()
    assert.strictEqual(code, 1)
    assert.include(stdout, "✓ complete")
    assert.match(stderr, new RegExp(`\\d+ spans could not be delivered to ${endpoint};`))
    assert.deepStrictEqual(left, [])
  })

  it("ends when nobody reads on", async () => {
    const program = Program.start("main.ts", [folder, "--json"], database())
    program.closeOutput()
    const { code, left, stderr } = await program.ended
    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(left, [])
  })

  it("leaves nothing behind after a signal in the middle", async () => {
    const large = Folder.temporaryFolder()
    Folder.makeSparse(`${large}/sparse`, 20 * 2 ** 30)
    const program = Program.start("main.ts", [large])
    await program.appeared("postgres -D")
    program.kill("SIGHUP")
    const { code, left, stdout } = await program.ended
    Folder.remove(large)
    assert.strictEqual(code, 130)
    assert.strictEqual(stdout, "")
    assert.deepStrictEqual(left, [])
  })
})
