import { it } from "@effect/vitest"
import * as HostilePayloads from "../support/hostilePayloads.ts"

it.live("tasks with 10000 hostile payloads end as they do without telemetry", () => HostilePayloads.check(10_000))
