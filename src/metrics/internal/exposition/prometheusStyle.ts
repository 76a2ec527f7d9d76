/**
 * What makes an exposition one of the Prometheus text format 0.0.4.
 */
import type { Style } from "./PrometheusExposition.ts"
import * as PrometheusText from "./PrometheusText.ts"

export const prometheusStyle: Style = {
  head: ({ help, name, type }) =>
    `${help === "" ? "" : `# HELP ${name} ${PrometheusText.help(help)}\n`}# TYPE ${name} ${type}\n`,
  bound: PrometheusText.shortest,
  lenient: true,
  exemplar: undefined,
  created: false,
  foot: ""
}
