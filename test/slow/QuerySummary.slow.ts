import { it } from "@effect/vitest"
import * as SqlFuzz from "../performance/sqlFuzz.ts"

it("100 000 texts give a summary without an error", () => SqlFuzz.check(100_000))
