/**
 * Texts and numbers in objects of their own.
 *
 * @internal
 */

/** The text or number in a `String` or `Number` object; `undefined` of any other object. */
export const unboxed = (value: object): string | number | undefined => {
  const tag = Object.prototype.toString.call(value)
  if (tag !== "[object String]" && tag !== "[object Number]") return undefined
  const primitive: unknown = value.valueOf()
  return typeof primitive === "string" || typeof primitive === "number" ? primitive : undefined
}
