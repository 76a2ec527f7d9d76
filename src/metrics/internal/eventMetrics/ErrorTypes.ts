/**
 * Types of errors as attribute values, kept few.
 *
 * A type is what a program calls its errors by: a tag or a class. Nothing keeps a
 * program from making names at run time, with an id in them, so what does not
 * look like a name, or comes after many others, is `_OTHER`, as the semantic
 * conventions say.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 * @internal
 */

/** Types that are told apart. */
const mostTypes = 100

const other = "_OTHER"

/** A tag or the name of a class, perhaps with its package. */
const nameRule = /^[\p{L}_$@][\p{L}\p{N}_$@./:#-]{0,99}$/u

export class ErrorTypes {
  readonly #known = new Set<string>()

  /** The type itself, or `_OTHER`. */
  keep(errorType: string): string {
    if (this.#known.has(errorType)) return errorType
    if (this.#known.size >= mostTypes || !nameRule.test(errorType)) return other
    this.#known.add(errorType)
    return errorType
  }
}
