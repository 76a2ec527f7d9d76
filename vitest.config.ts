import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const conditions = ["tasker-telemetry-source", "node", "development|production"]

/** Properties that the slow suite tries ten times as often, see `test/support/runs.ts`. */
const properties = [
  "test/Telemetry.exits.test.ts",
  "test/export/exportSimulation.test.ts",
  "test/logging/internal/StructuredLogger.test.ts",
  "test/metrics/internal/exposition/PrometheusExposition.test.ts",
  "test/performance/QuerySummary.test.ts",
  "test/workflow/internal/Orchestrator.properties.test.ts"
]

const suites: Readonly<Record<string, Array<string>>> = {
  slow: ["test/slow/**/*.slow.ts", ...properties],
  fault: ["test/fault/**/*.fault.ts"],
  soak: ["test/soak/**/*.soak.ts"]
}

const timeLimits: Readonly<Record<string, number>> = { slow: 600_000, fault: 180_000, soak: 1_200_000 }

// `--mode slow`, `fault` or `soak` runs that suite instead of the tests.
export default defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: suites[mode] ?? ["test/**/*.test.ts"],
    // No module keeps state, so files of a worker share them: importing Effect for each would take a third of the time.
    // Effect's metric registry does keep state: the guard fails a file that leaves series in it.
    isolate: false,
    setupFiles: ["test/support/registryGuard.ts"],
    // The default leaves one core to others; here nobody else is waiting.
    maxWorkers: "100%",
    // Programs that tests start load the sources: without a cache each would strip the types of all of them anew.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compile", import.meta.url)),
      TIMES_OF_PROPERTIES: mode === "slow" ? "10" : "1"
    },
    reporters: ["default", "./.ci/reporter.mjs"],
    // These tests wait for most of their time, each for processes of its own.
    sequence: { concurrent: mode === "fault" || mode === "soak" },
    maxConcurrency: 20,
    // Programs that tests start come up late where much else runs.
    testTimeout: timeLimits[mode] ?? 120_000,
    hookTimeout: 120_000
  }
}))
