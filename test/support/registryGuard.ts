/**
 * Fails a file that leaves series in the metric registry of the process, because files of a worker share the registry.
 *
 * A store removes its series when its layer closes. The metrics of Effect itself stay, so a test that records them has
 * a registry of its own.
 */
import { Context, Metric } from "effect"
import { afterAll, assert, beforeAll } from "vitest"

const keys = () => [...Context.get(Context.empty(), Metric.MetricRegistry).keys()]
let before: ReadonlySet<string> = new Set()

beforeAll(() => {
  before = new Set(keys())
})

afterAll(() => {
  assert.deepStrictEqual(keys().filter((key) => !before.has(key)), [], "series that the tests of this file left")
})
