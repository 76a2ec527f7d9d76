import { assert, describe, it } from "@effect/vitest"
import { detectResource, type Machine } from "../../../src/node/internal/detectResource.ts"

const pod = "f8db0ff1-7c04-4b31-8a3b-9a2c5f2f6b5e"
const id = "0123456789abcdef".repeat(4)

const machine = (files: Readonly<Record<string, string>> = {}, part: Partial<Machine> = {}): Machine => ({
  hostname: "box",
  platform: "linux",
  arch: "x64",
  osRelease: "6.1.0",
  osDescription: "#1 SMP Debian",
  user: "app",
  pid: 42,
  executable: "/usr/bin/node",
  script: "/app/main.ts",
  runtime: { name: "nodejs", version: "24.0.0" },
  file: (path) => files[path],
  environment: {},
  ...part
})

describe("detectResource", () => {
  it("names host, operating system and process as the semantic conventions do", () => {
    assert.deepStrictEqual(detectResource(["host", "os", "process"], machine({ "/etc/machine-id": "abc\n" })), {
      "host.name": "box",
      "host.id": "abc",
      "host.arch": "amd64",
      "os.type": "linux",
      "os.version": "6.1.0",
      "os.description": "#1 SMP Debian",
      "process.pid": 42,
      "process.executable.name": "node",
      "process.executable.path": "/usr/bin/node",
      "process.command": "/app/main.ts",
      "process.owner": "app",
      "process.runtime.name": "nodejs",
      "process.runtime.version": "24.0.0"
    })
  })

  it("leaves out what it does not find, and what no detector looks for", () => {
    const unknown = machine({}, {
      platform: "win32",
      arch: "arm64",
      executable: "C:\\node\\node.exe",
      script: undefined,
      user: undefined
    })
    assert.deepStrictEqual(detectResource(["host", "container", "kubernetes"], unknown), {
      "host.name": "box",
      "host.arch": "arm64"
    })
    assert.deepStrictEqual(detectResource(["os"], unknown)["os.type"], "windows")
    assert.deepStrictEqual(detectResource(["process"], unknown), {
      "process.pid": 42,
      "process.executable.name": "node.exe",
      "process.executable.path": "C:\\node\\node.exe",
      "process.runtime.name": "nodejs",
      "process.runtime.version": "24.0.0"
    })
    assert.deepStrictEqual(detectResource(["none"], machine()), {})
    assert.deepStrictEqual(detectResource([], machine()), {})
  })

  it.each([
    ["Docker with version 1 of control groups", { "/proc/self/cgroup": `12:pids:/docker/${id}\n0::/\n` }],
    ["containerd under systemd", { "/proc/self/cgroup": `0::/kubepods.slice/cri-containerd-${id}.scope\n` }],
    ["CRI-O", { "/proc/self/cgroup": `1:name=systemd:/kubepods/besteffort/pod${pod}/crio-${id}\n` }],
    ["Docker with version 2 of control groups", {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": `1 2 8:1 / / rw - overlay overlay rw,lowerdir=/layers/${"f".repeat(64)}\n` +
        `613 595 8:1 /docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n`
    }]
  ])("finds the container of %s", (_, files) => {
    assert.deepStrictEqual(detectResource(["container"], machine(files)), { "container.id": id })
  })

  it.each([
    ["containerd", `/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${id}/hostname`],
    ["CRI-O", `/containers/storage/overlay-containers/${id}/userdata/hostname`]
  ])("does not take the sandbox of a pod of %s, whose file names the host, for the container", (_, hostname) => {
    const files = {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": `${hostname} /etc/hostname rw - ext4 /dev/sda1 rw\n` +
        `9 8 8:1 /var/lib/kubelet/pods/${pod}/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n`
    }
    assert.deepStrictEqual(detectResource(["container"], machine(files)), {})
  })

  it("finds no container on a machine of its own", () => {
    const files = {
      "/proc/self/cgroup": `0::/user.slice/session-${"a".repeat(63)}.scope\n`,
      "/proc/self/mountinfo": "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    }
    assert.deepStrictEqual(detectResource(["container"], machine(files)), {})
  })

  const inPod = {
    "/var/run/secrets/kubernetes.io/serviceaccount/namespace": "shop\n",
    "/proc/self/mountinfo": `9 8 8:1 /var/lib/kubelet/pods/${pod}/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n` +
      `9 8 8:1 /var/lib/kubelet/pods/${pod}/containers/web/7f3a /dev/termination-log rw - ext4 /dev/sda1 rw\n`
  }

  it("finds pod, namespace and container of Kubernetes in files, and the rest in variables", () => {
    const environment = { KUBERNETES_SERVICE_HOST: "10.0.0.1", HOSTNAME: "web-0", NODE_NAME: "node-1" }
    assert.deepStrictEqual(detectResource(["kubernetes"], machine(inPod, { environment })), {
      "k8s.namespace.name": "shop",
      "k8s.pod.uid": pod,
      "k8s.container.name": "web",
      "k8s.pod.name": "web-0",
      "k8s.node.name": "node-1"
    })
  })

  it("takes the name of a pod from a manifest rather than from the host", () => {
    const environment = {
      KUBERNETES_SERVICE_HOST: "10.0.0.1",
      HOSTNAME: "host-network",
      POD_NAME: "web-0",
      POD_NAMESPACE: "shop",
      K8S_CONTAINER_NAME: "web"
    }
    assert.deepStrictEqual(detectResource(["kubernetes"], machine({}, { environment })), {
      "k8s.namespace.name": "shop",
      "k8s.pod.name": "web-0",
      "k8s.container.name": "web"
    })
  })

  it("does not look for a pod outside of Kubernetes", () => {
    assert.deepStrictEqual(detectResource(["kubernetes"], machine(inPod, { environment: { POD_NAME: "web-0" } })), {})
  })
})
