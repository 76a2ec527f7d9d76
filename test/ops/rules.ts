/**
 * The files of `ops/` as data.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse, parseAllDocuments } from "yaml"

export const root = fileURLToPath(new URL("../..", import.meta.url))

export const folder = join(root, "ops")

export const readYaml = (path: string): any => parse(readFileSync(join(folder, path), "utf8"))

export const readManifests = (path: string): ReadonlyArray<any> =>
  parseAllDocuments(readFileSync(join(folder, path), "utf8")).map((document) => document.toJS())

export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const rulesOf = (path: string): ReadonlyArray<Rule> =>
  readYaml(path).groups.flatMap(({ rules }: { readonly rules: ReadonlyArray<Rule> }) => rules)

export const recorded = rulesOf("prometheus/rules/recording.yml")

export const alerts = rulesOf("prometheus/rules/alerts.yml")

export interface Query {
  /** Where the expression stands. */
  readonly of: string
  readonly expr: string
}

interface Panel {
  readonly title?: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
  readonly panels?: ReadonlyArray<Panel>
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

export const dashboards: ReadonlyArray<Dashboard> = globSync("grafana/dashboards/*.json", { cwd: folder }).toSorted()
  .map((path) => JSON.parse(readFileSync(join(folder, path), "utf8")))

const queriesOf = (of: string, panels: ReadonlyArray<Panel>): ReadonlyArray<Query> =>
  panels.flatMap(({ panels = [], targets = [], title = "" }) => [
    ...targets.map(({ expr }) => ({ of: `${of}, ${title}`, expr })),
    ...queriesOf(of, panels)
  ])

/** Every expression of rules and dashboards. */
export const queries: ReadonlyArray<Query> = [
  ...recorded.map(({ expr, record }) => ({ of: record!, expr })),
  ...alerts.map(({ alert, expr }) => ({ of: alert!, expr })),
  ...dashboards.flatMap(({ panels, title }) => queriesOf(title, panels))
]
