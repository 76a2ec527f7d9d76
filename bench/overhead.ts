/**
 * What telemetry costs a program that works: tasks of ten steps that compute 100 µs, 1 ms or 10 ms each, while
 * everything is sent to a receiver in another process.
 *
 * All figures are processor time of the whole process above that of the same program without telemetry. Rounds are
 * paired: a difference is taken within a round. The time to send what a batch has recorded belongs to the batch.
 */
import * as Effect from "effect/Effect"
import { type Figures, pairedRounds, start } from "./support/paired.ts"
import { type Graph, iterationsPerMicro } from "./support/stepLoad.ts"
import * as Suite from "./support/Suite.ts"

/** A batch of long steps has fewer tasks. */
interface Load {
  readonly title: string
  readonly micros: number
  readonly tasks: number
  readonly rounds: number
}

const short: Load = { title: "100 µs a step", micros: 100, tasks: 100, rounds: 17 }
const middle: Load = { title: "1 ms a step", micros: 1000, tasks: 40, rounds: 13 }
const long: Load = { title: "10 ms a step", micros: 10_000, tasks: 4, rounds: 7 }
const loads = [short, middle, long]

type Rounds = ReadonlyArray<Figures>

const cpuOf = (figures: Figures | undefined): number => figures?.["cpuNs"] ?? Number.NaN

/** What a program costs above another one, round by round, in nanoseconds of a step. */
const extraOf = (rounds: Rounds, base: Rounds): ReadonlyArray<number> =>
  rounds.map((figures, round) => cpuOf(figures) - cpuOf(base[round]))

const shareOf = (rounds: Rounds, base: Rounds): ReadonlyArray<number> =>
  rounds.map((figures, round) => cpuOf(figures) / cpuOf(base[round]) - 1)

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const row = (name: string, rounds: Rounds, base: Rounds): Suite.Row => {
  const shares = shareOf(rounds, base)
  const [low, high] = [Suite.quantile(shares, 0.25), Suite.quantile(shares, 0.75)]
  return {
    name,
    medianNs: Suite.median(extraOf(rounds, base)),
    note: `a step more: ${percent(Suite.median(shares))} [${percent(low)} to ${percent(high)}]`
  }
}

interface Setting {
  readonly perMicro: number
  readonly url: string
}

const measure = <Name extends string>(cases: Readonly<Record<Name, Suite.Case>>, rounds: number) =>
  Effect.map(pairedRounds(Object.values<Suite.Case>(cases), { passes: 1, rounds }), (figures) => {
    const names = Object.keys(cases)
    return (name: Name): Rounds => figures[names.indexOf(name)] ?? []
  })

/** The plain program, in which only the layer differs. */
const plain = ({ perMicro, url }: Setting, { micros, rounds, tasks, title }: Load) =>
  Effect.gen(function*() {
    const args = [`${Math.round(micros * perMicro)}`, `${tasks}`]
    const of = (name: string): Suite.Case => ({
      file: "overhead-plain.ts",
      args: [name, ...args, `${url}/${micros}-${name}`]
    })
    const figures = yield* measure({
      none: of("none"),
      ours: of("ours"),
      effect: of("effect"),
      bridge: of("bridge"),
      otel: { file: "overhead-otel.ts", args: [...args, `${url}/${micros}-otel`] }
    }, rounds)
    const rowOf = (name: string, key: "ours" | "effect" | "bridge" | "otel") =>
      row(`plain program, ${title}: ${name}`, figures(key), figures("none"))
    return {
      rows: [
        { name: `plain program, ${title}: no telemetry`, medianNs: Suite.medianOf(figures("none"), "cpuNs") },
        rowOf("ours", "ours"),
        rowOf("Effect's OTLP", "effect"),
        rowOf("@effect/opentelemetry", "bridge"),
        rowOf("OTel JS by hand", "otel")
      ],
      extra: Suite.median(extraOf(figures("ours"), figures("none"))) /
        Suite.median(extraOf(figures("effect"), figures("none")))
    }
  })

const taskCase = (
  { perMicro, url }: Setting,
  part: string,
  graph: Graph,
  { micros, tasks }: Pick<Load, "micros" | "tasks">
): Suite.Case => ({
  file: "overhead-task.ts",
  args: [part, graph, `${Math.round(micros * perMicro)}`, `${tasks}`, `${url}/task`]
})

/** `TaskRunner` beside the same graph as a plain program. */
const runner = (setting: Setting, load: Load, graph: Graph) =>
  Effect.gen(function*() {
    const figures = yield* measure({
      plain: taskCase(setting, "plain", graph, load),
      engine: taskCase(setting, "engine", graph, load),
      all: taskCase(setting, "all", graph, load)
    }, load.rounds)
    const title = `TaskRunner, ${graph}, ${load.title}`
    return {
      rows: [
        row(`${title}: layerNoop over a plain program`, figures("engine"), figures("plain")),
        row(`${title}: everything on over layerNoop`, figures("all"), figures("engine"))
      ],
      engine: Suite.median(shareOf(figures("engine"), figures("plain"))),
      all: Suite.median(shareOf(figures("all"), figures("engine")))
    }
  })

const parts = {
  plain: "runtime: a plain program of empty steps",
  engine: "engine",
  events: "events",
  spans: "spans and span events",
  lines: "lines",
  metrics: "metrics",
  encoding: "encoding",
  all: "sending"
}

/** Each part is measured by switching it on after those before it. */
const breakdown = (setting: Setting, graph: Graph) =>
  Effect.gen(function*() {
    const names = Object.keys(parts) as ReadonlyArray<keyof typeof parts>
    const load = { micros: 100, tasks: 100 }
    const cases = Object.fromEntries(names.map((part) => [part, taskCase(setting, part, graph, load)]))
    const figures = yield* measure(cases, 13)
    const [signals] = yield* Suite.rounds([{ file: "overhead-signals.ts", args: [graph, "100"] }], 1)
    const count = (key: string) => Suite.medianOf(signals, key).toFixed(1)
    const notes: Partial<Record<keyof typeof parts, string>> = {
      spans: `${count("spans")} spans and ${count("events")} span events a step`,
      lines: `${count("lines")} lines a step`,
      metrics: `counters and histograms: ${count("measurements")} a step`
    }
    return names.flatMap((part, index): ReadonlyArray<Suite.Row> => {
      const before = names[index - 1]
      if (before === undefined) return []
      return [{
        name: `a step of a ${graph}, 100 µs: ${parts[part]}`,
        medianNs: Suite.median(extraOf(figures(part), figures(before))),
        note: notes[part]
      }]
    })
  })

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const sink = yield* start({ file: "span-sink.ts", args: [] })
  const state = Effect.map(
    sink,
    (line) => JSON.parse(line) as { readonly port: number; readonly counts: Readonly<Record<string, number>> }
  )
  const { port } = yield* state
  const setting: Setting = { perMicro: iterationsPerMicro(), url: `http://127.0.0.1:${port}` }
  const programs: Array<Effect.Success<ReturnType<typeof plain>>> = []
  const chains: Array<Effect.Success<ReturnType<typeof runner>>> = []
  for (const load of loads) {
    programs.push(yield* plain(setting, load))
    chains.push(yield* runner(setting, load, "chain"))
  }
  const fanOut = yield* runner(setting, short, "fan-out")
  const where = yield* breakdown(setting, "chain")
  const { counts } = yield* state
  for (const signal of ["traces", "logs"]) {
    for (const { micros } of loads) {
      const paths = Object.keys(counts).filter((path) => path.startsWith(`/${micros}-`) && path.endsWith(signal))
      if (paths.length !== 4 || new Set(paths.map((path) => counts[path])).size !== 1) {
        return yield* new Suite.CaseFailed({ message: `records are missing: ${JSON.stringify(counts)}` })
      }
    }
  }
  const at = <A>(list: ReadonlyArray<A>, load: Load) => list[loads.indexOf(load)] as A
  return {
    suite: "overhead",
    rows: [
      ...programs.flatMap(({ rows }) => rows),
      ...chains.flatMap(({ rows }) => rows),
      ...fanOut.rows,
      ...where
    ],
    bars: [
      Suite.atMost("plain program, 1 ms a step: ours ÷ Effect's OTLP", 0.5, at(programs, middle).extra),
      Suite.atMost("plain program, 100 µs a step: ours ÷ Effect's OTLP", 0.4, at(programs, short).extra),
      Suite.atMost("TaskRunner, 1 ms a step: everything on over layerNoop", 0.05, at(chains, middle).all),
      Suite.atMost("TaskRunner, 100 µs a step: everything on over layerNoop", 0.3, at(chains, short).all),
      Suite.atMost("TaskRunner, 1 ms a step: layerNoop over a plain program", 0.03, at(chains, middle).engine),
      Suite.atMost("TaskRunner, 100 µs a step: layerNoop over a plain program", 0.15, at(chains, short).engine)
    ]
  }
}).pipe(Effect.scoped)
