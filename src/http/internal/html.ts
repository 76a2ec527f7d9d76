/**
 * Pages without scripts, which need nothing from another place.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Markup. */
export interface Html {
  readonly markup: string
}

/** Makes markup of a text. */
const text = (source: string): Html => ({
  markup: source.replace(/[&<>"']/g, (character) => entities[character] ?? character)
})

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

type Part = string | Html | ReadonlyArray<Html>

/** A template of markup. Texts in it are escaped, lists are joined. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html => ({
  markup: strings.map((constant, index) => constant + markupOf(parts[index] ?? "")).join("")
})

const markupOf = (part: Part): string =>
  typeof part === "string"
    ? text(part).markup
    : "markup" in part
    ? part.markup
    : part.map(({ markup }) => markup).join("")

/** The style of all pages. */
export const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --strong: #0a6ebd }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { border-bottom: 1px solid var(--line); font-size: 1.2rem; margin: 2rem 0 .5rem }
h3 { font-size: .9rem; margin: 1rem 0 .3rem }
a { color: var(--strong) } code { font: .9em/1.4 ui-monospace, monospace } p { margin: .3rem 0 }
nav a { margin-right: 1rem }
table { border-collapse: collapse; width: 100% } td, th { padding: .3rem 1rem .3rem 0; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid var(--line) }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: 0 1rem }
details[open] { padding-bottom: 1rem } summary { cursor: pointer; padding: .5rem 0 }
.method { display: inline-block; font-weight: 600; min-width: 4.5rem } .about { opacity: .75 }
.fields { background: var(--soft); border-radius: .4rem; margin: .2rem 0; padding: .5rem 1rem .5rem 2rem }
.fields .fields { background: none; padding: 0 0 0 1.2rem } .type { opacity: .75 }
td > .about { display: block }
`

/**
 * The policy of a page: only its own style, and an empty icon in its text. A test compares the hash with the style.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
const policy =
  "default-src 'none'; style-src 'sha256-oR1mOzHdXAd83R3QtpLilLqPZJOErytqknX/2jGP3XY='; img-src data:; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'"

/** Answers with a page. */
export const page = (
  title: string,
  body: Html,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ markup: style }}</style>
</head>
<body>
${body}
</body>
</html>
`.markup,
    {
      contentType: "text/html; charset=utf-8",
      headers: { "cache-control": "no-store", "content-security-policy": policy, ...headers }
    }
  )
