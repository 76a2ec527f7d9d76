/**
 * What a dashboard shows, as data. `grafanaJson.ts` writes it as Grafana reads it.
 */

export interface Target {
  readonly expr: string
  /** Labels in double braces, as in `{{task}} {{status}}`. */
  readonly legend: string
  /** Whether the points lead to traces. */
  readonly exemplars?: boolean
}

export interface Panel {
  readonly kind: "lines" | "number" | "heatmap"
  readonly title: string
  readonly description: string
  /** One of Grafana's ids of units. */
  readonly unit: string
  readonly targets: ReadonlyArray<Target>
  /** Columns, of 24. */
  readonly width?: number
  /** The number is red from here on. */
  readonly redFrom?: number
}

export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

/** A variable is a label; its values are those of the metric. */
export interface Variable {
  readonly name: string
  readonly metric: string
}

export interface DashboardSpec {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly variables: ReadonlyArray<Variable>
  readonly rows: ReadonlyArray<Row>
}
