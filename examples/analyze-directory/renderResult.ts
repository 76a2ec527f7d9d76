/**
 * Shows what the analysis found.
 */
import { wastedBytes } from "./hashFiles.ts"
import type { Results } from "./RecordedRun.ts"
import {
  bar,
  bytes,
  count,
  cutMiddle,
  heading,
  padEnd,
  padStart,
  painter,
  percent,
  printable,
  quantity,
  type Terminal
} from "./terminalText.ts"

const mostLanguages = 8
const mostOthers = 5

const path = (text: string, width: number) => cutMiddle(printable(text), width)

/** Shows the first few entries of a list, and how many follow. */
const firstFew = <A>(list: ReadonlyArray<A>, most: number, line: (item: A) => string): ReadonlyArray<string> => [
  ...list.slice(0, most).map(line),
  ...(list.length > most ? [`  … and ${count(list.length - most)} more`] : [])
]

const languages = ({ summarize }: Results, terminal: Terminal): ReadonlyArray<string> => {
  const paint = painter(terminal)
  const row = (cells: readonly [string, string, string, string]) =>
    `  ${padEnd(cells[0], 18)}${padStart(cells[1], 8)}${padStart(cells[2], 13)}${padStart(cells[3], 9)}`
  const total = Math.max(1, summarize.lines)
  const barWidth = terminal.width - 53
  return summarize.languages.length === 0 ? [] : [
    paint("dim", row(["Language", "files", "lines", "share"])),
    ...firstFew(
      summarize.languages,
      mostLanguages,
      ({ files, language, lines }) =>
        `${row([language, count(files), count(lines), percent(lines / total)])}   ${
          paint("green", bar(lines / total, barWidth))
        }`.trimEnd()
    )
  ]
}

const duplicates = ({ find_duplicates, summarize }: Results, terminal: Terminal): ReadonlyArray<string> =>
  find_duplicates.length === 0 ? ["Duplicates: none"] : [
    `Duplicates: ${quantity(find_duplicates.length, "group")} of ${quantity(summarize.duplicateFiles, "file")}; ` +
    `keeping one of each would save ${bytes(summarize.wastedBytes)}`,
    ...firstFew(
      find_duplicates,
      mostOthers,
      (group) =>
        `  ${padStart(bytes(wastedBytes(group)), 9)}  ${padEnd(`${group.paths.length} ×`, 5)} ${
          path(group.paths[0]!, terminal.width - 20)
        }`
    )
  ]

const largest = ({ discover_files }: Results, terminal: Terminal): ReadonlyArray<string> =>
  discover_files.files.length === 0 ? [] : [
    "Largest files",
    ...[...discover_files.files].sort((a, b) => b.size - a.size).slice(0, mostOthers).map((file) =>
      `  ${padStart(bytes(file.size), 9)}  ${path(file.path, terminal.width - 14)}`
    )
  ]

const manifests = ({ read_manifests }: Results, terminal: Terminal): ReadonlyArray<string> => [
  ...(read_manifests.manifests.length === 0 ? [] : [
    "Projects",
    ...firstFew(read_manifests.manifests, mostOthers, ({ dependencies, name, path: file, version }) => {
      const title = `${name ?? "without a name"}${version === undefined ? "" : ` ${version}`}`
      const details = `${title}, ${quantity(dependencies, "dependency", "dependencies")}`
      return `  ${padEnd(path(file, 40), 40)}  ${path(details, terminal.width - 45)}`
    })
  ]),
  ...(read_manifests.malformed.length === 0 ? [] : [
    "Malformed manifests",
    ...firstFew(
      read_manifests.malformed,
      mostOthers,
      (file) => `  ${path(file.path, terminal.width - 30)}: ${file.reason}`
    )
  ])
]

const unreadable = ({ store_report }: Results, terminal: Terminal): ReadonlyArray<string> =>
  store_report.unreadable.length === 0 ? [] : [
    painter(terminal)("yellow", `Unreadable: ${quantity(store_report.unreadable.length, "path")}`),
    ...firstFew(
      store_report.unreadable,
      mostOthers,
      (file) => `  ${path(file.path, terminal.width - 30)}: ${file.reason}`
    )
  ]

export const renderResult = (results: Results, terminal: Terminal): ReadonlyArray<string> => {
  const { summarize } = results
  const parts = [
    languages(results, terminal),
    duplicates(results, terminal),
    largest(results, terminal),
    manifests(results, terminal),
    unreadable(results, terminal)
  ].filter((part) => part.length > 0)
  return [
    heading("Result", "summarised by PostgreSQL", terminal),
    `${quantity(summarize.files, "file")} in ${quantity(summarize.folders, "folder")}, ${bytes(summarize.bytes)}, ` +
    quantity(summarize.lines, "line"),
    ...parts.flatMap((part) => ["", ...part])
  ]
}
