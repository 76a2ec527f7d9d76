/**
 * Who owns the files of a spool, and whether that process still lives.
 *
 * **Details**
 *
 * A process id alone tells nothing: the system gives it to another process, and each container has its own ids. So an
 * owner has the time when its process started and the place where its id is valid. A process from another place shows
 * by the time of its file that it lives.
 */
import { readFileSync, readlinkSync, statSync } from "node:fs"
import { hostname } from "node:os"
import { orElse } from "../../internal/guard.ts"

export interface Owner {
  readonly pid: number
  /** When the process started, as the system counts; `undefined` where the system does not tell. */
  readonly started: string | undefined
  /** Where the process id is valid. */
  readonly place: string
}

/** A process renews its file more often. */
const staleMillis = 60_000

/** The field of `/proc/<pid>/stat` with the start, counted from behind the name of the program, which may have spaces. */
const fieldOfStart = 19

const startOf = (pid: number): string | undefined =>
  orElse(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[fieldOfStart]
  }, () => undefined)

const placeOf = (): string =>
  orElse(
    () => `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${readlinkSync("/proc/self/ns/pid")}`,
    () => hostname()
  )

/** This process. */
export const current = (): Owner => ({ pid: process.pid, started: startOf(process.pid), place: placeOf() })

/** Whether the process that wrote the file lives. `now` is a time of the file system, in milliseconds. */
export const lives = (path: string, me: Owner, now: number): boolean => {
  const modified = orElse(() => statSync(path).mtimeMs, () => undefined)
  if (modified === undefined) return false
  const isFresh = now - modified < staleMillis
  const owner = orElse(() => JSON.parse(readFileSync(path, "utf8")) as Partial<Owner>, (): Partial<Owner> => ({}))
  if (owner.place !== me.place || owner.pid === undefined) return isFresh
  if (owner.started !== undefined) return startOf(owner.pid) === owner.started
  return isFresh && isRunning(owner.pid)
}

const isRunning = (pid: number): boolean =>
  orElse(() => process.kill(pid, 0), (error) => (error as NodeJS.ErrnoException).code !== "ESRCH")
