/**
 * Text for a terminal: colours, numbers with units, columns, bars. Pure.
 */
import { stripVTControlCharacters, styleText } from "node:util"

/** `width` is in columns. */
export interface Terminal {
  readonly width: number
  readonly colors: boolean
}

export type Style = Parameters<typeof styleText>[0]

/** Colours a text, if the terminal has colours. */
export type Paint = (style: Style, text: string) => string

export const painter = ({ colors }: Terminal): Paint => (style, text) =>
  colors ? styleText(style, text, { validateStream: false }) : text

// --- Numbers ---

const thousands = new Intl.NumberFormat("en-US")

export const count = (value: number): string => thousands.format(value)

/** A number with its noun, in the singular for 1. */
export const quantity = (value: number, singular: string, plural = `${singular}s`): string =>
  `${count(value)} ${value === 1 ? singular : plural}`

const units = ["kB", "MB", "GB", "TB", "PB"]

/** Decimal units, as disks are sold. */
export const bytes = (value: number): string => {
  if (value < 1000) return `${value} B`
  const power = Math.min(Math.floor(Math.log10(value) / 3), units.length)
  const scaled = value / 1000 ** power
  return `${scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0)} ${units[power - 1]}`
}

/** Three significant digits from microseconds to minutes. */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`
  if (milliseconds < 10) return `${milliseconds.toFixed(2)} ms`
  if (milliseconds < 100) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round(milliseconds % 60_000 / 1000)} s`
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

// --- Columns ---

const segmenter = new Intl.Segmenter()

/** Splits a text into the characters that a reader sees. */
const charactersOf = (text: string): ReadonlyArray<string> => Array.from(segmenter.segment(text), (it) => it.segment)

/** East Asian characters and pictures take two columns. */
const wide =
  /^[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

const columnsOf = (character: string): number => wide.test(character) ? 2 : 1

/** How many columns a text takes. */
export const widthOf = (text: string): number =>
  charactersOf(stripVTControlCharacters(text)).reduce((sum, character) => sum + columnsOf(character), 0)

/** The characters from the start that fit into the width. */
const fittingStart = (characters: ReadonlyArray<string>, width: number): ReadonlyArray<string> => {
  let used = 0
  const end = characters.findIndex((character) => (used += columnsOf(character)) > width)
  return end < 0 ? characters : characters.slice(0, end)
}

export const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)))

export const padStart = (text: string, width: number): string => " ".repeat(Math.max(0, width - widthOf(text))) + text

/** Escapes control characters. A file name can hold some that would steer the terminal. */
export const printable = (text: string): string =>
  text.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

/** Shortens a text at its end. */
export const cutEnd = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${fittingStart(charactersOf(text), width - 1).join("")}…`

/** Breaks a text between words into lines that fit into the width. A longer word is cut. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last !== undefined && widthOf(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(cutEnd(word, width))
  }
  return lines
}

/** Shortens a path in its middle, so that its folder and its name stay. */
export const cutMiddle = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  const characters = charactersOf(text)
  const head = fittingStart(characters, Math.floor((width - 1) / 3)).join("")
  const tail = fittingStart([...characters].reverse(), width - 1 - widthOf(head))
  return `${head}…${[...tail].reverse().join("")}`
}

// --- Bars ---

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar for a share of the width, in eighths of a cell. A share above zero is always visible. */
export const bar = (share: number, width: number): string => {
  const cells = Math.max(share > 0 ? 1 : 0, Math.round(Math.min(1, share) * width * 8))
  return "█".repeat(Math.floor(cells / 8)) + eighths[cells % 8]
}

/** A bar from one share of the width to another. */
export const timeBar = (start: number, end: number, width: number): string => {
  const first = Math.min(Math.floor(start * width), width - 1)
  return " ".repeat(first) + bar(Math.max(0, end - first / width), width).slice(0, width - first)
}

/** A heading with a rule to the right end. */
export const heading = (title: string, detail: string, terminal: Terminal): string => {
  const paint = painter(terminal)
  const right = detail === "" ? "" : ` ${detail}`
  const rule = "─".repeat(Math.max(2, terminal.width - widthOf(title) - 1 - widthOf(right)))
  return `${paint("bold", title)} ${paint("dim", rule + right)}`
}
