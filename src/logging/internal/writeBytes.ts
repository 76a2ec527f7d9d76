/**
 * The second way of a destination to take lines: as bytes. The `write` of the destination has it as a hidden member. So
 * a destination that wraps another one, and has a `write` of its own, gets text.
 */
import type * as LogLevel from "effect/LogLevel"
import type { LogDestination } from "../LogDestination.ts"

type Write = LogDestination["Service"]["write"]

/** Writes a line that ends with a line break. The memory of `bytes` is free afterwards. It logs nothing. */
export type WriteBytes = (bytes: Uint8Array, length: number, level: LogLevel.LogLevel, time: number) => void

const hidden = Symbol("tasker-telemetry/logging/internal/writeBytes")

/** Gives `write` with the second way. */
export const withBytes = (write: Write, writeBytes: WriteBytes): Write =>
  Object.assign((...line: Parameters<Write>) => write(...line), { [hidden]: writeBytes })

/** The second way of a destination, if it has one. */
export const bytesOf = (write: Write): WriteBytes | undefined =>
  hidden in write ? write[hidden] as WriteBytes : undefined
