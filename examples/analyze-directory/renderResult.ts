/**
 * What the analysis found out, for a person.
 */
import { wastedBytes } from "./hashFiles.ts"
import type { Results } from "./RecordedRun.ts"
import {
  bar,
  bytes,
  count,
  cutMiddle,
  heading,
  many,
  padEnd,
  padStart,
  painter,
  percent,
  printable,
  type Terminal
} from "./terminalText.ts"

const mostLanguages = 8
const mostOthers = 5

const path = (text: string, width: number) => cutMiddle(printable(text), width)

/** The first few lines of a list, and how many more there are. */
const some = <A>(list: ReadonlyArray<A>, most: number, line: (item: A) => string): ReadonlyArray<string> => [
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
    ...some(
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
    `Duplicates: ${many(find_duplicates.length, "group")} of ${many(summarize.duplicateFiles, "file")}; ` +
    `keeping one of each would save ${bytes(summarize.wastedBytes)}`,
    ...some(
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
    ...some(read_manifests.manifests, mostOthers, ({ dependencies, name, path: file, version }) => {
      const title = `${name ?? "without a name"}${version === undefined ? "" : ` ${version}`}`
      const details = `${title}, ${many(dependencies, "dependency", "dependencies")}`
      return `  ${padEnd(path(file, 40), 40)}  ${path(details, terminal.width - 45)}`
    })
  ]),
  ...(read_manifests.malformed.length === 0 ? [] : [
    "Malformed manifests",
    ...some(read_manifests.malformed, mostOthers, (file) => `  ${path(file.path, terminal.width - 30)}: ${file.reason}`)
  ])
]

const unreadable = ({ store_report }: Results, terminal: Terminal): ReadonlyArray<string> =>
  store_report.unreadable.length === 0 ? [] : [
    painter(terminal)("yellow", `Unreadable: ${many(store_report.unreadable.length, "path")}`),
    ...some(store_report.unreadable, mostOthers, (file) => `  ${path(file.path, terminal.width - 30)}: ${file.reason}`)
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
    `${many(summarize.files, "file")} in ${many(summarize.folders, "folder")}, ${bytes(summarize.bytes)}, ` +
    many(summarize.lines, "line"),
    ...parts.flatMap((part) => ["", ...part])
  ]
}
