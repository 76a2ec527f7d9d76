/**
 * Counts the lines of files per language. A line is a newline byte, as for
 * `wc -l`.
 */
import * as Effect from "effect/Effect"
import { type FileEntry, readFiles, type UnreadablePath } from "./FileEntry.ts"
import { languageOf } from "./languageOf.ts"

/** The files of one language. */
export interface LanguageCount {
  readonly language: string
  readonly files: number
  readonly lines: number
  readonly bytes: number
}

/** The lines of files, most lines first. */
export interface LineCount {
  readonly lines: number
  readonly languages: ReadonlyArray<LanguageCount>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

const newline = 0x0a

const blockSize = 16 * 1024

/** If lines are shorter than this many bytes, a loop over the bytes is faster than a search for newlines. */
const shortLine = 32

const countByteByByte = (bytes: Buffer): number => {
  let found = 0
  for (let index = 0; index < bytes.length; index++) if (bytes[index] === newline) found++
  return found
}

const countBySearch = (bytes: Buffer): number => {
  let found = 0
  for (let index = bytes.indexOf(newline); index >= 0; index = bytes.indexOf(newline, index + 1)) found++
  return found
}

const lineReader = () => {
  let lines = 0
  let hasShortLines = true
  return {
    chunk: (bytes: Buffer) => {
      for (let start = 0; start < bytes.length; start += blockSize) {
        const block = bytes.subarray(start, start + blockSize)
        const found = hasShortLines ? countByteByByte(block) : countBySearch(block)
        hasShortLines = found * shortLine > block.length
        lines += found
      }
    },
    end: (size: number) => ({ lines, size })
  }
}

export const countLines = Effect.fnUntraced(function*(
  files: ReadonlyArray<FileEntry>
): Effect.fn.Return<LineCount> {
  const { read, unreadable } = yield* readFiles(files, lineReader)
  const languages = new Map<string, LanguageCount>()
  let total = 0
  for (const [file, { lines, size }] of read) {
    const language = languageOf(file.path)
    const known = languages.get(language) ?? { language, files: 0, lines: 0, bytes: 0 }
    languages.set(language, {
      language,
      files: known.files + 1,
      lines: known.lines + lines,
      bytes: known.bytes + size
    })
    total += lines
  }
  return {
    lines: total,
    languages: [...languages.values()].sort((a, b) => b.lines - a.lines || (a.language < b.language ? -1 : 1)),
    unreadable
  }
})
