/**
 * What recording a measurement and scraping all of them costs beside prom-client, OpenTelemetry JS and Effect's own
 * `Metric`: time, heap, pauses of the event loop, and what is kept when the values of an attribute do not end.
 *
 * Rows show the time that passed. Ratios held against a bar are of processor time: other work of the machine does not
 * stretch it. How long the event loop is kept is what a program waits, so that bar is on the time that passed.
 */
import * as Effect from "effect/Effect"
import * as Suite from "./support/Suite.ts"

const recordings = {
  counter: "counter, 3 attributes",
  "counter-bound": "counter, bound",
  "counter-mixed": "counters of 4 shapes at one call site",
  histogram: "histogram, 3 attributes",
  "histogram-bound": "histogram, bound"
}

/** What each library has; each has a file of cases of its own. */
const libraries: Record<string, ReadonlyArray<keyof typeof recordings>> = {
  ours: ["counter", "counter-bound", "counter-mixed", "histogram", "histogram-bound"],
  "prom-client": ["counter", "counter-bound", "counter-mixed", "histogram", "histogram-bound"],
  otel: ["counter", "histogram"],
  effect: ["counter", "counter-bound", "histogram", "histogram-bound"]
}

const fibers = {
  nothing: "fiber: Effect.void",
  ours: "fiber: Effect.sync(() => counter.inc({ … }))",
  "ours-bound": "fiber: Effect.sync(() => bound.inc())",
  "prom-client": "fiber: Effect.sync(() => inc({ … })), prom-client",
  "effect-object": "fiber: Metric.update, one metric for each set",
  "effect-attributes": "fiber: Metric.update, withAttributes on one metric"
}

const exemplars = {
  "always_off no-span": "exemplars off, no span",
  "always_off span": "exemplars off, in a sampled span",
  "trace_based no-span": "exemplars on, no span",
  "trace_based span": "exemplars on, in a sampled span"
}

const scrapes = {
  "scrape-counters 10000": "scrape of 10 000 counters",
  "scrape-histograms 10000": "scrape of 10 000 histograms"
}

/** What a server does: ours streams pieces, the others have to make one text. */
const scrapers = {
  ours: (name: string) => `ours ${name}`,
  "ours, one text": (name: string) => `ours ${name} whole`,
  "prom-client": (name: string) => `prom-client ${name}`,
  otel: (name: string) => `otel ${name}`,
  effect: (name: string) => `effect ${name}`
}

const blockings = {
  "counter 1 100000": "100 000 counters, 1 family",
  "counter 50 2000": "100 000 counters, 50 families",
  "histogram 50 2000": "100 000 histograms, 50 families"
}

const allocations = ["counter", "counter-bound", "histogram", "histogram-bound"]

/** Attributes, attribute sets, whether the values are constants of the program, and where. */
const shapes = {
  "1 10 constant plain": "counter, 1 attribute, 10 sets, constants",
  "3 100 constant plain": "counter, 3 attributes, 100 sets, constants",
  "3 5000 constant plain": "counter, 3 attributes, 5 000 sets, constants",
  "6 100 constant plain": "counter, 6 attributes, 100 sets, constants",
  "1 10 fresh plain": "counter, 1 attribute, 10 sets, fresh",
  "3 100 fresh plain": "counter, 3 attributes, 100 sets, fresh",
  "6 5000 fresh plain": "counter, 6 attributes, 5 000 sets, fresh",
  "6 5000 fresh span": "counter, 6 attributes, 5 000 sets, fresh, in a sampled span"
}

/** Bars: at most so much of what prom-client needs. */
const shapeLimits = { "3 100 fresh plain": 0.5, "6 5000 fresh plain": 0.6, "6 5000 fresh span": 0.8 }

const memories = { "3 10000": "memory of a series, 3 attributes", "6 10000": "memory of a series, 6 attributes" }

const distinctValues = 200_000
const roundsEach = 3
const roundsOfSpans = 9

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`
const entries = <Key extends string, A>(record: Readonly<Record<Key, A>>) => Object.entries(record) as Array<[Key, A]>

/** Runs cases in turn, each named by its file and its arguments; gives the median of a figure of one of them. */
const medians = (cases: ReadonlyArray<string>, rounds: number) =>
  Effect.map(
    Suite.rounds(
      cases.map((name) => {
        const [file, ...args] = name.split(" ")
        return { file: `metrics-${file}.ts`, args }
      }),
      rounds
    ),
    (figures) => {
      const byName = new Map(cases.map((name, index) => [name, figures[index]]))
      return (name: string, figure = "cpuNs", of = Suite.medianOf): number => of(byName.get(name), figure)
    }
  )

const recording = Effect.gen(function*() {
  const cases = entries(recordings).flatMap(([name, title]) =>
    entries(libraries).filter(([, names]) => names.includes(name)).map(([library]) => ({ library, name, title }))
  )
  const of = yield* medians(cases.map(({ library, name }) => `${library} ${name}`), roundsEach)
  // A bound series of prom-client is not faster than labels in a fresh object: both are compared with the latter.
  const ratio = (name: string, library = "ours") =>
    of(`${library} ${name}`) / of(`prom-client ${name.replace("-bound", "")}`)
  return {
    rows: cases.map(({ library, name, title }): Suite.Row => ({
      name: `${title}: ${library}`,
      medianNs: of(`${library} ${name}`, "ns"),
      note: `CPU ${of(`${library} ${name}`).toFixed(1)} ns, ${ratio(name, library).toFixed(3)} × prom-client`
    })),
    bars: [
      Suite.atMost("counter ÷ prom-client", 0.125, ratio("counter")),
      Suite.atMost("bound counter ÷ prom-client", 0.025, ratio("counter-bound")),
      Suite.atMost("histogram ÷ prom-client", 0.2, ratio("histogram")),
      Suite.atMost("bound histogram ÷ prom-client", 0.04, ratio("histogram-bound"))
    ]
  }
})

const inShapes = Effect.gen(function*() {
  const peers = ["ours", "prom-client"]
  const of = yield* medians(
    Object.keys(shapes).flatMap((shape) => peers.map((peer) => `shapes ${peer} ${shape}`)),
    roundsEach
  )
  const ratio = (shape: string) => of(`shapes ours ${shape}`) / of(`shapes prom-client ${shape}`)
  return {
    rows: entries(shapes).flatMap(([shape, title]) =>
      peers.map((peer): Suite.Row => ({
        name: `${title}: ${peer}`,
        medianNs: of(`shapes ${peer} ${shape}`, "ns"),
        note: `CPU ${of(`shapes ${peer} ${shape}`).toFixed(1)} ns, ${
          (peer === "ours" ? ratio(shape) : 1).toFixed(3)
        } × prom-client`
      }))
    ),
    bars: entries(shapeLimits).map(([shape, limit]) =>
      Suite.atMost(`${shapes[shape]} ÷ prom-client`, limit, ratio(shape))
    )
  }
})

const inMemory = Effect.gen(function*() {
  const peers = ["ours", "prom-client"]
  const of = yield* medians(Object.keys(memories).flatMap((shape) => peers.map((peer) => `memory ${peer} ${shape}`)), 1)
  const bytes = (peer: string, shape: string) => of(`memory ${peer} ${shape}`, "bytes")
  return {
    rows: entries(memories).flatMap(([shape, title]) =>
      peers.map((peer): Suite.Row => ({ name: `${title}: ${peer}`, note: `${bytes(peer, shape).toFixed(0)} bytes` }))
    ),
    bars: entries(memories).map(([shape, title]) =>
      Suite.atMost(`${title} ÷ prom-client`, 1.2, bytes("ours", shape) / bytes("prom-client", shape))
    )
  }
})

const inFibers = Effect.gen(function*() {
  const of = yield* medians(Object.keys(fibers).map((name) => `fiber ${name}`), roundsEach)
  const peer = of("fiber prom-client")
  return {
    rows: entries(fibers).map(([name, title]): Suite.Row => {
      const cpu = of(`fiber ${name}`)
      const note = `CPU ${cpu.toFixed(1)} ns, ${(cpu / peer).toFixed(3)} × prom-client`
      return { name: title, medianNs: of(`fiber ${name}`, "ns"), note }
    }),
    bars: []
  }
})

const inSpans = Effect.gen(function*() {
  const of = yield* medians(Object.keys(exemplars).map((name) => `exemplars ${name}`), roundsOfSpans)
  const plain = of("exemplars always_off no-span")
  const fastest = (name: string) => of(name, "cpuNs", Suite.leastOf)
  return {
    rows: entries(exemplars).map(([name, title]): Suite.Row => {
      const cpu = of(`exemplars ${name}`)
      const note = `CPU ${cpu.toFixed(1)} ns, ${(cpu / plain).toFixed(2)} × without`
      return { name: title, medianNs: of(`exemplars ${name}`, "ns"), note }
    }),
    bars: [
      // What is compared differs by less than the moments of a machine do: the fastest rounds are.
      Suite.atMost(
        "exemplars off: in a sampled span ÷ no span",
        1.1,
        fastest("exemplars always_off span") / fastest("exemplars always_off no-span")
      )
    ]
  }
})

const scraping = Effect.gen(function*() {
  const cases = (...of: ReadonlyArray<keyof typeof scrapers>) =>
    Object.keys(scrapes).flatMap((name) => of.map((library) => scrapers[library](name)))
  const near = yield* medians(cases("ours", "ours, one text", "prom-client"), roundsEach)
  const far = yield* medians(cases("otel", "effect"), 1)
  const rows: Array<Suite.Row> = []
  const bars: Array<Suite.Bar> = []
  for (const [name, title] of entries(scrapes)) {
    const ratio = (figure: string) => near(`ours ${name}`, figure) / near(`prom-client ${name}`, figure)
    for (const [library, scraper] of entries(scrapers)) {
      const of = library === "otel" || library === "effect" ? far : near
      const figure = (key: string) => of(scraper(name), key)
      rows.push({
        name: `${title}: ${library}`,
        medianNs: figure("ns"),
        note:
          `CPU ${milliseconds(figure("cpuNs"))}; peak heap ${megabytes(figure("peakBytes"))}, of the first ${
            megabytes(figure("firstPeakBytes"))
          }; ` +
          `allocated ${megabytes(figure("allocatedBytes"))}; text ${megabytes(figure("textBytes"))}`
      })
    }
    bars.push(
      Suite.atMost(`${title}, time ÷ prom-client`, 1 / 6, ratio("cpuNs")),
      Suite.atMost(`${title}, peak heap ÷ prom-client`, 1 / 4, ratio("peakBytes"))
    )
  }
  return { rows, bars }
})

const blocking = Effect.gen(function*() {
  const of = yield* medians(Object.keys(blockings).map((name) => `blocking ${name}`), roundsEach)
  const parts = entries(blockings).map(([name, title]) => {
    const figure = (key: string) => of(`blocking ${name}`, key)
    return {
      row: {
        name: `scrape of ${title}`,
        medianNs: figure("ns"),
        note: `longest block: first scrape ${milliseconds(figure("firstBlockedNs"))} ` +
          `(CPU ${milliseconds(figure("firstCpuNs"))}), later ${milliseconds(figure("laterBlockedNs"))} ` +
          `(CPU ${milliseconds(figure("laterCpuNs"))})`
      },
      bars: [
        Suite.atMost(`${title}, first scrape, longest block, ms`, 20, figure("firstBlockedNs") / 1e6),
        Suite.atMost(`${title}, later scrapes, longest block, ms`, 20, figure("laterBlockedNs") / 1e6)
      ]
    }
  })
  return { rows: parts.map(({ row }) => row), bars: parts.flatMap(({ bars }) => bars) }
})

const bounds = Effect.gen(function*() {
  const cardinality = `cardinality ${distinctValues}`
  const of = yield* medians([...allocations.map((name) => `allocation ${name}`), cardinality], 1)
  return {
    rows: [{
      name: "200 000 values of one attribute, histogram",
      medianNs: of(cardinality, "ns"),
      note: `${of(cardinality, "series")} series, ${megabytes(of(cardinality, "growthBytes"))}`
    }],
    bars: [
      ...allocations.map((name) => Suite.atMost(`bytes allocated, ${name}`, 1, of(`allocation ${name}`, "bytes"))),
      Suite.atMost("200 000 values: series", 2000, of(cardinality, "series")),
      Suite.atMost("200 000 values: observations lost", 0, Math.abs(of(cardinality, "lost"))),
      Suite.atMost("200 000 values: memory, MB", 5, of(cardinality, "growthBytes") / 1e6)
    ]
  }
})

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.map(
  Effect.all([recording, inShapes, inMemory, inFibers, inSpans, scraping, blocking, bounds]),
  (parts) => ({
    suite: "metrics",
    rows: parts.flatMap(({ rows }): ReadonlyArray<Suite.Row> => rows),
    bars: parts.flatMap(({ bars }): ReadonlyArray<Suite.Bar> => bars)
  })
)
