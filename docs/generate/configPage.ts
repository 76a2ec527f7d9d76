/**
 * The reference page of the configuration.
 */
import * as Duration from "effect/Duration"
import { TelemetryConfig } from "tasker-telemetry"
import { unsupportedVariables } from "../../src/config/internal/otelVariables.ts"
import { originals } from "./originals.ts"

type Option = (typeof TelemetryConfig.options)[number]

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const text = (value: unknown): string => Duration.isDuration(value) ? Duration.format(value) : `${value}`

const shown = ({ meta }: Option): string => {
  const value = meta.default
  if (value === undefined) return "–"
  if (Duration.isDuration(value)) return `\`${text(value)}\``
  if (Array.isArray(value)) return value.length === 0 ? "none" : `\`${value.map(text).join(", ")}\``
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `\`${value}\`` : "none"
}

const row = (option: Option): string =>
  `| \`${option.path}\` | ${shown(option)} | ${cell(option.meta.expected)} | ${
    [`\`${option.variable}\``, ...(option.meta.otel ?? []).map((name) => `\`${name}\``)].join("<br>")
  } | ${cell(option.meta.doc)} | ${option.meta.tasker === undefined ? "–" : `\`${option.meta.tasker}\``} |`

const groupOf = (option: Option) => option.path.includes(".") ? option.path.slice(0, option.path.indexOf(".")) : ""

const group = (name: string): string =>
  [
    `## ${name === "" ? "Everything" : name}`,
    "",
    "| option | default | value | variables | meaning | Tasker |",
    "| --- | --- | --- | --- | --- | --- |",
    ...TelemetryConfig.options.filter((option) => groupOf(option) === name).map(row)
  ].join("\n")

const groups = [...new Set(TelemetryConfig.options.map(groupOf))]

const unsupported = unsupportedVariables.map(({ harmless = [], instead, variables }) =>
  `| ${variables.map((name) => `\`${name}\``).join("<br>")} | ${
    harmless.map((text) => `\`${text}\``).join(", ") || "–"
  } | ${cell(instead.replace(/^using /, ""))} |`
)

const missing: ReadonlyArray<string> = originals.map(({ attribute, reason }) =>
  `| \`${attribute}\` | ${cell(reason)} |`
)

export const configPage = `# Configuration

Generated from the schema in \`src/config/TelemetryConfig.ts\` by \`npm run docs:generate\`.

Options come from three places; the first that has a value wins: options in code
(\`Telemetry.layer({ … })\`), \`TASKER_…\` variables, \`OTEL_…\` variables. A bad option or
\`TASKER_…\` value fails the layer with its path and rule. A bad \`OTEL_…\` value is reported once
and replaced by the default; with \`strict\` it fails the layer too. An empty variable counts as
unset. Durations are texts such as \`5 seconds\`, or milliseconds; in \`OTEL_…\` variables they are
milliseconds. Words such as levels and formats may be in upper or lower case. Texts have no control
characters. In \`OTEL_RESOURCE_ATTRIBUTES\` and \`TASKER_SERVICE_ATTRIBUTES\` keys and values are
percent-encoded where they hold \`,\` or \`=\`; in headers only values are.

\`OTEL_CONFIG_FILE\` names a file of OpenTelemetry's declarative configuration (\`file_format\` 1.x). The
file is used in place of all other \`OTEL_…\` variables. Values in it may refer to variables, as in
\`\${NAME:-default}\`. Each part without an option is reported once by its path. A signal without an
exporter in the file is not sent. If the file cannot be read or parsed, the layer fails.

${groups.map(group).join("\n\n")}

## Standard variables without effect

Each of these that is set is reported once, or fails the layer with \`strict\`. A variable whose name is
up to two letters away from a standard one is reported as misspelt.

| variable | may say | used instead |
| --- | --- | --- |
${unsupported.join("\n")}

## Attributes of the original that will not be options

| attribute | why |
| --- | --- |
${missing.join("\n")}
`
