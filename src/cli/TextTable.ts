/**
 * Tables of text for a terminal, and the texts of their cells.
 */

/** A cell. Numbers and durations stand at the right. */
export interface Cell {
  readonly text: string
  readonly right: boolean
}

/** Characters that would move the cursor, change colours or turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The text without characters that a terminal obeys: names come from a service. */
export const printable = (text: string): string => text.replaceAll(unprintable, "?")

/** A cell with a text. */
export const text = (value: string | undefined): Cell => ({ text: printable(value ?? ""), right: false })

/** A cell with a count. */
export const count = (value: number): Cell => ({ text: String(value), right: true })

/** A cell with a duration, with three digits and a unit: `12 ms`, `4.2 s`, `17 min`. */
export const duration = (seconds: number): Cell => ({ text: durationText(seconds), right: true })

/** A cell with a share from 0 to 1 in percent. */
export const percent = (share: number): Cell => ({
  text: `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`,
  right: true
})

/** A duration for people. */
export const durationText = (seconds: number): string =>
  seconds === 0
    ? "0 s"
    : seconds < 0.001
    ? `${Number((seconds * 1e6).toPrecision(3))} µs`
    : seconds < 1
    ? `${Number((seconds * 1000).toPrecision(3))} ms`
    : seconds < 120
    ? `${Number(seconds.toPrecision(3))} s`
    : seconds < 7200
    ? `${Math.round(seconds / 60)} min`
    : `${Math.round(seconds / 3600)} h`

/** Lines of a table with a heading; none without rows. */
export const table = (
  title: string,
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.text.length ?? 0))
  )
  const line = (cells: ReadonlyArray<Cell>) =>
    cells.map(({ right, text }, index) => {
      const width = widths[index] ?? 0
      return right ? text.padStart(width) : text.padEnd(width)
    }).join("  ").trimEnd()
  const [first = []] = rows
  const heads = columns.map((column, index) => ({ text: column, right: first[index]?.right ?? false }))
  return [title, ...[heads, ...rows].map((cells) => `  ${line(cells)}`), ""]
}
