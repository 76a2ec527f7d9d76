import { assert, describe, it } from "@effect/vitest"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout } from "node:timers/promises"
import { afterAll } from "vitest"
import * as Database from "./support/database.ts"
import * as Folder from "./support/folder.ts"
import * as Program from "./support/program.ts"

afterAll(Program.stopAll)
const database = Database.shared()

const openUrl = async (program: Program.Running): Promise<string> => {
  const line = await program.firstError()
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
  assert(url !== undefined, line)
  return url
}

interface Run {
  readonly status: string
  readonly correlationId: string
  readonly steps: ReadonlyArray<{ readonly name: string; readonly status: string }>
}

const ended = async (url: string): Promise<Run> => {
  while (true) {
    const run = await (await fetch(url)).json() as Run
    if (run.status !== "pending" && run.status !== "in_progress") return run
    await setTimeout(20)
  }
}

describe.concurrent("npm start", () => {
  it("analyses the checkout, takes tasks over HTTP, and ends on SIGTERM with everything said", async () => {
    const folder = Folder.temporaryFolder()
    Folder.fill(folder)
    const program = Program.start("serve.ts", [], { PORT: "0" })
    const url = await openUrl(program)
    assert.include(await (await fetch(url)).text(), "/tasker/metrics")

    const started = await fetch(`${url}/tasker/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-correlation-id": "from-the-test" },
      body: JSON.stringify({ name: "analyze_directory", context: { path: folder } })
    })
    assert.strictEqual(started.status, 201)
    const run = await ended(`${url}${started.headers.get("location")}`)
    assert.strictEqual(run.status, "complete")
    assert.strictEqual(run.correlationId, "from-the-test")
    assert.strictEqual(run.steps.length, 7)

    for (const context of [{}, { path: "" }, { path: "a\0b" }, { path: 1 }]) {
      const refused = await fetch(`${url}/tasker/tasks`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "analyze_directory", context })
      })
      assert.strictEqual(refused.status, 400)
    }
    const missing = await fetch(`${url}/tasker/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "analyze_directory", context: { path: "/nowhere" } })
    })
    assert.strictEqual((await ended(`${url}${missing.headers.get("location")}`)).status, "error")

    const all = await (await fetch(`${url}/tasker/tasks`)).json() as {
      readonly tasks: ReadonlyArray<{ taskId: string }>
    }
    assert.strictEqual(all.tasks.length, 3)
    for (const { taskId } of all.tasks) await ended(`${url}/tasker/tasks/${taskId}`)
    const { checks, ready } = await (await fetch(`${url}/tasker/health/ready`)).json() as {
      readonly ready: boolean
      readonly checks: Readonly<Record<string, { readonly status: string }>>
    }
    assert.isTrue(ready)
    assert.deepStrictEqual(Object.entries(checks).map(([name, { status }]) => [name, status]), [
      ["task_store", "healthy"],
      ["database", "healthy"]
    ])
    const metrics = await (await fetch(`${url}/tasker/metrics`)).text()
    assert.include(metrics, "tasker_tasks_total{task=\"analyze_directory\",status=\"complete\"} 2")
    assert.include(metrics, "tasker_tasks_total{task=\"analyze_directory\",status=\"error\"} 1")

    program.kill("SIGTERM")
    const { code, left, stderr, stdout } = await program.ended
    Folder.remove(folder)
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(left, [])
    assert.strictEqual(stderr.trim().split("\n").length, 1)
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
    const of = (id: string) => lines.filter((line) => line["correlation_id"] === id).map((line) => line["event"])
    assert.includeMembers(of("from-the-test"), ["task.start_requested", "step.completed", "task.completed"])
    assert.strictEqual(lines.filter((line) => line["event"] === "task.completed").length, 2)
  })

  it("cancels what runs when it is stopped, and says so", async () => {
    const folder = Folder.temporaryFolder()
    Folder.makeSparse(`${folder}/sparse`, 20 * 2 ** 30)
    const program = Program.start("serve.ts", [], { ...database(), PORT: "0" })
    const url = await openUrl(program)
    const started = await fetch(`${url}/tasker/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-correlation-id": "never-ends" },
      body: JSON.stringify({ name: "analyze_directory", context: { path: folder } })
    })
    assert.strictEqual(started.status, 201)
    program.kill("SIGINT")
    const { code, left, stdout } = await program.ended
    Folder.remove(folder)
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(left, [])
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line["correlation_id"] === "never-ends").map((line) => line["event"])
    assert.include(events, "task.cancelled")
  })

  it("listens on the address of HOST", async () => {
    const program = Program.start("serve.ts", [], { ...database(), HOST: "127.0.0.2", PORT: "0" })
    const [url = ""] = /http:\/\/127\.0\.0\.2:\d+/.exec(await program.firstError()) ?? []
    assert.strictEqual((await fetch(`${url}/tasker/health/live`)).status, 200)
    program.kill("SIGTERM")
    assert.deepStrictEqual((await program.ended).left, [])
  })

  it("says which port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => other.once("listening", resolve))
    const { port } = other.address() as AddressInfo
    const { code, left, stderr, stdout } = await Program.start("serve.ts", [], { ...database(), PORT: String(port) })
      .ended
    other.close()
    assert.strictEqual(code, 1)
    assert.match(stderr, new RegExp(`^Port ${port} is in use; .*\\.\\n$`))
    assert.strictEqual(stdout, "")
    assert.deepStrictEqual(left, [])
  })

  it.each([
    [{ PORT: "many", DATABASE_URL: "" }, /^PORT is "many"; [^\n]*\.\n$/],
    [{ PORT: "0", DATABASE_URL: "postgres://a:secret@127.0.0.1:1/x" }, /^Cannot use the PostgreSQL at 127\.0\.0\.1:1 /]
  ])("refuses %j", async (env, message) => {
    const { code, left, stderr, stdout } = await Program.start("serve.ts", [], env).ended
    assert.strictEqual(code, 1)
    assert.match(stderr, message)
    assert.notInclude(stderr, "secret")
    assert.strictEqual(stdout, "")
    assert.deepStrictEqual(left, [])
  })

  it("ends when nobody reads its log", async () => {
    const program = Program.start("serve.ts", [], { ...database(), PORT: "0" })
    program.closeOutput()
    const { code, left, stderr } = await program.ended
    assert.strictEqual(code, 1)
    assert.include(stderr, "Log lines cannot be written")
    assert.deepStrictEqual(left, [])
  })
})
