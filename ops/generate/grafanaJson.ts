/**
 * Writes a dashboard as Grafana reads it.
 */
import { ThresholdsMode, VariableRefresh } from "@grafana/grafana-foundation-sdk/dashboard"
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap"
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus"
import * as stat from "@grafana/grafana-foundation-sdk/stat"
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries"
import type { DashboardSpec, Panel, Target, Variable } from "./DashboardSpec.ts"

/** The data source of the provisioning. */
const source = { type: "prometheus", uid: "tasker-prometheus" }

const tag = "tasker"

const targetOf = (kind: Panel["kind"], { exemplars = false, expr, legend }: Target, index: number) => {
  const query = new prometheus.DataqueryBuilder()
    .refId(String.fromCharCode("A".charCodeAt(0) + index))
    .datasource(source)
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars)
  if (kind === "heatmap") query.format(prometheus.PromQueryFormat.Heatmap)
  return kind === "number" ? query.instant() : query.range()
}

const builderOf = (panel: Panel) => {
  switch (panel.kind) {
    case "heatmap":
      return new heatmap.PanelBuilder()
    case "number": {
      const builder = new stat.PanelBuilder()
      return panel.redFrom === undefined ? builder : builder.thresholds(
        new dashboard.ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
          { value: null, color: "green" },
          { value: panel.redFrom, color: "red" }
        ])
      )
    }
    case "lines":
      return new timeseries.PanelBuilder().min(0).fillOpacity(10)
  }
}

const defaultWidth = 8
const heights: Readonly<Record<Panel["kind"], number>> = { lines: 8, number: 4, heatmap: 8 }

const panelOf = (panel: Panel) => {
  const builder = builderOf(panel)
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(source)
    .span(panel.width ?? defaultWidth)
    .height(heights[panel.kind])
  panel.targets.forEach((target, index) => builder.withTarget(targetOf(panel.kind, target, index)))
  return builder
}

/** Each variable lists the values that its metric has among the values chosen before. */
const variableOf = ({ metric, name }: Variable, index: number, all: ReadonlyArray<Variable>) => {
  const before = all.slice(0, index).map(({ name }) => `${name}=~"$${name}"`).join(", ")
  return new dashboard.QueryVariableBuilder(name)
    .label(name)
    .datasource(source)
    .query(`label_values(${metric}{${before}}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
}

/** The dashboard as JSON, with a line feed at its end. */
export const toJson = ({ description, rows, title, uid, variables }: DashboardSpec): string => {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .variables(variables.map(variableOf))
    .link(
      new dashboard.DashboardLinkBuilder("Tasker").type(dashboard.DashboardLinkType.Dashboards).tags([tag])
        .keepTime(true).includeVars(true).asDropdown(true)
    )
  for (const { panels, title } of rows) {
    builder.withRow(new dashboard.RowBuilder(title))
    for (const panel of panels) builder.withPanel(panelOf(panel))
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`
}
