/**
 * The page of the API in a real browser.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"
import * as server from "../http/server.ts"
import { ProcessOrder } from "../http/tasks.ts"

const executablePath = "/usr/bin/chromium"
const isInstalled = existsSync(executablePath)
const why = isInstalled ? "" : " (Chromium is not installed: apt-get install chromium)"

/** The machine may have no network, so the browser asks for nothing of its own. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

const launch = Effect.acquireRelease(
  Effect.promise(() => chromium.launch({ executablePath, args })),
  (browser) => Effect.promise(() => browser.close())
)

/** Opens a page. `errors` are those of the console, `hosts` those that the page asked. */
const open = (browser: Browser, path: string) =>
  Effect.gen(function*() {
    const { host, port } = yield* server.Target
    const errors: Array<string> = []
    const hosts = new Set<string>()
    const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1000, height: 900 } }))
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") errors.push(message.text())
    })
    page.on("pageerror", (error) => errors.push(String(error)))
    page.on("requestfailed", (request) => errors.push(`${request.url()} failed`))
    page.on("request", (request) => hosts.add(new URL(request.url()).host))
    const response = yield* Effect.promise(() =>
      page.goto(`http://${host}:${port}${path}`, { waitUntil: "networkidle" })
    )
    assert.strictEqual(response?.status(), 200)
    return { errors, hosts: [...hosts].filter((asked) => asked !== "" && asked !== `${host}:${port}`), page }
  })

describe.skipIf(!isInstalled)(`the page of the API in Chromium${why}`, () => {
  it.live("shows the routes and what each takes, without an error or a request to another host", () =>
    Effect.gen(function*() {
      const browser = yield* launch
      const { errors, hosts, page } = yield* open(browser, "/tasker/docs")
      const routes = yield* Effect.promise(() => page.locator("summary .method").allTextContents())
      const { body } = yield* server.get("/tasker/openapi.json")
      assert.lengthOf(routes, Object.values<object>(body.paths).flatMap(Object.keys).length)
      const details = page.locator("details", { has: page.locator("code", { hasText: /^\/tasker\/tasks$/ }) })
      assert.strictEqual(yield* Effect.promise(() => details.first().locator("table").first().isVisible()), false)
      yield* Effect.promise(() => details.first().locator("summary").click())
      assert.strictEqual(yield* Effect.promise(() => details.first().locator("table").first().isVisible()), true)
      // The style is in force: the policy lets it in.
      const width = yield* Effect.promise(() => page.evaluate<string>("getComputedStyle(document.body).maxWidth"))
      assert.strictEqual(width, "960px")
      yield* Effect.promise(() => page.locator("nav a", { hasText: "schemas" }).click())
      const screenshot = process.env["DOCS_SCREENSHOT"]
      if (screenshot !== undefined) {
        yield* Effect.promise(() => page.screenshot({ path: screenshot, fullPage: true }))
      }
      assert.deepStrictEqual([errors, hosts], [[], []])
    }).pipe(Effect.provide(server.layer([ProcessOrder] as const)), Effect.scoped))

  it.live("lists the routes at the prefix, with a link to the page", () =>
    Effect.gen(function*() {
      const browser = yield* launch
      const { errors, hosts, page } = yield* open(browser, "/tasker/")
      yield* Effect.promise(() => page.locator("a", { hasText: "/tasker/docs" }).click())
      yield* Effect.promise(() => page.locator("h2", { hasText: "schemas" }).waitFor())
      assert.deepStrictEqual([errors, hosts], [[], []])
    }).pipe(Effect.provide(server.layer([])), Effect.scoped))
})
