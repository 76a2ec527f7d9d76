/**
 * Fields of lines and spans, made of objects that may be hostile.
 */
import { keysOf, readOr } from "../../internal/guard.ts"
import { setField } from "../../internal/setField.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
import type { Redaction } from "../Redaction.ts"

/** The members of an object that may be hostile, read once: a getter that throws costs its own member only. */
export const copyFields = (object: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const fields: Record<string, unknown> = {}
  for (const key of keysOf(object)) setField(fields, key, readOr(object, key, "[unreadable]"))
  return fields
}

/**
 * Adds a payload's members that are not `undefined` to those of `head`, under the names that `nameOf` gives, each with the
 * prefix. If two members get the same name, the member with that name keeps it. The others are masked as if they had it.
 * Throws if a member cannot be read.
 */
export const ofPayload = (
  head: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
  members: ReadonlyArray<string>,
  nameOf: (member: string) => string,
  redaction: Redaction,
  prefix: string
): Record<string, unknown> => {
  const fields: Record<string, unknown> = { ...head }
  for (const member of members) {
    const value = payload[member]
    if (value === undefined) continue
    const name = nameOf(member)
    if (Object.hasOwn(fields, name)) return apart(head, payload, members, nameOf, redaction, prefix)
    setField(fields, name, value)
  }
  return fields
}

const apart: typeof ofPayload = (head, payload, members, nameOf, redaction, prefix) => {
  const fields: Record<string, unknown> = { ...head }
  const present = members.filter((member) => payload[member] !== undefined)
  const own = present.filter((member) => nameOf(member) === prefix + member)
  const distinct = uniqueNames([...Object.keys(head), ...own.map((member) => prefix + member)])
  for (const member of present) {
    const name = nameOf(member)
    const value = payload[member]
    if (name === prefix + member) setField(fields, name, value)
    else {
      const other = distinct(name)
      // A redaction rule can name the field without the number.
      setField(fields, other, other === name ? value : redaction.apply(name, value))
    }
  }
  return fields
}
