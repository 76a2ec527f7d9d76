/**
 * Tells the language of a file from its name.
 */

const extensionsByLanguage = {
  Ada: ["adb", "ads"],
  Assembly: ["asm", "s"],
  Astro: ["astro"],
  C: ["c", "h"],
  "C++": ["cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp"],
  "C#": ["cs"],
  Clojure: ["clj", "cljc", "cljs"],
  CMake: ["cmake"],
  CSS: ["css"],
  CSV: ["csv", "tsv"],
  Dart: ["dart"],
  Elixir: ["ex", "exs"],
  Elm: ["elm"],
  Erlang: ["erl", "hrl"],
  Fortran: ["f", "f90", "f95", "for"],
  "F#": ["fs", "fsi", "fsx"],
  Go: ["go"],
  GraphQL: ["gql", "graphql"],
  Groovy: ["gradle", "groovy"],
  Haskell: ["hs", "lhs"],
  HCL: ["hcl", "tf", "tfvars"],
  HTML: ["htm", "html", "xhtml"],
  INI: ["cfg", "conf", "ini", "properties"],
  Java: ["java"],
  JavaScript: ["cjs", "js", "jsx", "mjs"],
  JSON: ["json", "json5", "jsonc", "jsonl", "ndjson"],
  Julia: ["jl"],
  Kotlin: ["kt", "kts"],
  Less: ["less"],
  Lisp: ["el", "lisp", "lsp"],
  Lua: ["lua"],
  Makefile: ["mak", "mk"],
  Markdown: ["markdown", "md", "mdx"],
  Nix: ["nix"],
  "Objective-C": ["m", "mm"],
  OCaml: ["ml", "mli"],
  Perl: ["pl", "pm", "pod"],
  PHP: ["php"],
  PowerShell: ["ps1", "psm1"],
  "Protocol Buffers": ["proto"],
  Python: ["py", "pyi"],
  R: ["r", "rmd"],
  reStructuredText: ["rst"],
  Ruby: ["erb", "rb"],
  Rust: ["rs"],
  Sass: ["sass", "scss"],
  Scala: ["sbt", "scala"],
  Scheme: ["rkt", "scm"],
  Shell: ["bash", "fish", "ksh", "sh", "zsh"],
  SQL: ["sql"],
  Svelte: ["svelte"],
  SVG: ["svg"],
  Swift: ["swift"],
  Tcl: ["tcl"],
  TeX: ["bib", "cls", "sty", "tex", "texi"],
  Text: ["asc", "log", "text", "txt"],
  TOML: ["toml"],
  TypeScript: ["cts", "mts", "ts", "tsx"],
  Vue: ["vue"],
  XML: ["xml", "xsd", "xsl", "xslt"],
  YAML: ["yaml", "yml"],
  Zig: ["zig"]
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

const namesByLanguage = {
  CMake: ["cmakelists.txt"],
  Dockerfile: ["containerfile", "dockerfile"],
  Makefile: ["gnumakefile", "makefile"],
  Ruby: ["gemfile", "rakefile"],
  Text: [
    "authors",
    "bugs",
    "changelog",
    "changes",
    "copying",
    "copyright",
    "license",
    "news",
    "readme",
    "thanks",
    "todo"
  ]
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

const invert = (table: Readonly<Record<string, ReadonlyArray<string>>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(table).flatMap(([language, keys]) => keys.map((key) => [key, language] as const)))

const byExtension = invert(extensionsByLanguage)
const byName = invert(namesByLanguage)

/** The language of files that are in no table, such as archives and images. */
const other = "Other"

/** Looks up the whole name first, then the extension. A file that is in no table is {@link other}. */
export const languageOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase()
  const known = byName.get(name)
  if (known !== undefined) return known
  const dot = name.lastIndexOf(".")
  return (dot > 0 ? byExtension.get(name.slice(dot + 1)) : undefined) ?? other
}
