/** How the cases measure: time per call in batches, the heap of one piece of work, bytes allocated. */
import * as Effect from "effect/Effect"
import { GCProfiler } from "node:v8"
import { median } from "./Suite.ts"

/** Callers pass the numbers below this in turn: which of the prepared attribute sets to use. */
export const setCount = 100

const batchNs = 30_000_000
const warmUps = 4
const batches = 12

const nowNs = (): number => Number(process.hrtime.bigint())

/** The system counts in steps of some milliseconds. */
const nsOf = ({ system, user }: NodeJS.CpuUsage): number => (user + system) * 1e3
const processCpuNs = (): number => nsOf(process.cpuUsage())
const threadCpuNs = (): number => nsOf(process.threadCpuUsage())

/** The bytes of the heap that something refers to. */
export const collect = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Nanoseconds that `repeats` rounds over all sets take. */
export const runBatch = (call: (set: number) => void, repeats: number): number => {
  const start = nowNs()
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (let set = 0; set < setCount; set++) call(set)
  }
  return nowNs() - start
}

/** The same with an Effect for each call, in one fiber. */
export const runSteps = (step: (set: number) => Effect.Effect<void>, repeats: number): Effect.Effect<number> =>
  Effect.gen(function*() {
    const start = nowNs()
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (let set = 0; set < setCount; set++) yield* step(set)
    }
    return nowNs() - start
  })

/** Time of one call or one scrape. */
export interface TimeFigures {
  /** The median that passed. */
  readonly ns: number
  /** What the process computed, on average, the threads of the collector and the compiler included. */
  readonly cpuNs: number
}

/**
 * Time per call over batches of 30 ms or more. `batch` makes a number of rounds over all sets and gives the time they
 * took.
 *
 * `total` reads back what the calls have recorded, through the library's own reader. A total that differs from the
 * number of calls fails the case: it says that calls were lost, or that the compiler removed them.
 */
export const nsPerCall = async (
  batch: (repeats: number) => number | Promise<number>,
  total: () => number | Promise<number>
): Promise<TimeFigures> => {
  let repeats = 1
  let rounds = repeats
  while (await batch(repeats) < batchNs) {
    repeats *= 2
    rounds += repeats
  }
  const calls = repeats * setCount
  for (let index = 0; index < warmUps; index++) await batch(repeats)
  const figures: Array<number> = []
  const start = processCpuNs()
  for (let index = 0; index < batches; index++) figures.push(await batch(repeats) / calls)
  const cpuNs = (processCpuNs() - start) / (batches * calls)
  rounds += repeats * (warmUps + batches)
  const counted = await total()
  if (counted !== rounds * setCount) throw new Error(`${rounds * setCount} calls, but ${counted} recorded`)
  return { ns: median(figures), cpuNs }
}

/** The same for a plain call. */
export const nsPerPlainCall = (call: (set: number) => void, total: () => number | Promise<number>) =>
  nsPerCall((repeats) => runBatch(call, repeats), total)

/** Used heap over one piece of work, in bytes. */
export interface HeapFigures {
  /** Highest used heap during the work, above what was used before it. */
  readonly peakBytes: number
  /** Everything that was allocated, collected or not. */
  readonly allocatedBytes: number
}

/**
 * The heap that `work` needs.
 *
 * Used heap only grows between two garbage collections, so its highest value is found exactly where it is read here:
 * before each collection, as the engine reports it, and at the end. Sampling from a timer or another thread would miss
 * peaks, since most scrapes are one synchronous block. Memory outside of the heap (typed arrays, buffers) is not in it.
 */
export const heapOf = async (work: () => unknown): Promise<HeapFigures> => {
  const before = collect()
  const profiler = new GCProfiler()
  profiler.start()
  const result = await work()
  const after = process.memoryUsage().heapUsed
  const { statistics } = profiler.stop()
  // The result lives until here, as it does in a server that is writing it.
  if (result === undefined) throw new Error("expected a result")
  let peakBytes = after - before
  let allocatedBytes = 0
  let left = before
  for (const { afterGC, beforeGC } of statistics) {
    peakBytes = Math.max(peakBytes, beforeGC.heapStatistics.usedHeapSize - before)
    allocatedBytes += beforeGC.heapStatistics.usedHeapSize - left
    left = afterGC.heapStatistics.usedHeapSize
  }
  return { peakBytes, allocatedBytes: allocatedBytes + after - left }
}

/** Bytes that one call allocates on average, after warming up; the median, for the compiler allocates now and then. */
export const bytesPerCall = async (call: (set: number) => void, calls: number): Promise<number> => {
  const work = () => {
    runBatch(call, calls / setCount)
    return calls
  }
  for (let round = 0; round < warmUps; round++) work()
  const figures: Array<number> = []
  for (let round = 0; round < 3; round++) figures.push((await heapOf(work)).allocatedBytes / calls)
  return median(figures)
}

const scrapeWarmUps = 2
const fewestScrapes = 5
const scrapingNs = 1e9
const heapScrapes = 3
const quietRounds = 24
const busyRounds = 300

/**
 * Time and heap of a scrape. `scrape` reads the metrics, encodes their text as UTF-8, as a server has to, which also
 * flattens what was concatenated lazily, and gives the number of bytes.
 *
 * `record` records on the series of an index. Every series has some records at first, every second one some hundreds;
 * one more on every series comes before each scrape, outside of the measured time.
 */
export const scrapeFigures = async (
  scrape: () => number | Promise<number>,
  seriesCount: number,
  record: (index: number, round: number) => void
): Promise<TimeFigures & HeapFigures & { readonly firstPeakBytes: number; readonly textBytes: number }> => {
  const change = (round: number, step = 1) => {
    for (let index = 0; index < seriesCount; index += step) record(index, round)
  }
  for (let round = 0; round < busyRounds; round++) change(round, round < quietRounds ? 1 : 2)
  const first = await heapOf(scrape)
  const times: Array<number> = []
  const peaks: Array<number> = []
  const allocations: Array<number> = []
  let textBytes = 0
  let cpuNs = 0
  const end = nowNs() + scrapingNs
  for (let done = 0; times.length < fewestScrapes || nowNs() < end; done++) {
    change(busyRounds + done)
    const start = nowNs()
    const cpuBefore = processCpuNs()
    textBytes = await scrape()
    if (done < scrapeWarmUps) continue
    times.push(nowNs() - start)
    cpuNs += processCpuNs() - cpuBefore
  }
  for (let done = 0; done < heapScrapes; done++) {
    change(done)
    const { allocatedBytes, peakBytes } = await heapOf(scrape)
    peaks.push(peakBytes)
    allocations.push(allocatedBytes)
  }
  return {
    ns: median(times),
    cpuNs: cpuNs / times.length,
    peakBytes: median(peaks),
    allocatedBytes: median(allocations),
    firstPeakBytes: first.peakBytes,
    textBytes
  }
}

/** What a piece of work does to the event loop. */
export interface BlockingFigures {
  /** The longest time without a turn of the event loop. */
  readonly blockedNs: number
  /** The most that the thread itself computed between two turns: without what other processes took from it. */
  readonly cpuNs: number
}

/** Watches the event loop turn while `work` runs; every gap between two turns is seen. */
export const blockingOf = async (work: () => Promise<unknown>): Promise<BlockingFigures> => {
  let blockedNs = 0
  let longestNs = 0
  let turnAt = nowNs()
  let cpuAt = threadCpuNs()
  let running = true
  const turn = () => {
    const now = nowNs()
    const cpuNow = threadCpuNs()
    blockedNs = Math.max(blockedNs, now - turnAt)
    longestNs = Math.max(longestNs, cpuNow - cpuAt)
    turnAt = now
    cpuAt = cpuNow
    if (running) setImmediate(turn)
  }
  await new Promise<void>((resolve) => setImmediate(resolve))
  turnAt = nowNs()
  cpuAt = threadCpuNs()
  setImmediate(turn)
  await work()
  running = false
  turn()
  return { blockedNs, cpuNs: longestNs }
}
