/**
 * The manifests fit the models of Kubernetes, and ask for routes that there are.
 */
import { assert, describe, it } from "@effect/vitest"
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor"
import { Effect } from "effect"
import { Deployment } from "kubernetes-models/apps/v1/Deployment"
import { CronJob } from "kubernetes-models/batch/v1/CronJob"
import { Service } from "kubernetes-models/v1/Service"
import { globSync } from "node:fs"
import { join } from "node:path"
import * as server from "../http/server.ts"
import { folder, readManifests } from "./rules.ts"

const models: Readonly<Record<string, new(data: any) => { readonly validate: () => void }>> = {
  Deployment,
  Service,
  ServiceMonitor,
  CronJob
}

const files = globSync("*.{yml,yaml}", { cwd: join(folder, "kubernetes") }).toSorted()

const manifestsOf = (file: string) => readManifests(`kubernetes/${file}`)

const [deployment] = manifestsOf("deployment.yml")
const [service] = manifestsOf("service.yml")
const [monitor] = manifestsOf("servicemonitor.yml")
const [container] = deployment.spec.template.spec.containers

describe("the manifests of Kubernetes", () => {
  it.each(files)("%s fits its model", (file) => {
    for (const manifest of manifestsOf(file)) {
      const Model = models[manifest.kind]
      assert(Model !== undefined, `no model of ${manifest.kind}`)
      new Model(manifest).validate()
    }
  })

  it("would not fit with a field of the wrong type", () => {
    assert.throws(() => new Deployment({ ...deployment, spec: { ...deployment.spec, replicas: "two" } }).validate())
    assert.throws(() => new ServiceMonitor({ ...monitor, spec: { ...monitor.spec, endpoints: "http" } }).validate())
  })

  it("fit each other: labels, ports and names", () => {
    const { labels } = deployment.spec.template.metadata
    assert.deepInclude(labels, deployment.spec.selector.matchLabels)
    assert.deepInclude(labels, service.spec.selector)
    assert.deepInclude(service.metadata.labels, monitor.spec.selector.matchLabels)
    assert.strictEqual(service.metadata.labels[monitor.spec.jobLabel], "tasker")
    const [port] = service.spec.ports
    assert.strictEqual(monitor.spec.endpoints[0].port, port.name)
    assert.include(container.ports.map(({ name }: any) => name), port.targetPort)
  })

  it.effect("ask for routes that answer", () =>
    Effect.gen(function*() {
      const paths = [
        ...["startupProbe", "livenessProbe", "readinessProbe"].map((probe) => container[probe].httpGet.path),
        monitor.spec.endpoints[0].path
      ]
      for (const path of paths) assert.strictEqual((yield* server.get(path)).status, 200, path)
    }).pipe(Effect.provide(server.layer([]))))

  it("give a check of readiness the time that it may take, and a shutdown longer than delivery has", () => {
    assert.isAbove(container.readinessProbe.timeoutSeconds, 5)
    assert.isAbove(deployment.spec.template.spec.terminationGracePeriodSeconds, 10)
  })
})
