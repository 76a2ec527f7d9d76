/**
 * A scheduler and a clock that a test moves: fibers run one turn after the other, time passes when no fiber has
 * anything left to do, and the same program always takes the same turns.
 *
 * `TestClock` wakes the sleepers of one instant one by one and lets each come to rest. Here they wake together, as
 * timers of one millisecond do, so what they do is interleaved.
 */
import { Clock, Context, Duration, Effect, type Fiber, Scheduler } from "effect"

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

interface Plan {
  readonly turn: number
  readonly act: () => void
}

const nanosPerMilli = 1_000_000n

export class Simulation {
  /** How many turns fibers have taken. */
  turns = 0
  nowMillis = 0
  #tasks: Array<() => void> = []
  #sleepers: Array<Sleeper> = []
  #plans: Array<Plan> = []

  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => ({
      scheduleTask: (task) => void this.#tasks.push(task),
      flush: () => {}
    })
  }

  readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.nowMillis,
    currentTimeMillis: Effect.sync(() => this.nowMillis),
    currentTimeNanosUnsafe: () => BigInt(this.nowMillis) * nanosPerMilli,
    currentTimeNanos: Effect.sync(() => BigInt(this.nowMillis) * nanosPerMilli),
    monotonicTimeNanosUnsafe: () => BigInt(this.nowMillis) * nanosPerMilli,
    monotonicTimeNanos: Effect.sync(() => BigInt(this.nowMillis) * nanosPerMilli),
    sleep: (duration) => {
      const millis = Duration.toMillis(duration)
      return millis <= 0 ? Effect.yieldNow : Effect.callback<void>((resume) => {
        const sleeper = { until: this.nowMillis + millis, wake: () => resume(Effect.void) }
        this.#sleepers.push(sleeper)
        return Effect.sync(() => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        })
      })
    }
  }

  /** How many fibers sleep. */
  get sleepers(): number {
    return this.#sleepers.length
  }

  /** Runs an effect in a fiber of its own. */
  readonly fork = <A, E, R>(effect: Effect.Effect<A, E, R>, context: Context.Context<R>): Fiber.Fiber<A, E> =>
    Effect.runForkWith(Context.add(Context.add(context, Clock.Clock, this.clock), Scheduler.Scheduler, this.scheduler))(
      effect
    )

  /** Calls `act` between two turns, once so many turns have been taken; at the end of everything if they never are. */
  readonly at = (turn: number, act: () => void): void => {
    this.#plans.push({ turn, act })
    this.#plans.sort((left, right) => left.turn - right.turn)
  }

  /** Goes on until nothing is left to do; `false` if that is not reached within so many turns. */
  readonly run = (mostTurns: number): boolean => {
    while (this.turns < mostTurns) {
      if (this.#tasks.length > 0) this.#turn()
      else if (!this.#wakeNext() && !this.#actNow(this.#plans.shift())) return true
    }
    return false
  }

  #turn(): void {
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) {
      while (this.#plans[0] !== undefined && this.#plans[0].turn <= this.turns) this.#actNow(this.#plans.shift())
      this.turns++
      task()
    }
  }

  #actNow(plan: Plan | undefined): boolean {
    plan?.act()
    return plan !== undefined
  }

  #wakeNext(): boolean {
    const next = this.#sleepers.reduce((earliest, { until }) => Math.min(earliest, until), Infinity)
    if (next === Infinity) return false
    const woken = this.#sleepers.filter(({ until }) => until === next)
    this.#sleepers = this.#sleepers.filter(({ until }) => until !== next)
    this.nowMillis = next
    for (const { wake } of woken) wake()
    return true
  }
}
