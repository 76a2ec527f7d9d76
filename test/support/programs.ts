/**
 * The programs that tests start. Each is one file with what it shares with the others in a second one, because a process
 * that reads two files starts in a third of the time of one that reads the 500 sources of Effect and of ours.
 */
import { globSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"

const sources = fileURLToPath(new URL("programs", import.meta.url))
const folder = fileURLToPath(new URL("../../node_modules/.cache/programs", import.meta.url))

/** Another worker may do the same, and a process may start meanwhile: a file is whole or is not there. */
const write = (name: string, content: string): void => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, content)
  renameSync(`${path}.${process.pid}`, path)
}

const bundle = async (): Promise<void> => {
  const programs = globSync("*.ts", { cwd: sources }).map((name) => [basename(name, ".ts"), join(sources, name)])
  const build = await rolldown({
    input: Object.fromEntries(programs) as Readonly<Record<string, string>>,
    platform: "node",
    resolve: { conditionNames: ["tasker-telemetry-source", "module", "node", "import"] }
  })
  const { output } = await build.generate({
    entryFileNames: "[name].mjs",
    chunkFileNames: "shared/[name].mjs",
    // A module that another program reads, too, must not run before what the program itself does first.
    strictExecutionOrder: true
  })
  await build.close()
  // An entry is there when all that it reads is there.
  for (const file of output.toReversed()) if (file.type === "chunk") write(file.fileName, file.code)
}

let bundled: Promise<void> | undefined

/** The path of a program of `test/support/programs`, made from the sources as they are now, once for all files of a worker. */
export const program = async (name: string): Promise<string> => {
  await (bundled ??= bundle())
  return join(folder, `${name}.mjs`)
}
