/**
 * Credentials in URLs, also in those that are no valid ones.
 *
 * @internal
 */

/** A user and what is no port, from the two slashes on. */
const user = ":\\/\\/[^\\s/?#:@\"'<>\\\\[\\]]*:(?!\\d{1,5}(?:[/?#]|$)|/)"

/** Source of an expression that matches where there may be credentials. */
export const hint = `//[^\\s/]+@|${user}`

const userStart = new RegExp(user)

/** All that may be of one URL, or of several without a space between. */
const run = /:\/\/[^\s"'<>\\]+/g

/**
 * Replaces credentials up to the last `@` before the path, as a password may hold one, and those with a `/`, `?` or `#`
 * in the password up to the last `@` at all. A run of characters is looked at once, however many URLs there are in it.
 */
export const replace = (text: string, masked: () => string): string =>
  text.replace(/(\/\/)[^\s/?#"<>\\]+(?=@)/g, (_match, start: string) => `${start}${masked()}`).replace(run, (url) => {
    const end = url.lastIndexOf("@")
    const start = end < 0 ? -1 : url.search(userStart)
    return start < 0 || url.indexOf(":", start + 1) >= end
      ? url
      : `${url.slice(0, start)}://${masked()}${url.slice(end)}`
  })
