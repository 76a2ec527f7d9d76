/**
 * Values whose name is another value beside them: `{ name: "password", value: "…" }`, `["Authorization", "…"]`.
 *
 * @internal
 */

const valueKeys = new Set(["value", "val", "content", "data", "code"])
const nameKeys = ["name", "key", "header", "field", "param", "parameter", "variable", "option"]
const ofTokenRequest = ["grant_type", "grantType", "code_verifier", "codeVerifier"]

/** Whether a member of this name may be the value of another one. */
export const isValueKey = (key: string): boolean => key.length <= 7 && valueKeys.has(key.toLowerCase())

/** The name that an object gives to its member `key`, if it does; what throws when it is read does so here. */
export const nameOf = (siblings: object, key: string): string | undefined => {
  const members = siblings as Readonly<Record<string, unknown>>
  if (key === "code") return ofTokenRequest.some((name) => Object.hasOwn(members, name)) ? "auth_code" : undefined
  for (const name of nameKeys) {
    const given = members[name] ?? members[name.charAt(0).toUpperCase() + name.slice(1)]
    if (typeof given === "string" && given.length <= 256) return given
  }
  return undefined
}

/** The name that a list gives to one of its elements. Two words are a list of words. */
export const nameInList = (items: ReadonlyArray<unknown>, index: number): string | undefined => {
  const name = index > 0 ? items[index - 1] : undefined
  const value = items[index]
  return typeof name === "string" && name.length <= 64 && typeof value === "string" && /[^a-z_-]/i.test(value)
    ? name
    : undefined
}
