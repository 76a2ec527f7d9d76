/**
 * Lists the mistakes that a schema found in an input, up to a limit.
 */
import * as SchemaIssue from "effect/SchemaIssue"
import { truncateAtWord } from "./truncateAtWord.ts"

/** A mistake: its place, as a dotted path, and what was expected. The given value is not repeated. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** The highest number of mistakes in a list. */
const mostIssues = 20

/** Longest path and message, in characters. Keys may come from strangers. */
const longestText = 512

/** Gives the first 20 mistakes. One more entry says how many others there are. */
export const issuesOf = (issue: SchemaIssue.Issue): ReadonlyArray<Issue> => {
  const found: Array<Issue> = []
  let others = 0
  const visit = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): void => {
    if (issue._tag === "Pointer") return visit(issue.issue, [...path, ...issue.path])
    if (issue._tag === "Composite" || issue._tag === "AnyOf" && issue.issues.length > 0) {
      for (const part of issue.issues) visit(part, path)
    } else if (found.length >= mostIssues) others++
    else {
      for (const { message, path: inner = [] } of formatIssues(issue).issues) {
        const keys = [...path, ...inner.map((part) => typeof part === "object" ? part.key : part)]
        found.push({ path: clip(keys.map(String).join(".")), message: clip(message) })
      }
    }
  }
  visit(issue, [])
  const left = others + Math.max(0, found.length - mostIssues)
  return left === 0
    ? found
    : [...found.slice(0, mostIssues), { path: "", message: `${left} further mistakes are left out` }]
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const clip = (text: string): string =>
  text.length > longestText ? `${truncateAtWord(text, longestText).trimEnd()}…` : text
