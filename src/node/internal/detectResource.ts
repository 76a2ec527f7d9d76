/**
 * Reads the attributes of a resource from what a machine says about itself. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/resource/
 */
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import type { ResourceAttributes } from "../../internal/DetectedResource.ts"

export type Detector = TelemetryConfig["service"]["detectors"][number]

/** What is asked of a machine. */
export interface Machine {
  readonly hostname: string
  /** As Node names it: `linux`, `x64`. */
  readonly platform: string
  readonly arch: string
  readonly osRelease: string
  readonly osDescription: string
  readonly user: string | undefined
  readonly pid: number
  readonly executable: string
  /** The program that the executable runs. */
  readonly script: string | undefined
  readonly runtime: { readonly name: string; readonly version: string }
  /** Gives the text of a file; `undefined` if it cannot be read. */
  readonly file: (path: string) => string | undefined
  /** The variables of {@link variables} that are set. */
  readonly environment: Readonly<Record<string, string>>
}

type Detected = Readonly<Record<string, string | number | undefined>>

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm: "arm32",
  ia32: "x86",
  ppc: "ppc32"
}

const host = ({ arch, file, hostname }: Machine): Detected => ({
  "host.name": hostname,
  "host.id": textOf(file("/etc/machine-id")),
  "host.arch": architectures[arch] ?? arch
})

const systems: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" }

const os = ({ osDescription, osRelease, platform }: Machine): Detected => ({
  "os.type": systems[platform] ?? platform,
  "os.version": osRelease,
  "os.description": osDescription
})

/** The arguments of the command are left out: they often have secrets in them. */
const process = ({ executable, pid, runtime, script, user }: Machine): Detected => ({
  "process.pid": pid,
  "process.executable.name": executable.split(/[\\/]/).at(-1),
  "process.executable.path": executable,
  "process.command": script,
  "process.owner": user,
  "process.runtime.name": runtime.name,
  "process.runtime.version": runtime.version
})

const containerId = /[0-9a-f]{64}/

/**
 * The last part of a control group's path, or the file with the name of the host that the runtime mounts. All containers
 * of a pod have the file of the pod's sandbox.
 */
const container = ({ file }: Machine): Detected => {
  const group = linesOf(file("/proc/self/cgroup")).map((line) => containerId.exec(line.split("/").at(-1) ?? ""))
  const mounts = file("/proc/self/mountinfo") ?? ""
  const hostnames = podFolder.test(mounts) ? [] : linesOf(mounts).filter((line) => line.includes("/hostname "))
  const mount = hostnames.map((line) => containerId.exec(line))
  return { "container.id": [...group, ...mount].find((found) => found !== null)?.[0] }
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
/** Kubernetes mounts files of a pod from folders that are named after the pod and its container. */
const podFolder = /\/pods\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//
const containerFolder = /\/pods\/[^/ ]+\/containers\/([^/ ]+)\//

/** By attribute: the names that manifests and the operator of OpenTelemetry give the variables. */
const kubernetesVariables = {
  "k8s.namespace.name": ["K8S_NAMESPACE_NAME", "POD_NAMESPACE"],
  "k8s.pod.name": ["K8S_POD_NAME", "POD_NAME", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "HOSTNAME"],
  "k8s.pod.uid": ["K8S_POD_UID", "POD_UID", "OTEL_RESOURCE_ATTRIBUTES_POD_UID"],
  "k8s.node.name": ["K8S_NODE_NAME", "NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"],
  "k8s.container.name": ["K8S_CONTAINER_NAME", "CONTAINER_NAME"]
} as const

const inKubernetes = "KUBERNETES_SERVICE_HOST"

/** The variables that are read. */
export const variables: ReadonlyArray<string> = [inKubernetes, ...Object.values(kubernetesVariables).flat()]

const kubernetes = ({ environment, file }: Machine): Detected => {
  if (environment[inKubernetes] === undefined) return {}
  const mounts = file("/proc/self/mountinfo") ?? ""
  const found: Record<string, string | undefined> = {
    "k8s.namespace.name": textOf(file(serviceAccount)),
    "k8s.pod.uid": podFolder.exec(mounts)?.[1],
    "k8s.container.name": containerFolder.exec(mounts)?.[1]
  }
  for (const [attribute, names] of Object.entries(kubernetesVariables)) {
    found[attribute] ??= names.map((name) => environment[name]).find((value) => value !== undefined)
  }
  return found
}

const all: { readonly [D in Exclude<Detector, "none">]: (machine: Machine) => Detected } = {
  host,
  os,
  process,
  container,
  kubernetes
}

/** Gives the attributes that the detectors find. What is not found is left out. */
export const detectResource = (detectors: ReadonlyArray<Detector>, machine: Machine): ResourceAttributes => {
  const found: Record<string, string | number> = {}
  for (const detector of detectors) {
    if (detector === "none") continue
    for (const [key, value] of Object.entries(all[detector](machine))) {
      if (value !== undefined && value !== "") found[key] = value
    }
  }
  return found
}

const textOf = (text: string | undefined): string | undefined => text?.trim()

const linesOf = (text: string | undefined): ReadonlyArray<string> => text?.split("\n") ?? []
