/**
 * The standard output or the standard error of the process, without waiting for its reader.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs"
import { isatty } from "node:tty"
import { guard, orElse } from "../../internal/guard.ts"
import type { LineBufferOptions } from "./LineBuffer.ts"
import * as Pipe from "./Pipe.ts"

const descriptors = { stdout: 1, stderr: 2 } as const

export interface StandardOutput {
  readonly writeBytes: LineBufferOptions["writeBytes"]
  readonly isTerminal: boolean
  /** For a pipe: whether another process is known to write to it. */
  readonly isShared?: Pipe.Pipe["isShared"]
}

/** Opens an output until the scope closes. `onTorn` is called for a line that was half written. */
export const open = Effect.fnUntraced(function*(
  name: "stdout" | "stderr",
  onTorn: () => void
): Effect.fn.Return<StandardOutput, never, Scope.Scope> {
  const descriptor = descriptors[name]
  // Access to the stream makes a pipe non-blocking. A blocking pipe with a slow reader would stop the program.
  guard(() => process[name], () => {})
  const stats = orElse(() => fstatSync(descriptor), () => undefined)
  let opened = stats?.isFIFO() === true ? openAgain(descriptor) : descriptor
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      const own = opened
      // Lines may come later.
      opened = descriptor
      if (own !== descriptor) guard(() => closeSync(own), () => {})
    })
  )
  const writeBytes: StandardOutput["writeBytes"] = (bytes, offset, length) => writeSync(opened, bytes, offset, length)
  return stats !== undefined && (stats.isFIFO() || stats.isSocket())
    ? { ...yield* Pipe.open({ writeBytes, stats, descriptor, onTorn }), isTerminal: false }
    : { writeBytes, isTerminal: isatty(descriptor) }
})

/**
 * Opens a pipe a second time; gives the descriptor itself where the system does not allow that. A child that inherits
 * the standard output makes it blocking for its parent, too, because both share one open pipe.
 */
const openAgain = (descriptor: number): number =>
  orElse(
    () => openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK),
    () => descriptor
  )
