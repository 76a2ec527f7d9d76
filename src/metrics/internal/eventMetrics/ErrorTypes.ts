/**
 * Limits the types of errors that become attribute values.
 *
 * A type is a tag or a class. A program may make names at run time, with ids in
 * them. So a text that does not look like a name becomes `_OTHER`, and so does a
 * name after many others. `_OTHER` is from the semantic conventions.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 */

/** The highest number of types. */
const mostTypes = 100

const other = "_OTHER"

/** A tag or the name of a class, maybe with its package. */
const nameRule = /^[\p{L}_$@][\p{L}\p{N}_$@./:#-]{0,99}$/u

export class ErrorTypes {
  readonly #known = new Set<string>()

  /** Gives the type, or `_OTHER`. */
  keep(errorType: string): string {
    if (this.#known.has(errorType)) return errorType
    if (this.#known.size >= mostTypes || !nameRule.test(errorType)) return other
    this.#known.add(errorType)
    return errorType
  }
}
