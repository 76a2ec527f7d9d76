/**
 * Walks through a document. What is read becomes a value of an option, and what is not read is reported once by its path.
 */
import { configFile, type Standard, type Warning } from "./otelVariables.ts"

/** A part of a document. */
export interface Part {
  readonly path: string
  readonly value: unknown
}

export type Read = (part: Part) => void

export type Mapping = Readonly<Record<string, unknown>>

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export class DocumentReader {
  /** Values by option path, in the order of precedence. */
  readonly found: Record<string, Array<Standard>> = {}
  readonly #warnings: Array<Warning>

  constructor(warnings: Array<Warning>) {
    this.#warnings = warnings
  }

  /** Adds a value of an option. */
  put(option: string, { path, value }: Part, converted: unknown): void {
    const all = this.found[option] ??= []
    all.push({ variable: `${configFile}: ${path}`, text: value, value: converted })
  }

  unsupported(path: string): void {
    this.#warnings.push({ problem: `${configFile}: ${path} is not supported and is ignored` })
  }

  unusable(path: string, expected: string): void {
    this.#warnings.push({ problem: `${configFile}: ${path} is not usable: expected ${expected}` })
  }

  /** Sets an option. A part that is empty keeps the default. */
  set(option: string, convert: (value: unknown) => unknown = (value) => value): Read {
    return (part) => {
      if (part.value !== null) this.put(option, part, convert(part.value))
    }
  }

  /** Reads the members of a mapping, and reports the unknown ones. */
  fields(reads: Readonly<Record<string, Read>>): Read {
    return ({ path, value }) => {
      if (value === null) return
      if (!isMapping(value)) return this.unusable(path, "a mapping")
      for (const [key, member] of Object.entries(value)) {
        const at = path === "" ? key : `${path}.${key}`
        const read = Object.hasOwn(reads, key) ? reads[key] : undefined
        if (read === undefined) this.unsupported(at)
        else read({ path: at, value: member })
      }
    }
  }

  items(read: Read): Read {
    return ({ path, value }) => {
      if (value === null) return
      if (!Array.isArray(value)) return this.unusable(path, "a list")
      value.forEach((item: unknown, index) => read({ path: `${path}[${index}]`, value: item }))
    }
  }

  /** Reads the first item that is called `name`, such as the first `batch` processor. Others are reported. */
  first(name: string, read: Read): Read {
    let isFound = false
    return this.items(this.fields({
      [name]: (part) => {
        if (isFound) return this.unsupported(part.path)
        isFound = true
        read(part)
      }
    }))
  }

  /** Reads items with `name` and `value`. A message never has the value, which may be secret. */
  named(take: (name: string, value: string) => void, isName: (name: string) => boolean = () => true): Read {
    return this.items(({ path, value: item }) => {
      if (!isMapping(item)) return this.unusable(path, "a name and a value")
      const { name, type: _, value, ...others } = item
      for (const key of Object.keys(others)) this.unsupported(`${path}.${key}`)
      if (typeof name !== "string" || !isName(name)) return this.unusable(`${path}.name`, "a name")
      if (value === null || value === undefined) return
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
        return this.unusable(`${path}.value`, "a text, a number or a boolean")
      }
      take(name, String(value))
    })
  }
}
