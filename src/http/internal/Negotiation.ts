/**
 * Chooses a content type by the `Accept` header of a request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 */

/** A type of content that a client accepts, in lower case except for the values of its parameters. */
export interface MediaRange {
  /** `text/plain`, `text/*` or `*` + `/*`. */
  readonly type: string
  /** The value of a parameter by its name; `undefined` if the client does not ask for one. */
  readonly parameters: Readonly<Record<string, string>>
  /** From 0, not at all, to 1. */
  readonly quality: number
}

/** A content type that the server can answer with. */
export interface Offer {
  readonly contentType: string
  /** Whether a range that names the type means this offer. A wildcard means every offer. */
  readonly matches: (range: MediaRange) => boolean
}

/** Gives the ranges of a header, in their order. Invalid parts are skipped. */
export const parse = (header: string): ReadonlyArray<MediaRange> =>
  (header.match(elements) ?? []).flatMap((element) => {
    const [type = "", ...rest] = (element.match(parts) ?? []).map((part) => part.trim())
    if (!mediaType.test(type)) return []
    const parameters: Record<string, string> = Object.create(null)
    for (const part of rest) {
      const [name = "", value = ""] = part.split(/\s*=\s*(.*)/s)
      parameters[name.toLowerCase()] = value.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/gs, "$1")
    }
    const { q, ...others } = parameters
    const quality = q === undefined ? 1 : Number(q)
    return [{
      type: type.toLowerCase(),
      parameters: others,
      quality: quality >= 0 && quality <= 1 ? quality : 0
    }]
  })

/** Parts of a list. Commas and semicolons in quotes do not separate. */
const elements = /(?:[^,"]|"(?:[^"\\]|\\.)*"|")+/gs
const parts = /(?:[^;"]|"(?:[^"\\]|\\.)*"|")+/gs

const mediaType = /^(?:\*\/\*|[\w!#$%&'+.^`|~-]+\/(?:\*|[\w!#$%&'+.^`|~-]+))$/

/**
 * Gives the offer that the client prefers: by quality, then by the order of the
 * ranges, then by our order. The quality of an offer is the quality of the most
 * specific range. If the client accepts no offer, it gets the first one. For a
 * scrape with an unusual header, that is better than an error.
 */
export const select = <A extends Offer>(offers: readonly [A, ...ReadonlyArray<A>], header: string | undefined): A => {
  const ranges = parse(header ?? "")
  let best: readonly [offer: A, quality: number, position: number] = [offers[0], 0, 0]
  for (const offer of offers) {
    const position = mostSpecific(ranges, offer)
    const quality = ranges[position]?.quality ?? 0
    if (quality > best[1] || (quality > 0 && quality === best[1] && position < best[2])) {
      best = [offer, quality, position]
    }
  }
  return best[0]
}

/** The position of the most specific range for an offer; -1 if no range fits. */
const mostSpecific = (ranges: ReadonlyArray<MediaRange>, { contentType, matches }: Offer): number => {
  const anyOfKind = contentType.replace(/\/.*/s, "/*")
  for (const isMeant of [matches, isOfType(anyOfKind), isOfType("*/*")]) {
    const position = ranges.findIndex(isMeant)
    if (position !== -1) return position
  }
  return -1
}

const isOfType = (type: string) => (range: MediaRange): boolean => range.type === type
