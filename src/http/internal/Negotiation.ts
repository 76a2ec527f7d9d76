/**
 * The choice of a content type by the `Accept` header of a request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 * @internal
 */

/** A type of content that a client takes, in lower case but for the values of its parameters. */
export interface MediaRange {
  /** `text/plain`, `text/*` or `*` + `/*`. */
  readonly type: string
  /** The value of a parameter by its name; `undefined` where the client does not mind. */
  readonly parameters: Readonly<Record<string, string>>
  /** From 0, not at all, to 1. */
  readonly quality: number
}

/** Something that can be answered with. */
export interface Offer {
  readonly contentType: string
  /** Whether a range that names the type means this one; it does with all parameters of a wildcard. */
  readonly matches: (range: MediaRange) => boolean
}

/** The ranges of a header, in their order. What is no range is passed over. */
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

/** A part of a list, where commas and semicolons in quotes separate nothing. */
const elements = /(?:[^,"]|"(?:[^"\\]|\\.)*"|")+/gs
const parts = /(?:[^;"]|"(?:[^"\\]|\\.)*"|")+/gs

const mediaType = /^(?:\*\/\*|[\w!#$%&'+.^`|~-]+\/(?:\*|[\w!#$%&'+.^`|~-]+))$/

/**
 * The offer that the client likes best: by quality, then by what it names first,
 * then by our own order. The quality of an offer is that of the range that says
 * most about it. The first offer where the client takes none of them: a scrape
 * with an unusual header is worth more than an error.
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

/** Where the range is that says most about an offer; -1 where none does. */
const mostSpecific = (ranges: ReadonlyArray<MediaRange>, { contentType, matches }: Offer): number => {
  const anyOfKind = contentType.replace(/\/.*/s, "/*")
  for (const isMeant of [matches, isOfType(anyOfKind), isOfType("*/*")]) {
    const position = ranges.findIndex(isMeant)
    if (position !== -1) return position
  }
  return -1
}

const isOfType = (type: string) => (range: MediaRange): boolean => range.type === type
