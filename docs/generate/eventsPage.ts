/**
 * The reference page of the events.
 */
import { EventCatalog, EventRouter } from "tasker-telemetry"
import * as EventRoute from "../../src/events/internal/EventRoute.ts"
import { newEvents, originalEvents, plannedEvents } from "./originalEvents.ts"

type Definition = (typeof EventCatalog.catalog)[EventCatalog.EventName]

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const router = EventRouter.make()

const fieldsOf = ({ attributes, payload }: Definition): string => {
  const low: ReadonlyArray<string> = attributes
  return Object.keys(payload.fields).map((field) => low.includes(field) ? `**${field}**` : field).join(", ")
}

const row = (definition: Definition): string =>
  `| \`${definition.name}\` | ${cell(definition.description)} | ${cell(definition.fires)} | ${definition.severity} | ${
    EventRoute.format(router.routeOf(definition.name))
  } | ${fieldsOf(definition)} |`

const domains = [...new Set(EventCatalog.names.map((name) => EventCatalog.catalog[name].domain))]

const domain = (name: string): string =>
  [
    `## ${name}`,
    "",
    "| event | meaning | fires | level | route | payload |",
    "| --- | --- | --- | --- | --- | --- |",
    ...EventCatalog.names.filter((event) => EventCatalog.catalog[event].domain === name).map((event) =>
      row(EventCatalog.catalog[event])
    )
  ].join("\n")

const notCarried = [...originalEvents, ...plannedEvents].flatMap(({ name, notCarried }) =>
  notCarried === undefined ? [] : [`| \`${name}\` | ${cell(notCarried)} |`]
)

const added = Object.entries(newEvents).map(([name, reason]) => `| \`${name}\` | ${cell(reason)} |`)

const addedSection = added.length === 0 ? "" : `## Events that the original did not have

| event | why |
| --- | --- |
${added.join("\n")}

`

const { events, log, metrics, trace } = EventRouter.stats(router)

export const eventsPage = `# Events

Generated from \`src/events/EventCatalog.ts\` and the default routes by \`npm run docs:generate\`.

There are ${events} events. By default ${metrics} are measured, ${trace} become events of the current
span, and ${log} have a log line, written if its level is. Each is published by one place, once per
occurrence. Fields in bold have few distinct values: they, and no others, may become metric
attributes. The envelope adds time, sequence, correlation id, trace id and span id.

A program adds events of its own with \`EventCatalog.define\`; the domains
${EventCatalog.reservedDomains.map((name) => `\`${name}\``).join(", ")}
are reserved. Routes are changed with \`EventRouter.override\`, or by the options \`events.filtered\`
and \`events.samplingRate\`. Neither filter nor rate touches metrics; events of high priority are
spared by the configured rate.

${domains.map(domain).join("\n\n")}

${addedSection}## Events of the original that are not carried

| event | why |
| --- | --- |
${notCarried.join("\n")}
`
