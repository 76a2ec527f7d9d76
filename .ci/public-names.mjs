// The public names of the package, read from its declarations: one line for each, module and name.
// `npm run names:generate` writes the list that `npm run pack:check` compares the packed declarations with.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, posix, sep } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const list = join(root, ".ci/public-names.txt")

/** Rooms without a public side. */
const closedRooms = ["cli", "delivery", "encoding"]

/** A module is public unless it lies in a folder named `internal` or in a closed room. */
export const isInternal = (path) => {
  const folders = path.split("/").slice(0, -1)
  return folders.includes("internal") || closedRooms.includes(folders[0])
}

const declared =
  /^export (?:declare )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum|namespace) ([\w$]+)/gm
const listed = /^export (?:type )?\{([^}]*)\}/gm
const namespaces = /^export \* as ([\w$]+) from "(.+)";$/gm

/** The exported names of a declaration file; those of a namespace of the package as `Namespace.name`. */
const namesOf = (file) => {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[^]*?\*\//g, "")
  const lists = Array.from(
    text.matchAll(listed),
    ([, names]) =>
      names.split(",").map((name) => name.trim().replace(/^type /, "").split(" as ").at(-1)).filter((name) =>
        name !== ""
      )
  )
  return [
    ...Array.from(text.matchAll(declared), ([, name]) => name),
    ...lists.flat(),
    ...Array.from(
      text.matchAll(namespaces),
      ([, name, path]) =>
        namesOf(join(dirname(file), path.replace(/\.ts$/, ".d.ts"))).map((inner) => `${name}.${inner}`)
    ).flat()
  ]
}

/** The names of all public modules in a folder of declarations, sorted. The root has the modules as namespaces. */
export const publicNames = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".d.ts"))
    .map((path) => path.slice(0, -".d.ts".length).split(sep).join(posix.sep))
    .filter((module) => !isInternal(module) && module !== "index")
    .flatMap((module) =>
      [...new Set(namesOf(join(folder, `${module}.d.ts`)))].map((name) => `${module.replace(/\/index$/, "")} ${name}`)
    )
    .toSorted()

/** The declaration files that show what is marked `@internal`. */
export const internalDeclarations = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".d.ts") && readFileSync(join(folder, path), "utf8").includes("@internal"))

/** What is gained and lost against the committed list. */
export const differences = (names) => {
  const committed = readFileSync(list, "utf8").split("\n").filter((line) => line !== "")
  return [
    ...names.filter((name) => !committed.includes(name)).map((name) => `+ ${name}`),
    ...committed.filter((name) => !names.includes(name)).map((name) => `- ${name}`)
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = publicNames(join(root, "dist"))
  writeFileSync(list, `${names.join("\n")}\n`)
  const modules = new Set(names.map((name) => name.split(" ")[0]))
  console.log(`${list}: ${names.length} names of ${modules.size} modules`)
}
