/**
 * A Python that has the modules of a test, if there is one: `OTLP_DEFINITIONS_PYTHON`, or `python3`.
 */
import { spawnSync } from "node:child_process"

/** The interpreter in which the statement can be run. */
export const python = (statement: string): string | undefined =>
  [process.env["OTLP_DEFINITIONS_PYTHON"], "python3"].find((path) =>
    path !== undefined && spawnSync(path, ["-c", statement]).status === 0
  )
