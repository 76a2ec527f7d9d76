/**
 * Sets fields whose keys come from foreign data.
 */

/** Sets a field under any key. An assignment to `__proto__` would set the prototype. */
export const setField = (fields: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === "__proto__") {
    Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
  } else fields[key] = value
}
