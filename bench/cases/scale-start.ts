/**
 * What a process computes to load and start. Arguments: `effect`, `root`, `telemetry`, `program` or `plain`, and the
 * folder with the built package.
 */
import { pathToFileURL } from "node:url"

const [what, folder] = process.argv.slice(2) as [string, string]
const own = (module: string): Promise<unknown> => import(`${pathToFileURL(folder).href}/${module}.js`)

const before = process.cpuUsage()
switch (what) {
  case "effect":
    await import("effect")
    break
  case "root":
    await own("index")
    break
  case "telemetry":
    await own("Telemetry")
    break
  case "program":
    await (await import("../support/readmeProgram.ts")).run(await own("index") as never)
    break
  case "plain":
    await (await import("../support/readmeProgram.ts")).runPlain()
    break
}
const { system, user } = process.cpuUsage(before)
console.log(JSON.stringify({ cpuNs: (user + system) * 1e3 }))
