/**
 * What a random run is made of, as plain data: steps and what their attempts do, who meddles when, the store, the
 * limits. A plan that fails is printed and made smaller as it is.
 */
import { Effect, Random } from "effect"

/** What one attempt of a step does after its wait. */
export interface Attempt {
  readonly seconds: number
  /** Turns it gives to others before it waits. */
  readonly turns: number
  readonly does:
    | "succeed"
    | "fail"
    | "permanent"
    | "retry after"
    | "die"
    | "throw"
    | "interrupt"
    | "kill"
    | "hang"
    | "nothing"
    | "come to nothing"
  /** Seconds its clean-up takes when it is interrupted; `broken` for one that gives no Effect. */
  readonly cleanup: number | "broken"
}

/** What a step says when it is asked whether to skip it. */
export interface Question {
  readonly seconds: number
  readonly says: "yes" | "no" | "fail" | "die"
}

export interface StepPlan {
  readonly needs: ReadonlyArray<number>
  /** One per attempt that may be made. */
  readonly attempts: ReadonlyArray<Attempt>
  /** One per time it is asked; the last one again after that. None for a step that is not asked. */
  readonly questions: ReadonlyArray<Question>
  readonly timeout: number | undefined
}

export interface Meddling {
  /** A number of turns since the start, or an event and so many turns after it. */
  readonly when: { readonly turn: number } | { readonly event: number; readonly turns: number }
  readonly does: "resolve" | "cancel" | "interrupt" | "inspect"
  readonly step: number
}

export interface StorePlan {
  /** A slow store is given all the time it needs; a broken one fails, throws or never answers now and then. */
  readonly kind: "memory" | "slow" | "broken"
  /** What each write does in turn, again and again: it takes so many seconds, or breaks. */
  readonly writes: ReadonlyArray<number | "fail" | "throw" | "hang">
}

export interface Plan {
  readonly shape: string
  readonly steps: ReadonlyArray<StepPlan>
  readonly meddlings: ReadonlyArray<Meddling>
  readonly concurrency: number
  readonly batch: { readonly base: number; readonly perStep: number; readonly maximum: number } | undefined
  /** Operations that a fiber may do before it lets others run. */
  readonly budget: number
  readonly store: StorePlan
  readonly started: boolean
}

/** Seconds before the second, third, … attempt. */
export const delaySeconds: ReadonlyArray<number> = [2, 3, 4]
/** What "retry after" asks for. */
export const retryAfterSeconds = 7

interface Dice {
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

/** The plan of a seed. */
export const ofSeed = (seed: number): Effect.Effect<Plan> =>
  Random.withSeed(
    Effect.map(Random.Random, (random) => {
      const below = (limit: number) => Math.floor(random.nextDoubleUnsafe() * limit)
      return make({
        below,
        chance: (probability) => random.nextDoubleUnsafe() < probability,
        pick: (from) => from[below(from.length)] as never
      })
    }),
    seed
  )

const make = (dice: Dice): Plan => {
  const [shape, needs] = shapeOf(dice)
  const batch = dice.chance(0.25) ? { base: 4 + dice.below(6), perStep: dice.below(3), maximum: 12 } : undefined
  const steps = needs.map((needed) => stepOf(dice, needed, batch !== undefined))
  const budget = dice.pick([3, 4, 5, 7, 11, 16, 29, 64, 256, 2048])
  return {
    shape,
    steps,
    meddlings: dice.chance(0.7) ? Array.from({ length: 1 + dice.below(4) }, () => meddling(dice, steps.length)) : [],
    concurrency: dice.pick([1, 2, 3, 5, 64, 64]),
    batch,
    budget,
    store: storeOf(dice),
    started: dice.chance(0.5)
  }
}

const storeOf = (dice: Dice): StorePlan => {
  const kind = dice.pick(["memory", "memory", "slow", "broken"] as const)
  const write = () =>
    kind === "broken" && dice.chance(0.4) ? dice.pick(["fail", "throw", "hang"] as const) : dice.below(4)
  return { kind, writes: kind === "memory" ? [] : Array.from({ length: 1 + dice.below(7) }, write) }
}

const range = (length: number) => Array.from({ length }, (_, index) => index)

/** Which steps each step waits for; only earlier ones, so there is no cycle. */
const shapeOf = (dice: Dice): readonly [string, ReadonlyArray<ReadonlyArray<number>>] => {
  if (dice.chance(0.01)) return ["crowd", range(30 + dice.below(20)).map(() => [])]
  switch (dice.pick(["chain", "diamonds", "fan", "layers", "random", "apart", "branches"] as const)) {
    case "chain":
      return ["chain", range(1 + dice.below(7)).map((index) => index === 0 ? [] : [index - 1])]
    case "diamonds": {
      const needs: Array<ReadonlyArray<number>> = [[]]
      for (let count = 1 + dice.below(3); count > 0; count--) {
        const top = needs.length - 1
        needs.push([top], [top], [top + 1, top + 2])
      }
      return ["diamonds", needs]
    }
    case "fan": {
      const width = 1 + dice.below(dice.chance(0.1) ? 40 : 8)
      return ["fan", [[], ...range(width).map(() => [0]), range(width).map((index) => index + 1)]]
    }
    case "layers": {
      const width = 1 + dice.below(4)
      return [
        "layers",
        range(width * (1 + dice.below(4))).map((index) => {
          const first = (Math.floor(index / width) - 1) * width
          return first < 0 ? [] : range(width).map((other) => first + other).filter(() => dice.chance(0.7))
        })
      ]
    }
    case "random":
      return [
        "random",
        range(1 + dice.below(10)).map((index) => range(index).filter(() => dice.chance(1.5 / index)))
      ]
    case "apart":
      return ["apart", range(1 + dice.below(8)).map(() => [])]
    case "branches":
      return ["branches", range(2 + dice.below(8)).map((index) => index < 2 ? [] : [index - 2])]
  }
}

const stepOf = (dice: Dice, needs: ReadonlyArray<number>, hasBatchLimit: boolean): StepPlan => {
  const isLimited = hasBatchLimit || dice.chance(0.3)
  const calm = dice.chance(0.5)
  return {
    needs,
    attempts: range(1 + dice.below(3)).map(() => calm ? calmAttempt(dice) : attempt(dice, isLimited)),
    questions: dice.chance(0.15)
      ? range(1 + dice.below(2)).map(() => ({
        seconds: dice.pick([0, 0, 1, 3]),
        says: dice.pick(["yes", "yes", "no", "no", "fail", "die"])
      }))
      : [],
    timeout: isLimited && (!hasBatchLimit || dice.chance(0.5)) ? 3 + dice.below(5) : undefined
  }
}

const calmAttempt = (dice: Dice): Attempt => ({
  seconds: dice.below(3),
  turns: dice.below(3),
  does: "succeed",
  cleanup: 0
})

const attempt = (dice: Dice, isLimited: boolean): Attempt => {
  const does = dice.pick(
    [
      "succeed",
      "succeed",
      "fail",
      "fail",
      "fail",
      "permanent",
      "retry after",
      "die",
      "throw",
      "interrupt",
      "kill",
      isLimited ? "hang" : "fail"
    ] as const
  )
  return {
    seconds: dice.pick([0, 0, 0, 1, 2, 5, isLimited ? 20 : 6]),
    turns: dice.below(4),
    does,
    cleanup: does === "interrupt" || does === "kill" ? 0 : dice.pick([0, 0, 0, 1, 4, "broken"] as const)
  }
}

const meddling = (dice: Dice, steps: number): Meddling => ({
  when: dice.chance(0.5)
    ? { turn: Math.floor(3 * Math.exp(dice.below(600) / 100)) }
    : { event: dice.below(8 * steps + 8), turns: dice.below(dice.chance(0.5) ? 3 : 30) },
  does: dice.pick(["resolve", "resolve", "resolve", "resolve", "resolve", "cancel", "interrupt", "inspect"]),
  step: dice.below(steps)
})

/** Plans that are a little smaller, the boldest first; each still comes to an end by itself. */
export const smaller = (plan: Plan): ReadonlyArray<Plan> =>
  [...smallerPlans(plan)].filter(({ batch, steps }) =>
    batch !== undefined ||
    steps.every(({ attempts, timeout }) => timeout !== undefined || attempts.every(({ does }) => does !== "hang"))
  )

function* smallerPlans(plan: Plan): Generator<Plan> {
  for (let index = plan.steps.length - 1; index >= 0; index--) {
    if (plan.steps.length > 1) yield withoutStep(plan, index)
  }
  for (let index = 0; index < plan.meddlings.length; index++) {
    yield { ...plan, meddlings: plan.meddlings.filter((_, other) => other !== index) }
  }
  if (plan.store.kind !== "memory") yield { ...plan, store: { kind: "memory", writes: [] } }
  if (plan.store.writes.length > 1) yield { ...plan, store: { ...plan.store, writes: plan.store.writes.slice(1) } }
  if (plan.batch !== undefined) yield { ...plan, batch: undefined }
  if (plan.concurrency !== 64) yield { ...plan, concurrency: 64 }
  if (plan.budget !== 2048) yield { ...plan, budget: 2048 }
  if (plan.started) yield { ...plan, started: false }
  for (const [index, step] of plan.steps.entries()) {
    for (const changed of smallerSteps(step)) yield { ...plan, steps: plan.steps.with(index, changed) }
  }
}

function* smallerSteps(step: StepPlan): Generator<StepPlan> {
  if (step.questions.length > 0) yield { ...step, questions: step.questions.slice(1) }
  if (step.attempts.length > 1) yield { ...step, attempts: step.attempts.slice(0, -1) }
  if (step.timeout !== undefined) yield { ...step, timeout: undefined }
  for (const [index, attempt] of step.attempts.entries()) {
    const change = (changed: Partial<Attempt>) => ({
      ...step,
      attempts: step.attempts.with(index, { ...attempt, ...changed })
    })
    if (attempt.cleanup !== 0) yield change({ cleanup: 0 })
    if (attempt.turns > 0) yield change({ turns: 0 })
    if (attempt.seconds > 0) yield change({ seconds: 0 })
    if (attempt.does !== "succeed") yield change({ does: "succeed" })
  }
  for (const needed of step.needs) yield { ...step, needs: step.needs.filter((other) => other !== needed) }
}

const withoutStep = (plan: Plan, removed: number): Plan => {
  const moved = (index: number) => index > removed ? index - 1 : index
  const steps = plan.steps.filter((_, index) => index !== removed).map((step) => ({
    ...step,
    needs: step.needs.filter((needed) => needed !== removed).map(moved)
  }))
  return {
    ...plan,
    steps,
    meddlings: plan.meddlings.map((meddling) => ({ ...meddling, step: moved(meddling.step) % steps.length }))
  }
}
