/**
 * `tasker-telemetry events`: the events of the catalog, their payloads and routes. It asks no service.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearestName } from "../config/internal/configProblem.ts"
import * as EventCatalog from "../events/EventCatalog.ts"
import { quote } from "../redaction/internal/quoteValue.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { jsonFlag } from "./connectionFlags.ts"
import { describeEvent, renderEvent, renderEvents } from "./renderEvents.ts"

const list = Command.make(
  "list",
  {
    domain: Flag.String("domain").pipe(
      Flag.withDescription("Only events of a domain, such as step"),
      Flag.optional
    ),
    search: Flag.String("search").pipe(
      Flag.withDescription("Only events with this text in their name, meaning or occasion"),
      Flag.optional
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function*({ domain, json, search }) {
    const wanted = Option.getOrUndefined(domain)
    const events = EventCatalog.search(Option.getOrElse(search, () => "")).filter((event) =>
      wanted === undefined || event.domain === wanted
    )
    if (events.length === 0) {
      return yield* new CliFailure({
        exitCode: exitCodes.notFound,
        message: `no event of the catalog fits; the domains are ${domains.join(", ")}`
      })
    }
    const described = yield* Effect.forEach(events, describeEvent)
    yield* Console.log(json ? JSON.stringify(described, undefined, 2) : renderEvents(described))
  })
).pipe(
  Command.withDescription("List the events of the catalog with their levels and routes"),
  Command.withExamples([{
    command: "tasker-telemetry events list --domain step",
    description: "The events of steps"
  }])
)

const domains = [...new Set(EventCatalog.names.map((name) => EventCatalog.catalog[name].domain))]

/** The most letters that a name may differ by from a known one. */
const lettersOfMistake = 3

const show = Command.make(
  "show",
  {
    name: Argument.String("name").pipe(Argument.withDescription("Name of an event, such as step.completed")),
    json: jsonFlag
  },
  Effect.fnUntraced(function*({ json, name }) {
    const definition = EventCatalog.find(name)
    if (definition === undefined) {
      const near = nearestName(name, EventCatalog.names, lettersOfMistake)
      return yield* new CliFailure({
        exitCode: exitCodes.notFound,
        message: `the catalog has no event ${quote(name)}; ` +
          (near === undefined ? "\"events list\" names all" : `the nearest is ${near}`)
      })
    }
    const described = yield* describeEvent(definition)
    yield* Console.log(json ? JSON.stringify(described, undefined, 2) : renderEvent(described))
  })
).pipe(
  Command.withDescription("Show an event: when it is published, its payload, its route and an example"),
  Command.withExamples([{
    command: "tasker-telemetry events show step.failed",
    description: "What the event of a failed step says"
  }])
)

/** The command. */
export const command = Command.make("events").pipe(
  Command.withDescription("Show the events of the catalog"),
  Command.withSubcommands([list, show])
)
