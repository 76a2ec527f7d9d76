/**
 * What telemetry costs a program that works: tasks of ten steps that compute 100 µs, 1 ms or 10 ms each, while
 * everything is sent to a receiver in another process.
 *
 * All figures are processor time of the whole process above that of the same program without telemetry. Rounds are
 * paired: a difference is taken within a round. The time to send what a batch has recorded belongs to the batch.
 */
import * as Effect from "effect/Effect"
import { type Figures, start, startWith } from "./support/paired.ts"
import { type Graph, iterationsPerMicro, type Load } from "./support/stepLoad.ts"
import * as Suite from "./support/Suite.ts"

/** A batch of long steps has fewer tasks. */
interface Extent {
  readonly title: string
  readonly micros: number
  readonly tasks: number
  readonly rounds: number
}

const short: Extent = { title: "100 µs a step", micros: 100, tasks: 100, rounds: 17 }
const middle: Extent = { title: "1 ms a step", micros: 1000, tasks: 30, rounds: 11 }
const long: Extent = { title: "10 ms a step", micros: 10_000, tasks: 3, rounds: 7 }
const extents = [short, middle, long]

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

/** Starts a process for each case, warms it, and measures some of them in turn. */
const processes = <Name extends string>(cases: Readonly<Record<Name, Suite.Case>>, perMicro: number) =>
  Effect.gen(function*() {
    const isName = (name: string): name is Name => name in cases
    const names = Object.keys(cases).filter(isName)
    const asks = new Map(
      yield* Effect.forEach(names, (name) => Effect.map(startWith(cases[name]), (ask) => [name, ask] as const))
    )
    yield* Effect.forEach(asks.values(), (ask) => ask(""), { discard: true })
    return Effect.fnUntraced(function*(wanted: ReadonlyArray<Name>, graph: Graph, { micros, rounds, tasks }: Extent) {
      const load: Load = { graph, tasks, micros, iterations: Math.round(micros * perMicro) }
      const figures = new Map(wanted.map((name): [Name, Array<Figures>] => [name, []]))
      for (let round = 0; round < rounds; round++) {
        for (const [name, list] of figures) {
          list.push(
            JSON.parse(
              yield* (asks.get(name) as NonNullable<ReturnType<typeof asks.get>>)(JSON.stringify(load))
            ) as Figures
          )
        }
      }
      return (name: Name): Rounds => figures.get(name) ?? []
    })
  })

const stacks = {
  floor: "the calls alone, nothing recorded",
  ours: "ours",
  effect: "Effect's OTLP",
  bridge: "@effect/opentelemetry",
  otel: "OTel JS by hand"
}

/** The plain program, in which only the layer differs. */
const plain = (perMicro: number, url: string) =>
  Effect.gen(function*() {
    const of = (name: string): Suite.Case => ({ file: "overhead-plain.ts", args: [name, `${url}/${name}`] })
    const measure = yield* processes({
      none: of("none"),
      floor: of("floor"),
      ours: of("ours"),
      effect: of("effect"),
      bridge: of("bridge"),
      otel: { file: "overhead-otel.ts", args: [`${url}/otel`] }
    }, perMicro)
    return yield* Effect.forEach(extents, (extent) =>
      Effect.gen(function*() {
        const title = `plain program, ${extent.title}`
        const names = Object.keys(stacks) as ReadonlyArray<keyof typeof stacks>
        const figures = yield* measure(["none", ...names], "chain", extent)
        const extra = (name: keyof typeof stacks) => Suite.median(extraOf(figures(name), figures("none")))
        return {
          rows: [
            { name: `${title}: no telemetry`, medianNs: Suite.medianOf(figures("none"), "cpuNs") },
            ...names.map((name) => row(`${title}: ${stacks[name]}`, figures(name), figures("none")))
          ],
          ratio: extra("ours") / extra("effect")
        }
      }))
  }).pipe(Effect.scoped)

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

type Part = keyof typeof parts

/** `TaskRunner` beside the same graph as a plain program. Each part is measured by switching it on after the others. */
const runner = (perMicro: number, url: string) =>
  Effect.gen(function*() {
    const names = Object.keys(parts) as ReadonlyArray<Part>
    const cases = Object.fromEntries(
      names.map((part): [string, Suite.Case] => [part, { file: "overhead-task.ts", args: [part, `${url}/task`] }])
    ) as Record<Part, Suite.Case>
    const unmonitored: Suite.Case = { file: "overhead-task.ts", args: ["all", `${url}/task`, "off"] }
    const measure = yield* processes({ ...cases, unmonitored }, perMicro)
    const compare = Effect.fnUntraced(function*(graph: Graph, extent: Extent) {
      const figures = yield* measure(["plain", "engine", "all"], graph, extent)
      const title = `TaskRunner, ${graph}, ${extent.title}`
      return {
        rows: [
          row(`${title}: layerNoop over a plain program`, figures("engine"), figures("plain")),
          row(`${title}: everything on over layerNoop`, figures("all"), figures("engine"))
        ],
        engine: Suite.median(shareOf(figures("engine"), figures("plain"))),
        all: Suite.median(shareOf(figures("all"), figures("engine")))
      }
    })
    const chains = yield* Effect.forEach(extents, (extent) => compare("chain", extent))
    const fanOut = yield* compare("fan-out", short)
    const monitored = yield* measure(["unmonitored", "all"], "chain", middle)
    const where = yield* measure(names, "chain", short)
    const [signals] = yield* Suite.rounds([{ file: "overhead-signals.ts", args: ["chain", "100"] }], 1)
    const count = (key: string) => Suite.medianOf(signals, key).toFixed(1)
    const notes: Partial<Record<Part, string>> = {
      spans: `${count("spans")} spans and ${count("events")} span events a step`,
      lines: `${count("lines")} lines a step`,
      metrics: `counters and histograms: ${count("measurements")} a step`
    }
    return {
      chains,
      monitoring: Suite.median(shareOf(monitored("all"), monitored("unmonitored"))),
      rows: [
        ...chains.flatMap(({ rows }) => rows),
        ...fanOut.rows,
        row(
          `TaskRunner, chain, ${middle.title}: monitoring of performance on over off`,
          monitored("all"),
          monitored("unmonitored")
        ),
        ...names.slice(1).map((part, index): Suite.Row => ({
          name: `a step of a chain, 100 µs: ${parts[part]}`,
          medianNs: Suite.median(extraOf(where(part), where(names[index] as Part))),
          note: notes[part]
        }))
      ]
    }
  }).pipe(Effect.scoped)

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const sink = yield* start({ file: "span-sink.ts", args: [] })
  const state = Effect.map(
    sink,
    (line) => JSON.parse(line) as { readonly port: number; readonly counts: Readonly<Record<string, number>> }
  )
  const { port } = yield* state
  const url = `http://127.0.0.1:${port}`
  const perMicro = iterationsPerMicro()
  const programs = yield* plain(perMicro, url)
  const { counts } = yield* state
  for (const signal of ["traces", "logs"]) {
    const { floor: _, ...sending } = stacks
    const sent = new Set(Object.keys(sending).map((name) => counts[`/${name}/v1/${signal}`]))
    if (sent.size !== 1 || sent.has(undefined)) {
      return yield* new Suite.CaseFailed({ message: `records are missing: ${JSON.stringify(counts)}` })
    }
  }
  const { chains, monitoring, rows } = yield* runner(perMicro, url)
  const at = <A>(list: ReadonlyArray<A>, extent: Extent) => list[extents.indexOf(extent)] as A
  return {
    suite: "overhead",
    rows: [...programs.flatMap(({ rows }) => rows), ...rows],
    bars: [
      Suite.atMost("plain program, 1 ms a step: ours ÷ Effect's OTLP", 0.5, at(programs, middle).ratio),
      Suite.atMost("plain program, 100 µs a step: ours ÷ Effect's OTLP", 0.4, at(programs, short).ratio),
      Suite.atMost("TaskRunner, 1 ms a step: everything on over layerNoop", 0.05, at(chains, middle).all),
      Suite.atMost("TaskRunner, 100 µs a step: everything on over layerNoop", 0.3, at(chains, short).all),
      Suite.atMost("TaskRunner, 1 ms a step: monitoring of performance on over off", 0.01, monitoring),
      Suite.atMost("TaskRunner, 1 ms a step: layerNoop over a plain program", 0.03, at(chains, middle).engine),
      Suite.atMost("TaskRunner, 100 µs a step: layerNoop over a plain program", 0.15, at(chains, short).engine)
    ]
  }
}).pipe(Effect.scoped)
