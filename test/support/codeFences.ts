/**
 * Finds the code fences of Markdown pages and of JSDoc comments.
 */

export interface Fence {
  /** The line of the first line of code, counted from 1. */
  readonly line: number
  /** What stands behind the language in the opening line. */
  readonly info: string
  readonly language: string
  readonly code: string
}

const isTypeScript = (language: string): boolean => ["ts", "typescript", "tsx", "mts"].includes(language)

/** The fences of lines of Markdown, in any language. A fence closes with as many ticks as opened it. */
const fencesOf = (lines: ReadonlyArray<string>, firstLine: number): ReadonlyArray<Fence> => {
  const fences: Array<Fence> = []
  let open:
    | { readonly ticks: string; readonly indent: number; readonly fence: Fence; readonly code: Array<string> }
    | undefined
  lines.forEach((text, index) => {
    if (open === undefined) {
      const opening = /^(\s*(?:>\s?)*)(`{3,}|~{3,})\s*([^\s`]*)\s*([^`]*)$/.exec(text)
      if (opening) {
        const [, indent = "", ticks = "", language = "", info = ""] = opening
        const fence = { line: firstLine + index + 1, info: info.trim(), language: language.toLowerCase(), code: "" }
        open = { ticks, indent: indent.length, fence, code: [] }
      }
    } else if (new RegExp(`^[\\s>]*${open.ticks[0]}{${open.ticks.length},}\\s*$`).test(text)) {
      fences.push({ ...open.fence, code: open.code.join("\n") })
      open = undefined
    } else {
      open.code.push(/^[\s>]*$/.test(text.slice(0, open.indent)) ? text.slice(open.indent) : text)
    }
  })
  if (open !== undefined) fences.push({ ...open.fence, code: open.code.join("\n") })
  return fences
}

/** All fences of a page, in their order. */
export const ofPage = (text: string): ReadonlyArray<Fence> => fencesOf(text.split("\n"), 1)

/** The TypeScript fences of a page. */
export const fromMarkdown = (text: string): ReadonlyArray<Fence> =>
  ofPage(text).filter(({ language }) => isTypeScript(language))

/** The file that a fence is: its first line names it, as in `// order.ts`. Other fences of the page may import it. */
export const fileName = ({ code }: Fence): string | undefined =>
  /^\/\/ (\w[\w.-]*\.ts)$/.exec(code.split("\n", 1)[0]!)?.[1]

/** The fences of every JSDoc comment of a TypeScript file. */
export const fromJsDoc = (text: string): ReadonlyArray<Fence> =>
  Array.from(text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)).flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split("\n").length
    const lines = comment[0].split("\n").map((line) => line.replace(/^\s*(?:\/\*\*|\*(?!\/)) ?/, ""))
    return fencesOf(lines, firstLine).filter(({ language }) => isTypeScript(language))
  })

/**
 * The fence as a module whose line numbers are those of the page it stands on. In an example `*\/` stands for the
 * end of a comment.
 */
export const toModule = (fence: Fence): string =>
  `${"\n".repeat(fence.line - 1)}${fence.code.replaceAll("*\\/", "*/")}\nexport {}\n`
