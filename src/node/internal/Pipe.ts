/**
 * A pipe or a socket that several threads and processes may write to.
 *
 * **Details**
 *
 * The system never tears a write of up to {@link atomicBytes} bytes. If the reader is slow, it tears longer writes. So
 * a write has whole lines of at most that size together, or one longer line. Threads of one process take turns: if a
 * thread's line is half written, the thread keeps its turn until the line is complete. Workers get the shared memory
 * for the turns from the main thread. Other processes cannot take turns; {@link Pipe.isShared} tells whether there are
 * any.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildProcess } from "node:child_process"
import cluster from "node:cluster"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { readlinkSync, type Stats } from "node:fs"
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads"
import { guard, orElse } from "../../internal/guard.ts"
import { type LineBufferOptions, wholeLines } from "./LineBuffer.ts"

/** The system does not tear a write of up to so many bytes: `PIPE_BUF`. */
export const atomicBytes = process.platform === "linux" ? 4096 : 512

type WriteBytes = LineBufferOptions["writeBytes"]

export interface Pipe {
  /** Writes whole lines, or a part of a long one. Gives 0 while another thread is in the middle of a line. */
  readonly writeBytes: WriteBytes
  /** Whether another process, or a thread that takes no turns, is known to write to the pipe. */
  readonly isShared: () => boolean
}

/** The memory that threads share: places in an `Int32Array`. */
const place = { holder: 0, turn: 1, isTorn: 2, isOfMain: 3, children: 4, ofParent: 5, writers: 6 } as const

/** If a thread does not go on with its half line for so long, it has died. In milliseconds. */
const staleMillis = 1000
/** How often to wait a millisecond for a thread that is in the middle of a write. */
const mostWaits = 3

const lineFeed = 10
const lineBreak = new Uint8Array([lineFeed])

/** Opens a pipe on a function that writes to its descriptor. */
export const open = Effect.fnUntraced(function*(options: {
  readonly writeBytes: WriteBytes
  readonly stats: Stats
  /** Number of the descriptor; `undefined` for a pipe with a path, which no child inherits. */
  readonly descriptor: number | undefined
  /** Called for a line that was half written when another thread took the turn. */
  readonly onTorn: () => void
}): Effect.fn.Return<Pipe, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const words = sharedWords(options.stats)
  if (options.descriptor !== undefined) {
    if (isSharedWithParent(options.descriptor)) Atomics.store(words, place.ofParent, 1)
    yield* countChildren(words)
  }
  return {
    writeBytes: inTurns(words, () => clock.currentTimeMillisUnsafe(), options),
    isShared: () =>
      Atomics.load(words, place.isOfMain) === 0 || Atomics.load(words, place.ofParent) > 0 ||
      Atomics.load(words, place.children) > 0
  }
})

/** Workers get the memory of the thread that starts them. */
const sharedWords = ({ dev, ino }: Stats): Int32Array<SharedArrayBuffer> => {
  const key = `tasker-telemetry/node/internal/Pipe/${dev}:${ino}`
  const known: unknown = getEnvironmentData(key)
  if (known instanceof Int32Array && known.buffer instanceof SharedArrayBuffer) return new Int32Array(known.buffer)
  const words = new Int32Array(new SharedArrayBuffer(Object.keys(place).length * Int32Array.BYTES_PER_ELEMENT))
  words[place.isOfMain] = isMainThread ? 1 : 0
  setEnvironmentData(key, words)
  return words
}

const linkOf = (pid: number | "self", descriptor: number) =>
  orElse(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`), () => undefined)

/** Whether a forked process has the same output as its parent. It has another one if the parent reads the output. */
const isSharedWithParent = (descriptor: number): boolean => {
  if (!isMainThread || process.send === undefined) return false
  const own = linkOf("self", descriptor)
  const parents = [linkOf(process.ppid, 1), linkOf(process.ppid, 2)]
  return own === undefined || parents.includes(own) || parents.every((link) => link === undefined)
}

/** Counts the running children that may have inherited the output, until the scope closes. */
const countChildren = (words: Int32Array): Effect.Effect<void, never, Scope.Scope> => {
  const count = (child: ChildProcess) => {
    if (child.pid === undefined || (child.stdio[1] !== null && child.stdio[2] !== null)) return
    Atomics.add(words, place.children, 1)
    child.once("exit", () => Atomics.sub(words, place.children, 1))
  }
  const onChild = (message: unknown) => {
    // Node publishes the message before the child has started.
    queueMicrotask(() => guard(() => count((message as { readonly process: ChildProcess }).process), () => {}))
  }
  return Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) count(worker.process)
      subscribe("child_process", onChild)
    }),
    () => Effect.sync(() => unsubscribe("child_process", onChild))
  ))
}

const inTurns = (
  words: Int32Array<SharedArrayBuffer>,
  now: () => number,
  options: { readonly writeBytes: WriteBytes; readonly onTorn: () => void }
): WriteBytes => {
  const me = Atomics.add(words, place.writers, 1) + 1
  /** Whether our last line is half written. Then the turn is still ours. */
  let isTorn = false
  /** Whether a writer has died in the middle of a line, which must be ended first. */
  let isBroken = false
  let seenTurn = -1
  let seenAt = 0

  const release = () => {
    isTorn = false
    Atomics.store(words, place.isTorn, 0)
    Atomics.store(words, place.holder, 0)
  }

  /** Takes the turn of a writer that has not gone on for too long. */
  const isTaken = (holder: number): boolean => {
    const turn = Atomics.load(words, place.turn)
    if (turn !== seenTurn) {
      seenTurn = turn
      seenAt = now()
      return false
    }
    if (now() - seenAt < staleMillis) return false
    if (Atomics.compareExchange(words, place.holder, holder, me) !== holder) return false
    isBroken = Atomics.exchange(words, place.isTorn, 0) === 1
    return true
  }

  const acquire = (): boolean => {
    for (let waits = 0;; waits++) {
      const holder = Atomics.compareExchange(words, place.holder, 0, me)
      if (holder === 0 || holder === me) return true
      if (waits === mostWaits || Atomics.load(words, place.isTorn) === 1) return isTaken(holder)
      Atomics.wait(words, place.holder, holder, 1)
    }
  }

  const onError = (error: unknown): never => {
    if (!isTorn) release()
    throw error
  }

  return (bytes, offset, length) => {
    if (isTorn && Atomics.load(words, place.holder) !== me) {
      isTorn = false
      options.onTorn()
      return bytes.indexOf(lineFeed, offset) + 1 - offset
    }
    if (!acquire()) return 0
    Atomics.add(words, place.turn, 1)
    return orElse(() => {
      if (isBroken) isBroken = options.writeBytes(lineBreak, 0, 1) === 0
      const count = options.writeBytes(bytes, offset, wholeLines(bytes, offset, length, atomicBytes))
      if (count === 0 ? isTorn : bytes[offset + count - 1] !== lineFeed) {
        isTorn = true
        Atomics.store(words, place.isTorn, 1)
      } else release()
      return count
    }, onError)
  }
}
