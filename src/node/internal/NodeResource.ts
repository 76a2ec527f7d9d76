/**
 * Detects where the program runs, as `service.detectors` asks, and names this process.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { arch, hostname, platform, release, userInfo, version } from "node:os"
import { performance } from "node:perf_hooks"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { DetectedResource, type ResourceAttributes } from "../../internal/DetectedResource.ts"
import { orElse } from "../../internal/guard.ts"
import { detectResource, type Machine, variables } from "./detectResource.ts"

/** The namespace that the semantic conventions have for ids of instances that are made of a text. */
const namespace = "4d63009a8d0f11eeaad74c796ed8e320"

/** Makes a UUID of version 5: the same text gives the same id. */
const uuidOf = (text: string): string => {
  const bytes = createHash("sha1").update(namespace, "hex").update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6] as number) & 0x0f | 0x50
  bytes[8] = (bytes[8] as number) & 0x3f | 0x80
  const hex = bytes.toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** Two layers and all worker threads of a process have one id. A process that starts again has another one. */
const instanceId = (): string => uuidOf(`${hostname()} ${process.pid} ${performance.timeOrigin}`)

/** Bun and Deno name themselves beside Node's version. */
const runtimeOf = ({ bun, deno, node }: NodeJS.ProcessVersions): Machine["runtime"] =>
  bun !== undefined
    ? { name: "bun", version: bun }
    : deno !== undefined
    ? { name: "deno", version: deno }
    : { name: "nodejs", version: node }

const machine = (environment: Machine["environment"]): Machine => ({
  hostname: hostname(),
  platform: platform(),
  arch: arch(),
  osRelease: release(),
  osDescription: version(),
  // A user without an entry in the system's list has no name.
  user: orElse<string | undefined>(() => userInfo().username, () => undefined),
  pid: process.pid,
  executable: process.execPath,
  script: process.argv[1],
  runtime: runtimeOf(process.versions),
  file: (path) => orElse<string | undefined>(() => readFileSync(path, "utf8"), () => undefined),
  environment
})

const readVariables = Effect.gen(function*() {
  const provider = yield* ConfigProvider.ConfigProvider
  const found: Record<string, string> = {}
  for (const name of variables) {
    const node = yield* Effect.orElseSucceed(provider.load(name.split("_")), () => undefined)
    if (node?.value !== undefined && node.value.trim() !== "") found[name] = node.value.trim()
  }
  return found
})

/** Provides what the detectors find, and `service.instance.id`. */
export const layer: Layer.Layer<never> = Layer.effect(
  DetectedResource,
  Effect.gen(function*() {
    const { detectors } = (yield* TelemetryConfig.Current).service
    // Only Kubernetes says where a program runs by variables.
    const environment = detectors.includes("kubernetes") ? yield* readVariables : {}
    const attributes: ResourceAttributes = {
      ...detectResource(detectors, machine(environment)),
      "service.instance.id": instanceId()
    }
    return attributes
  })
)
