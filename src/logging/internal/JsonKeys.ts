/**
 * What the encoder of JSON lines knows about the keys of fields. It finds out once for each key.
 */
import { Piece } from "../../encoding/LineBytes.ts"
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { isHarmlessText } from "../../redaction/internal/harmlessValue.ts"
import { shownText } from "../../redaction/internal/jsonText.ts"
import type { Sensitivity } from "../../redaction/internal/sensitiveKeys.ts"
import type { FieldMask, Redaction } from "../../redaction/Redaction.ts"
import { join, longestText, quote } from "./lineText.ts"
import { fieldName, type uniqueFieldNames } from "./LogRecord.ts"

/** The highest number of keys in memory. Further keys are made anew each time. */
const mostRemembered = 1024

/** The text that a key adds to a line. */
export interface Pieces {
  /** `,"name":` */
  readonly prefix: string
  /** `,"name":"`, the start of a text. */
  readonly textPrefix: string
  /** The whole field with a masked value. */
  readonly masked: string
}

export interface Key {
  readonly name: string
  /** The path of the field: its name. */
  readonly path: ReadonlyArray<string>
  /** The written name. If {@link Key.isRenamed} and another field has this name, it gets a number. */
  readonly shown: string
  /** Whether the written name differs: it holds a secret, is too long, or is no text. */
  readonly isRenamed: boolean
  /** Whether the slow path writes the field: it is renamed, or holds SQL. */
  readonly isUnusual: boolean
  /** Tells whether a value is masked; `undefined` if no value ever is. */
  readonly masks: FieldMask | undefined
  /** What the key alone says about its values. */
  readonly kind: Sensitivity
  readonly pieces: Pieces
  /** The same, after the closing quote of the text before. */
  readonly piecesAfterText: Pieces
  /** Whether the key stays in memory. */
  isKept: boolean
  /** The same as {@link Key.pieces}, as bytes, if a line needed them. */
  bytes: { readonly prefix: Piece; readonly masked: Piece } | undefined
  /** The key that came next in the last line. Mostly it comes next again. */
  next: Key | undefined
}

export type Names = ReturnType<typeof uniqueFieldNames>

export interface JsonKeys {
  /** No key, before the first one of a line. */
  readonly beginning: Key
  /** Finds the key of a name. It is looked up only if the order of the keys differs from the line before. */
  readonly of: (name: string, previous: Key) => Key
  /** Whether the mask takes the place of a value. Counts the value if `first`. */
  readonly masks: (key: Key, value: unknown, first: boolean, fields: object) => boolean
  /** The JSON of a value that is not masked and is no text. */
  readonly valueText: (key: Key, value: unknown) => string
  /** A field that is renamed or holds SQL. */
  readonly unusualMember: (
    key: Key,
    prefix: string,
    names: Names | undefined,
    value: unknown,
    first: boolean,
    fields: object
  ) => string
}

/** Makes the keys of one encoder. */
export const make = (redaction: Redaction): JsonKeys => {
  const mask = quote(redaction.mask)
  const keys = new Map<string, Key>()
  const clean = (text: string) => searchedText(text, longestText, redaction.text)

  const makeKey = (name: string): Key => {
    const shown = shownText(fieldName(clean(name)), longestText)
    const isRenamed = shown !== fieldName(name)
    const isUnusual = isRenamed || redaction.isSql([name])
    const piecesAfter = (start: string): Pieces => {
      const prefix = join(start, quote(shown), ":")
      return {
        prefix,
        textPrefix: join(prefix, "\""),
        masked: join(prefix, mask)
      }
    }
    return {
      name,
      path: [name],
      shown,
      isRenamed,
      isUnusual,
      masks: redaction.fieldMask(name),
      kind: redaction.sensitivity(name),
      pieces: piecesAfter(","),
      piecesAfterText: piecesAfter("\","),
      isKept: false,
      bytes: undefined,
      next: undefined
    }
  }

  const keyOf = (name: string, previous: Key): Key => {
    const { next } = previous
    if (next !== undefined && next.name === name) return next
    const known = keys.get(name)
    if (known === undefined) {
      const made = makeKey(name)
      if (keys.size >= mostRemembered || name.length >= 256) return made
      keys.set(name, made)
      made.isKept = true
      return previous.next = made
    }
    return previous.next = known
  }
  const beginning = makeKey("")

  return {
    beginning,
    of: keyOf,
    masks: (key, value, first, fields) => {
      if (key.kind !== "none" && typeof value === "string" && !isHarmlessText(value, key.kind)) {
        // The key masks the text. This is what {@link Key.masks} decides for most values.
        if (first) redaction.countKey()
        return true
      }
      return key.masks !== undefined && key.masks(value, first, fields)
    },
    valueText: (key, value) =>
      typeof value === "number" && value < 1e12 && value > -1e12
        ? String(value)
        : typeof value === "boolean"
        ? value ? "true" : "false"
        : encodeJson(value, redaction, key.path),
    unusualMember: ({ isRenamed, path, shown }, prefix, names, value, first, fields) => {
      const start = isRenamed && names !== undefined
        ? join(prefix.slice(0, prefix.indexOf(",") + 1), quote(names(shown)), ":")
        : prefix
      return start +
        (redaction.masks(path, value, first, fields) ? mask : encodeJson(value, redaction, path))
    }
  }
}

/** The bytes of a key's pieces. */
export const bytesOf = (key: Key): NonNullable<Key["bytes"]> =>
  key.bytes ??= { prefix: new Piece(key.pieces.prefix), masked: new Piece(key.pieces.masked) }
