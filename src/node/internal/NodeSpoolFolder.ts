/**
 * Keeps the files of a spool in a folder of the file system.
 *
 * **Details**
 *
 * A process has the files `<id>-<number>.segment` and the file `<id>.owner`, which says which process it is. A process
 * that finds segments without a living owner gives them names of its own. The file system lets only one process rename a
 * file, so no file is sent twice.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomBytes } from "node:crypto"
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { join, resolve } from "node:path"
import { OpenSpoolFolder, type Options, type SpoolFile, type SpoolFolder } from "../../delivery/SpoolFolder.ts"
import { guard, orElse } from "../../internal/guard.ts"
import * as spoolOwner from "./spoolOwner.ts"

/** Records may be private: no other user reads them. */
const folderMode = 0o700
const fileMode = 0o600

const segmentName = /^(.+)-(\d+)\.segment$/
const ownerName = /^(.+)\.owner$/

/** Gives another value if a file or folder is not there. */
const ifThere = <A>(read: () => A, otherwise: () => A): A =>
  orElse(read, (error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise()
    throw error
  })

const open = ({ fsync, path: given }: Options): SpoolFolder => {
  // The program may change its working directory later.
  const path = resolve(given)
  const me = spoolOwner.current()
  const id = `${me.pid}-${randomBytes(6).toString("hex")}`
  const ownerOf = (id: string) => join(path, `${id}.owner`)
  let count = 0
  let isOwner = false

  /** Writes the file of the owner, so that the file system gives it the time. */
  const renew = () => writeFileSync(ownerOf(id), JSON.stringify(me), { mode: fileMode })

  /** Takes the lease, before a file has our name. Both the folder and the lease may have been removed meanwhile. */
  const own = () => {
    mkdirSync(path, { recursive: true, mode: folderMode })
    renew()
    isOwner = true
  }

  const nextPath = () => join(path, `${id}-${count++}.segment`)

  const fileAt = (path: string, size: number): SpoolFile => ({
    size,
    append: (bytes) => {
      // A file that another process has adopted must not be created anew, without its head.
      const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND)
      let written = 0
      guard(() => {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written)
        if (fsync) fsyncSync(descriptor)
      }, (error) => {
        // A part would count as a record that the disk did not give back, and whole records of it would be sent twice.
        guard(() => ftruncateSync(descriptor, fstatSync(descriptor).size - written), () => {})
        closeSync(descriptor)
        throw error
      })
      closeSync(descriptor)
    },
    read: () => ifThere(() => readFileSync(path), () => new Uint8Array()),
    remove: () => rmSync(path, { force: true })
  })

  /** Gives a segment of an ended process our name, unless another process was faster. */
  const adoptFile = (name: string): ReadonlyArray<SpoolFile> =>
    orElse(() => {
      const adopted = nextPath()
      renameSync(join(path, name), adopted)
      return [fileAt(adopted, statSync(adopted).size)]
    }, () => [])

  return {
    create: () => {
      own()
      const path = nextPath()
      closeSync(openSync(path, "wx", fileMode))
      return fileAt(path, 0)
    },
    adopt: () => {
      const names = ifThere(() => readdirSync(path), () => [])
      const segments = names.flatMap((name) => {
        const [, owner, number] = segmentName.exec(name) ?? []
        return owner === undefined || owner === id ? [] : [{ name, owner, number: Number(number) }]
      })
      const owners = new Set([
        ...segments.map(({ owner }) => owner),
        ...names.flatMap((name) => ownerName.exec(name)?.[1] ?? [])
      ])
      owners.delete(id)
      if (owners.size === 0) return []
      own()
      const now = statSync(ownerOf(id)).mtimeMs
      return [...owners].filter((owner) => !spoolOwner.lives(ownerOf(owner), me, now)).flatMap((owner) => {
        const files = segments
          .filter((segment) => segment.owner === owner)
          .sort((left, right) => left.number - right.number)
          .flatMap(({ name }) => adoptFile(name))
        rmSync(ownerOf(owner), { force: true })
        return files
      })
    },
    renew: () => {
      if (isOwner) renew()
    },
    release: () => {
      if (!isOwner) return
      isOwner = false
      rmSync(ownerOf(id), { force: true })
    }
  }
}

/** Keeps files with Node. */
export const layer: Layer.Layer<never> = Layer.succeed(OpenSpoolFolder, (options) => Effect.sync(() => open(options)))
