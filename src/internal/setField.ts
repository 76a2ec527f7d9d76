/**
 * Members of objects whose keys come from elsewhere.
 *
 * @internal
 */

/** Sets a member under any key; assigned, `__proto__` would set the prototype. */
export const setField = (fields: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === "__proto__") {
    Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
  } else fields[key] = value
}
