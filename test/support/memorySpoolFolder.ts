/**
 * The files of a spool in memory. A test lets a process end, and lets the disk fail.
 */
import type { SpoolFile, SpoolFolder } from "../../src/delivery/SpoolFolder.ts"

interface Entry {
  bytes: Uint8Array
  owner: object
  isReleased: boolean
}

export class MemoryDisk {
  readonly #entries = new Set<Entry>()
  /** What the next writes throw, while it is set. */
  problem: string | undefined
  /** What the next reads of files throw, while it is set. */
  problemOfReads: string | undefined
  /** Which files have {@link problemOfReads}, by their content. */
  isUnreadable: (content: string) => boolean = () => true

  /** Bytes of all files. */
  get size(): number {
    return [...this.#entries].reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  get files(): number {
    return this.#entries.size
  }

  /** Changes the bytes of all files. */
  damage(change: (bytes: Uint8Array) => Uint8Array): void {
    for (const entry of this.#entries) entry.bytes = change(entry.bytes)
  }

  /** The folder of another process. `kill` ends the process: it does not change the disk any more. */
  open(): SpoolFolder & { readonly kill: () => void } {
    const me = {}
    let isDead = false
    const release = () => {
      for (const entry of this.#entries) if (entry.owner === me) entry.isReleased = true
    }
    const write = (change: () => void) => {
      if (isDead || this.problem !== undefined) throw new Error(this.problem ?? "the process has ended")
      change()
    }
    const fileOf = (entry: Entry): SpoolFile => ({
      size: entry.bytes.length,
      append: (bytes) => {
        write(() => {
          if (entry.owner !== me) throw new Error("the file belongs to another process")
          const joined = new Uint8Array(entry.bytes.length + bytes.length)
          joined.set(entry.bytes)
          joined.set(bytes, entry.bytes.length)
          entry.bytes = joined
        })
      },
      read: () => {
        if (this.problemOfReads !== undefined && this.isUnreadable(new TextDecoder("latin1").decode(entry.bytes))) {
          throw new Error(this.problemOfReads)
        }
        return entry.bytes
      },
      remove: () => {
        if (entry.owner === me) write(() => void this.#entries.delete(entry))
      }
    })
    return {
      create: () => {
        const entry: Entry = { bytes: new Uint8Array(), owner: me, isReleased: false }
        write(() => void this.#entries.add(entry))
        return fileOf(entry)
      },
      adopt: () =>
        [...this.#entries].filter(({ isReleased, owner }) => isReleased && owner !== me).map((entry) => {
          entry.owner = me
          entry.isReleased = false
          return fileOf(entry)
        }),
      renew: () => {},
      release,
      kill: () => {
        release()
        isDead = true
      }
    }
  }
}
