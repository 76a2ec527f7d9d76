/**
 * Reads TypeScript source just well enough for rules about its imports and its words: it tells code from comments
 * and from the contents of strings.
 */

export interface Import {
  readonly specifier: string
  readonly line: number
}

export interface SourceText {
  /** The source with every comment blanked out. Offsets and lines are those of the source. */
  readonly withoutComments: string
  /** The source with comments and the contents of strings, templates and regular expressions blanked out. */
  readonly code: string
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ")

/** Whether a slash after this code starts a regular expression (and no division). */
const startsRegExp = (before: string): boolean =>
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|yield|await|else|do|void))$/.test(
    before.slice(-40).trimEnd()
  )

const literals = {
  "\"": /"(?:[^"\\\n]|\\[^])*"?/y,
  "'": /'(?:[^'\\\n]|\\[^])*'?/y,
  "/": /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
}

const match = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

export const read = (source: string): SourceText => {
  let code = ""
  let withoutComments = ""
  // one number for each open `${`: how many braces are open within it
  const templates: Array<number> = []
  let at = 0

  const keep = (text: string): void => {
    code += text
    withoutComments += text
    at += text.length
  }
  const literal = (text: string): void => {
    code += text.length < 2 ? text : `${text[0]}${blank(text.slice(1, -1))}${text.at(-1)}`
    withoutComments += text
    at += text.length
  }
  const comment = (text: string): void => {
    code += blank(text)
    withoutComments += blank(text)
    at += text.length
  }
  /** The characters of a template up to its end or to the next `${`. */
  const template = (from: number): void => {
    let end = from
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1
    }
    const text = source.slice(at, end)
    code += `${text[0] ?? ""}${blank(text.slice(1))}`
    withoutComments += text
    at = end
    if (source.startsWith("${", at)) {
      templates.push(0)
      keep("${")
    } else {
      keep("`")
    }
  }

  while (at < source.length) {
    const character = source[at]!
    const open = templates.length - 1
    if (source.startsWith("//", at)) {
      comment(match(/\/\/[^\n]*/y, source, at)!)
    } else if (source.startsWith("/*", at)) {
      comment(match(/\/\*[^]*?(?:\*\/|$)/y, source, at)!)
    } else if (character === "\"" || character === "'") {
      literal(match(literals[character], source, at)!)
    } else if (character === "/" && startsRegExp(code)) {
      const text = match(literals["/"], source, at)
      if (text === undefined) keep(character)
      else literal(text)
    } else if (character === "`") {
      template(at + 1)
    } else if (character === "}" && templates[open] === 0) {
      templates.pop()
      template(at + 1)
    } else {
      if (open >= 0 && character === "{") templates[open]!++
      if (open >= 0 && character === "}") templates[open]!--
      keep(character)
    }
  }
  return { code, withoutComments }
}

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

const importPatterns = [
  /\b(?:import|export)\b[^"'`;()=]*?\bfrom\s*(["'])(?<specifier>[^"'\n]+)\1/g,
  /\bimport\s*(["'])(?<specifier>[^"'\n]+)\1/g,
  /\bimport\s*\(\s*(["'])(?<specifier>[^"'\n]+)\1/g,
  /\bnew\s+URL\s*\(\s*(["'])(?<specifier>\.[^"'\n]*\.[cm]?[jt]s)\1\s*,\s*import\.meta\.url/g
]

/** Every module a file names: imports, re-exports, dynamic imports, import types and worker URLs. */
export const imports = (text: SourceText): ReadonlyArray<Import> =>
  importPatterns.flatMap((pattern) =>
    Array.from(text.withoutComments.matchAll(pattern))
      // a match inside of a string is none: there the keyword is blanked out
      .filter(({ index }) => /^(?:import|export|new)\b/.test(text.code.slice(index)))
      .map((found) => ({
        specifier: found.groups!["specifier"]!,
        line: lineAt(text.withoutComments, found.index + found[0].lastIndexOf(found.groups!["specifier"]!))
      }))
  ).toSorted((a, b) => a.line - b.line)
