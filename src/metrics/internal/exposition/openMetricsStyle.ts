/**
 * What makes an exposition one of the OpenMetrics text format 1.0.
 */
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import type { Style } from "./PrometheusExposition.ts"
import * as PrometheusText from "./PrometheusText.ts"

/** The highest number of characters of all names and values of an exemplar's labels. */
const exemplarLength = 128

const style: Style = {
  head: ({ help, openMetrics: { name, type }, unit }) =>
    `# TYPE ${name} ${type}\n` +
    (unit !== undefined && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : "") +
    (help === "" ? "" : `# HELP ${name} ${PrometheusText.help(help).replace(/"/g, "\\\"")}\n`),
  bound: (value) => PrometheusText.shortest(value).replace(/^-?\d+$/, "$&.0"),
  lenient: false,
  exemplar: ({ spanId, timeMillis, traceId, value }) => {
    const ids = [["trace_id", traceId], ["span_id", spanId]] as const
    const labels = ids.filter(([, id]) => id !== "")
    const characters = labels.flat().join("")
    // The format allows a zero character. But Prometheus refuses the whole scrape if an exemplar has one.
    if (Array.from(characters).length > exemplarLength || characters.includes("\0")) return ""
    const text = labels.map(([name, id]) => `${name}="${PrometheusLabels.escape(id)}"`).join(",")
    const time = Number.isFinite(timeMillis) ? ` ${PrometheusText.seconds(timeMillis)}` : ""
    return ` # {${text}} ${PrometheusText.number(value)}${time}`
  },
  created: false,
  foot: "# EOF\n"
}

const styleWithCreated: Style = { ...style, created: true }

/** Gives the style. @param created whether every counting series gets a sample `_created` */
export const openMetricsStyle = (created: boolean): Style => created ? styleWithCreated : style
