/**
 * Replaces files with Node.
 *
 * **Details**
 *
 * The content goes to a file beside the target, whose name starts with a dot and ends in `.tmp`, so the textfile collector
 * of Prometheus does not read it. It is on the disk before it gets the name of the target. A process that is killed leaves
 * such a file behind; a later export removes it.
 *
 * The number of the lease is in `<path>.fencing`, which is written before the file. So when an owner whose lease has ended
 * goes on, it finds a higher number and leaves the file. The two files cannot be changed at one instant: an owner that
 * stops between the look at the number and the rename overwrites the file once.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { randomBytes } from "node:crypto"
import { copyFile, link, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as ExportFiles from "../../export/internal/ExportFiles.ts"

/** node_exporter runs as another user. */
const mode = 0o644

/** A file of an export that still runs is younger. */
const leftOverMillis = 600_000

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "Unknown"

const attempt = <A>(what: string, path: string, run: () => Promise<A>): Effect.Effect<A, ExportFiles.ExportFileError> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => {
      const code = codeOf(error)
      return new ExportFiles.ExportFileError({ code, message: `${JSON.stringify(path)} cannot be ${what}: ${code}` })
    }
  })

/** Gives another value if the file is not there. */
const ifThere = <A, B>(
  effect: Effect.Effect<A, ExportFiles.ExportFileError>,
  otherwise: B
): Effect.Effect<A | B, ExportFiles.ExportFileError> =>
  Effect.catchIf(effect, ({ code }) => code === "ENOENT", () => Effect.succeed(otherwise))

const removed = (path: string) => Effect.ignoreCause(attempt("removed", path, () => rm(path, { force: true })))

/** Writes a file beside `path`. If `before` still allows it, the file gets the name `path`. */
const put = (
  path: string,
  body: Uint8Array,
  before: Effect.Effect<boolean, ExportFiles.ExportFileError>
): Effect.Effect<boolean, ExportFiles.ExportFileError> => {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`)
  const write = Effect.acquireUseRelease(
    attempt("written", path, () => open(temporary, "wx", mode)),
    (file) =>
      attempt("written", path, () => file.writeFile(body)).pipe(
        Effect.andThen(attempt("written", path, () => file.sync()))
      ),
    (file) => Effect.ignoreCause(attempt("closed", path, () => file.close()))
  )
  return write.pipe(
    Effect.andThen(before),
    Effect.tap((may) => may ? attempt("replaced", path, () => rename(temporary, path)) : Effect.void),
    Effect.tap((may) => may ? Effect.void : removed(temporary)),
    Effect.onError(() => removed(temporary))
  )
}

const always: Effect.Effect<boolean, ExportFiles.ExportFileError> = Effect.succeed(true)

const fencingOf = (path: string) =>
  Effect.map(
    ifThere(attempt("read", path, () => readFile(path, "utf8")), "0"),
    (text) => Number.parseInt(text, 10) || 0
  )

/** Gives earlier files their next names. The file itself keeps its name, so that a reader always finds it. */
const rotate = Effect.fnUntraced(function*(path: string, keep: number) {
  for (let number = keep - 1; number >= 1; number--) {
    yield* ifThere(attempt("rotated", path, () => rename(`${path}.${number}`, `${path}.${number + 1}`)), undefined)
  }
  const newest = `${path}.1`
  yield* removed(newest)
  // Not every file system has links.
  yield* ifThere(
    Effect.catchIf(
      attempt("rotated", path, () => link(path, newest)),
      ({ code }) => code !== "ENOENT",
      () => attempt("rotated", path, () => copyFile(path, newest))
    ),
    undefined
  )
})

/** Removes what killed processes have left. */
const tidy = Effect.fnUntraced(function*(path: string) {
  const [folder, start] = [dirname(path), `.${basename(path)}.`]
  const names = yield* attempt("listed", folder, () => readdir(folder))
  for (const name of names.filter((name) => name.startsWith(start) && name.endsWith(".tmp"))) {
    const left = join(folder, name)
    const { mtimeMs } = yield* attempt("read", left, () => stat(left))
    const { mtimeMs: now } = yield* attempt("read", path, () => stat(path))
    if (now - mtimeMs > leftOverMillis) yield* removed(left)
  }
}, (effect) => Effect.ignoreCause(effect))

const replace = Effect.fnUntraced(function*({ body, fencing, keep, path }: ExportFiles.ReplaceOptions) {
  const numberPath = `${path}.fencing`
  const isOurs = fencing === undefined
    ? always
    : Effect.map(fencingOf(numberPath), (stored) => stored <= fencing)
  if (!(yield* isOurs)) return false
  if (fencing !== undefined && (yield* fencingOf(numberPath)) !== fencing) {
    yield* put(numberPath, new TextEncoder().encode(`${fencing}\n`), isOurs)
  }
  const isReplaced = yield* put(
    path,
    body,
    Effect.tap(isOurs, (may) => may && keep > 0 ? rotate(path, keep) : Effect.void)
  )
  yield* tidy(path)
  return isReplaced
})

/** Writes files with Node. */
export const layer: Layer.Layer<never> = Layer.sync(ExportFiles.Current, () => {
  const oneAtATime = Semaphore.makeUnsafe(1)
  return {
    // The program may change its working directory later, so a path is resolved at its first use.
    replace: (options) => oneAtATime.withPermits(1)(replace({ ...options, path: resolve(options.path) }))
  }
})
