/**
 * Says whether a run went as its plan demands. It knows the rules of a workflow, not how the runner keeps them: it
 * follows the events one by one, and each must be something that the rules allow at that moment.
 */
import { Cause, Exit, Predicate } from "effect"
import type { CatalogEnvelope } from "../../../src/events/EventEnvelope.ts"
import type { Observation, SeenEvent, SeenMeddling, SeenSpan } from "./perform.ts"
import { byHand, failureOf, skippedValueOf, stepName, valueOf } from "./perform.ts"
import { type Attempt, delaySeconds, type Plan, type Question, retryAfterSeconds, type StepPlan } from "./plan.ts"

type State = "pending" | "in_progress" | "complete" | "error" | "cancelled" | "resolved_manually"

/** What is known of a step at one moment. */
interface Known {
  readonly plan: StepPlan
  readonly index: number
  state: State
  attempts: number
  asked: number
  /** It has said that it is not to be skipped. */
  needed: boolean
  /** What the question before this attempt came to; `tie` if it was answered just when its time was over. */
  question: Question["says"] | "late" | "tie"
  /** The last failure allows no further attempt. */
  final: boolean
  skipped: boolean
  startedAt: number
  failedAt: number
  /** Seconds at which the back-off ends, once it is told. */
  backoffEnd: number | undefined
  owesExhausted: boolean
  resolvedDependencies: boolean
  /** Chosen by a discovery and not settled since: it holds a slot. */
  chosen: boolean
  chosenAt: number
  batchLimit: number | undefined
  /** What the step gave or how its last attempt failed. */
  value: unknown
  failure: string | undefined
}

const settles = new Set<State>(["complete", "cancelled", "resolved_manually"])
const satisfies = (state: State) => state === "complete" || state === "resolved_manually"

/** Everything that the observation of a plan has that it should not have. */
export const problems = (plan: Plan, seen: Observation): ReadonlyArray<string> => new Oracle(plan, seen).problems()

class Oracle {
  readonly #plan: Plan
  readonly #seen: Observation
  readonly #steps: ReadonlyArray<Known>
  readonly #found: Array<string> = []
  /** When the caller or a person stopped the run. */
  #stoppedAt = Infinity
  /** When the loop said that it was over. */
  #finalizingAt = Infinity
  /** A chosen step was settled by hand before it started: when its slot is free again cannot be seen. */
  #loose = false
  #task:
    | "new"
    | "pending"
    | "in_progress"
    | "finalizing"
    | "finalized"
    | "complete"
    | "error"
    | "cancelled"
    | "resolved_manually" = "new"
  #initialized = 0
  #discovered = 0
  #batches = 0
  #batchesEnded = 0
  #now = 0
  #event: SeenEvent | undefined

  constructor(plan: Plan, seen: Observation) {
    this.#plan = plan
    this.#seen = seen
    this.#steps = plan.steps.map((step, index) => ({
      plan: step,
      index,
      state: "pending",
      attempts: 0,
      asked: 0,
      needed: step.questions.length === 0,
      question: "no",
      final: false,
      skipped: false,
      startedAt: NaN,
      failedAt: NaN,
      backoffEnd: undefined,
      owesExhausted: false,
      resolvedDependencies: step.needs.length === 0,
      chosen: false,
      chosenAt: NaN,
      batchLimit: undefined,
      value: undefined,
      failure: undefined
    }))
  }

  problems(): ReadonlyArray<string> {
    const { complaints, events, exit, gauges, lines, quiet, sleepers } = this.#seen
    this.#found.push(...complaints)
    if (!quiet) this.#report("the run goes on for ever")
    for (const event of events) {
      this.#event = event
      this.#passTime(event.seconds)
      this.#follow(event.event)
      if (this.#found.length > 5) return this.#found
    }
    this.#event = undefined
    this.#passTime(Infinity)
    if (exit === undefined) this.#report("the caller still waits")
    if (events.length > 0) this.#checkEnd()
    this.#checkMeddlings()
    this.#checkSpans()
    if (sleepers > 0) this.#report(`${sleepers} fibers still sleep`)
    this.#expect(lines <= (this.#plan.store.kind === "broken" ? 2 : 0), `${lines} log lines`)
    for (const gauge of gauges) this.#report(`gauge ${gauge} is not back at 0`)
    return this.#found
  }

  #report(problem: string): void {
    const where = this.#event === undefined ? "in the end" : `at ${this.#event.seconds} s, ${this.#event.event.name}`
    this.#found.push(`${where}: ${problem}`)
  }

  #expect(holds: boolean, problem: string): void {
    if (!holds) this.#report(problem)
  }

  // --- Time ---

  /** Nothing that could be done at once is left when time passes. */
  #passTime(seconds: number): void {
    this.#expect(seconds >= this.#now, "time runs backwards")
    if (seconds > this.#now) {
      if (this.#task === "in_progress" && this.#stoppedAt > this.#now && !this.#loose) {
        this.#checkNothingIsLeft()
      }
      this.#now = seconds
    }
    for (const { answer, askedSeconds, does } of this.#seen.meddlings) {
      if (does === "inspect" || does === "resolve" || askedSeconds > seconds) continue
      if (does === "interrupt" || (answer !== undefined && Exit.isSuccess(answer))) {
        this.#stoppedAt = Math.min(this.#stoppedAt, askedSeconds)
      }
    }
  }

  #checkNothingIsLeft(): void {
    const free = this.#plan.concurrency - this.#steps.filter(({ chosen }) => chosen).length
    for (const step of this.#steps) {
      if (free > 0 && step.state === "pending" && !step.chosen && this.#isFree(step)) {
        this.#report(`${stepName(step.index)} does not start at ${this.#now} s although it could`)
      }
      if (step.state === "error" && !step.final && (step.backoffEnd === undefined || step.backoffEnd <= this.#now)) {
        this.#report(`${stepName(step.index)} is not retried at ${this.#now} s`)
      }
    }
  }

  #isFree(step: Known): boolean {
    return step.plan.needs.every((needed) => satisfies((this.#steps[needed] as Known).state))
  }

  // --- Events ---

  #follow(event: CatalogEnvelope): void {
    const { payload } = event
    const step = "stepName" in payload ? this.#steps[Number(payload.stepName.slice(1))] : undefined
    if (
      step?.owesExhausted === true && event.name !== "observability.step.max_retries_reached" &&
      event.name.startsWith("step.")
    ) {
      this.#report("max_retries_reached is missing")
      step.owesExhausted = false
    }
    switch (event.name) {
      case "observability.task.enqueue":
        return this.#expect(this.#plan.started && this.#task === "new", "is not due")
      case "task.initialize_requested":
        this.#expect(this.#task === "new", "comes twice")
        this.#task = "pending"
        return
      case "task.start_requested":
        this.#expect(this.#task === "pending" && this.#initialized === this.#steps.length, "is not due")
        this.#task = "in_progress"
        return
      case "step.initialize_requested":
        this.#initialized++
        return this.#expect(this.#task === "pending", "is not due")
      case "workflow.viable_steps_discovered":
        return this.#discover(event.payload.stepNames)
      case "workflow.steps_execution_started":
        this.#batches++
        return this.#expect(this.#batches <= this.#discovered, "comes without a discovery")
      case "workflow.steps_execution_completed":
        this.#batchesEnded++
        return this.#expect(this.#batchesEnded <= this.#batches, "comes without a start")
      case "dependency.resolved":
        return this.#dependenciesResolved(step as Known)
      case "observability.step.backoff":
        return this.#backoff(step as Known, event.payload.backoffSeconds, event.payload.backoffType)
      case "observability.step.max_retries_reached":
        this.#expect((step as Known).owesExhausted, "is not due")
        ;(step as Known).owesExhausted = false
        return
      case "workflow.no_viable_steps":
      case "workflow.task_reenqueue_delayed":
        return this.#expect(this.#steps.every(({ state }) => state !== "in_progress"), "a step is running")
      case "workflow.task_finalization_started":
        this.#expect(this.#task === "in_progress", "is not due")
        this.#expect(
          this.#batchesEnded === this.#discovered,
          `${this.#discovered} discoveries, ${this.#batchesEnded} batches`
        )
        this.#task = "finalizing"
        this.#finalizingAt = this.#now
        return
      case "workflow.task_finalization_completed":
        this.#expect(this.#task === "finalizing", "is not due")
        this.#task = "finalized"
        return
      case "task.completed":
      case "task.failed":
      case "task.cancelled":
      case "task.resolved_manually":
        return this.#taskEnds(event.payload.fromState, event.payload.toState)
      case "step.execution_requested":
      case "step.completed":
      case "step.failed":
      case "step.retry_requested":
      case "step.cancelled":
      case "step.resolved_manually":
      case "observability.step.skip":
        return this.#stepMoves(step as Known, event)
      case "observability.task.heartbeat":
      case "observability.task.stale":
        return this.#report("is not due: heartbeats are off")
      case "tasker.telemetry.cache_synced":
      case "tasker.telemetry.export_requested":
      case "tasker.telemetry.export_completed":
      case "tasker.telemetry.export_failed":
      case "tasker.telemetry.plugin_registered":
      case "tasker.telemetry.plugin_unregistered":
        return this.#report("is not due: a run exports no metrics")
      case "observability.analysis.completed":
      case "observability.bottleneck.detected":
        return this.#report("is not due: nothing analyses runs")
      case "performance.slow_operation":
      case "memory.spike_detected":
        return this.#report("is not due: no step measures an operation")
      case "database.query_executed":
      case "performance.slow_query":
      case "performance.query_finding":
        return this.#report("is not due: no step has a database")
      default:
        // A new event does not compile here until it has a case that says when it is due.
        event satisfies never
        return this.#report("has no case in test/support/workflowModel/oracle.ts: add one that says when it is due")
    }
  }

  #discover(names: ReadonlyArray<string>): void {
    const { batch, concurrency } = this.#plan
    this.#discovered++
    this.#expect(this.#task === "in_progress", "the task is not running")
    for (const name of names) {
      const step = this.#steps[Number(name.slice(1))] as Known
      if (step.state === "resolved_manually") {
        // Settled between the choice and the word of it.
        this.#loose = true
        continue
      }
      this.#expect(step.state === "pending" && !step.chosen && this.#isFree(step), `${name} may not start`)
      this.#expect(step.resolvedDependencies, `the dependencies of ${name} are resolved without a word`)
      step.chosen = true
      step.chosenAt = this.#now
      step.batchLimit = batch && Math.min(batch.base + names.length * batch.perStep, batch.maximum)
    }
    const chosen = this.#steps.filter((step) => step.chosen).length
    this.#expect(chosen <= concurrency || this.#loose, `${chosen} steps run at once`)
  }

  #dependenciesResolved(step: Known): void {
    this.#expect(step.state === "pending" && this.#isFree(step), "it still waits")
    this.#expect(!step.resolvedDependencies, "comes twice")
    step.resolvedDependencies = true
  }

  #backoff(step: Known, seconds: number, type: string): void {
    this.#expect(step.state === "error" && !step.final && step.backoffEnd === undefined, "is not due")
    const isAsked = this.#attemptOf(step).does === "retry after" &&
      step.failure === failureOf(step.index, step.attempts)
    const expected = isAsked
      ? retryAfterSeconds
      : delaySeconds[step.attempts - 1]
    this.#expect(seconds === expected, `${seconds} s in place of ${expected} s`)
    this.#expect((type === "server_requested") === isAsked, `is ${type}`)
    this.#expect(step.failedAt === this.#now, "comes late")
    step.backoffEnd = this.#now + seconds
  }

  #attemptOf(step: Known): Attempt {
    return step.plan.attempts[step.attempts - 1] as Attempt
  }

  /** A transition of a step: from the state it is in, to one that its plan allows now. */
  #stepMoves(step: Known, event: CatalogEnvelope): void {
    const payload = event.payload as { readonly fromState: State; readonly toState: State; readonly attempt: number }
    const ended = this.#task === "complete" || this.#task === "error" || this.#task === "cancelled"
    this.#expect(payload.fromState === step.state, `from ${payload.fromState}, but it is ${step.state}`)
    this.#expect(this.#initialized === this.#steps.length, "comes before the run is initialized")
    if (event.name !== "step.resolved_manually") {
      this.#expect(
        !ended && this.#task !== "finalized" && this.#task !== "new" && this.#task !== "pending",
        `task is ${this.#task}`
      )
    }
    const wasChosen = step.chosen
    switch (event.name) {
      case "step.execution_requested":
        step.attempts++
        this.#starts(step)
        break
      case "observability.step.skip":
        this.#expect(wasChosen && !step.needed, "it is not to be skipped")
        this.#expect(this.#ask(step) === "yes" || step.question === "tie", "it is not to be skipped")
        step.skipped = true
        step.value = skippedValueOf(step.index)
        break
      case "step.completed":
        this.#expect(this.#endsNaturally(step, "succeed"), "it does not complete now")
        this.#expect(
          event.payload.durationSeconds === this.#now - step.startedAt,
          `lasted ${event.payload.durationSeconds} s`
        )
        step.value = valueOf(step.index)
        break
      case "step.failed":
        this.#fails(step, event.payload)
        break
      case "step.retry_requested":
        this.#expect(
          step.backoffEnd === this.#now,
          `its back-off ends at ${step.backoffEnd} s`
        )
        break
      case "step.cancelled":
        this.#expect(this.#mayBeCancelled(step), "it is not to be cancelled")
        break
      case "step.resolved_manually":
        this.#expect(step.state === "pending" || step.state === "error", `it is ${step.state}`)
        if (wasChosen) this.#loose = true
        step.value = this.#resolution(step)
        break
    }
    this.#expect(payload.toState === targets[event.name], `to ${payload.toState}`)
    this.#expect(payload.attempt === step.attempts, `attempt ${payload.attempt}, counted ${step.attempts}`)
    step.state = payload.toState
    step.chosen = step.state === "in_progress"
    if (step.state !== "error") step.backoffEnd = undefined
    const running = this.#steps.filter(({ state }) => state === "in_progress").length
    this.#expect(running <= this.#plan.concurrency, `${running} steps run at once`)
  }

  #starts(step: Known): void {
    this.#expect(step.attempts <= step.plan.attempts.length, `attempt ${step.attempts}`)
    this.#expect(step.chosen && this.#isFree(step), "it may not start")
    this.#expect(this.#now <= this.#stoppedAt, "the run was stopped before")
    step.startedAt = this.#now
    step.question = "no"
    if (step.needed) return this.#expect(this.#now === step.chosenAt, "starts late")
    const question = this.#ask(step)
    this.#expect(question !== "yes", "it is to be skipped")
    const { says } = this.#lastQuestion(step)
    step.needed = question === "no" || (question === "tie" && says === "no")
  }

  #lastQuestion({ asked, plan }: Known): Question {
    return plan.questions[Math.min(asked, plan.questions.length) - 1] as Question
  }

  /** Works out what the question, asked when the step was chosen, has come to by now. */
  #ask(step: Known): Known["question"] {
    step.asked++
    const { says, seconds } = this.#lastQuestion(step)
    const limit = Math.min(step.plan.timeout ?? Infinity, step.batchLimit ?? Infinity)
    this.#expect(this.#now - step.chosenAt === Math.min(seconds, limit), "the question took another time")
    step.question = seconds === limit ? "tie" : seconds > limit ? "late" : says
    return step.question
  }

  /** The moment at which the attempt would end by itself, and the one at which a limit ends it. */
  #moments(step: Known) {
    const attempt = this.#attemptOf(step)
    const ofStep = step.startedAt + (step.plan.timeout ?? Infinity)
    const ofBatch = step.chosenAt + (step.batchLimit ?? Infinity)
    return {
      natural: attempt.does === "hang"
        ? Infinity
        : attempt.does === "nothing"
        ? step.startedAt
        : step.startedAt + attempt.seconds,
      ofStep,
      ofBatch,
      cleanup: attempt.cleanup === "broken" ? 0 : attempt.cleanup
    }
  }

  #endsNaturally(step: Known, does: Attempt["does"]): boolean {
    if (step.attempts === 0) return false
    const { natural, ofBatch, ofStep } = this.#moments(step)
    const limit = Math.min(ofBatch, ofStep)
    if (step.question !== "no" && step.question !== "tie") return false
    return this.#attemptOf(step).does === does &&
      natural === this.#now && natural <= limit
  }

  #fails(step: Known, payload: Failed): void {
    const { cleanup, natural, ofBatch, ofStep } = this.#moments(step)
    const attempt = this.#attemptOf(step)
    const failure = messages[attempt.does] ?? failureOf(step.index, step.attempts)
    const isLast = step.attempts >= step.plan.attempts.length
    let isPermanent = false
    if (payload.timedOut !== undefined) {
      const isOfQuestion = (step.question === "late" || step.question === "tie") && this.#now === step.startedAt
      const limit = payload.timedOut === "step" ? ofStep : ofBatch
      this.#expect(isOfQuestion || natural >= Math.min(ofStep, ofBatch), "it was in time")
      if (!isOfQuestion) {
        this.#expect(limit === Math.min(ofStep, ofBatch), `the limit of the ${payload.timedOut} is not the tighter one`)
        const isTie = natural === limit && this.#now === limit
        this.#expect(isTie || this.#now === limit + cleanup, `its limit ends at ${limit} s`)
      }
      if (isOfQuestion) step.needed = false
      this.#expect(payload.errorType === "StepTimedOut", `is ${payload.errorType}`)
    } else if (step.question === "fail" || step.question === "die" || payload.errorMessage.startsWith("question")) {
      const isTie = step.question === "tie"
      const { says } = this.#lastQuestion(step)
      isPermanent = says === "die"
      step.needed = false
      this.#expect(isTie || step.question === says, "the question did not fail")
      this.#expect(payload.errorMessage === `question of ${step.index}`, `says ${payload.errorMessage}`)
      this.#expect(this.#now === step.startedAt, "comes late")
    } else if (attempt.cleanup === "broken" && this.#stoppedAt <= this.#now && payload.errorMessage === notAnEffect) {
      isPermanent = true
    } else {
      isPermanent = attempt.does === "nothing" || attempt.does === "come to nothing" || attempt.does === "permanent" ||
        attempt.does === "die" || attempt.does === "throw"
      this.#expect(this.#endsNaturally(step, attempt.does) && fails.has(attempt.does), "it does not fail now")
      this.#expect(payload.errorMessage.includes(failure), `says ${payload.errorMessage}`)
    }
    step.failure = payload.errorMessage
    step.failedAt = this.#now
    step.final = isPermanent || isLast
    step.owesExhausted = isLast && !isPermanent
    this.#expect(payload.final === step.final, `final is ${payload.final}`)
  }

  #mayBeCancelled(step: Known): boolean {
    if (this.#stoppedAt <= this.#now) return true
    if (step.state === "pending") {
      return step.plan.needs.some((needed) => (this.#steps[needed] as Known).state === "cancelled")
    }
    return this.#endsNaturally(step, "interrupt") || this.#endsNaturally(step, "kill")
  }

  /** The result of the meddling that resolved the step at this event. */
  #resolution(step: Known): unknown {
    const turn = this.#event?.turn ?? 0
    const index = this.#seen.meddlings.find((meddling) =>
      meddling.does === "resolve" && meddling.step === step.index && isSuccess(meddling) &&
      meddling.askedTurn <= turn && meddling.answeredTurn >= turn
    )?.index
    // Where the store breaks after the end, the step is resolved and the answer is a failure all the same.
    this.#expect(index !== undefined || this.#plan.store.kind === "broken", "no one has resolved it")
    if (index === undefined) return undefined
    return byHand(index)
  }

  // --- The end ---

  /** The states in which the rules let a run with these steps end. */
  #expectedEnds(): ReadonlyArray<string> {
    if (this.#steps.every(({ state }) => satisfies(state))) return ["complete"]
    const byItself = this.#steps.some(({ final, state }) => state === "error" && final) ? "error" : "cancelled"
    if (this.#stoppedAt > this.#now) return [byItself]
    return this.#stoppedAt >= this.#finalizingAt ? [byItself, "cancelled"] : ["cancelled"]
  }

  #taskEnds(from: string | undefined, to: string): void {
    if (to === "resolved_manually") {
      this.#expect(this.#task === "error" && from === "error", `task is ${this.#task}`)
      this.#expect(this.#steps.every(({ state }) => satisfies(state)), "steps are left")
      this.#task = to
      return
    }
    this.#expect(this.#task === "finalized" && from === "in_progress", "is not due")
    const expected = this.#expectedEnds()
    this.#expect(expected.includes(to), `expected ${expected.join(" or ")}`)
    for (const step of this.#steps) {
      const isBlocked = to === "error" && !this.#isFree(step)
      this.#expect(step.state !== "in_progress", `${stepName(step.index)} still runs`)
      if (step.state === "pending") this.#expect(isBlocked, `${stepName(step.index)} is left pending`)
      if (step.state === "error" && to === "error") this.#expect(step.final, `${stepName(step.index)} could be retried`)
      if (step.owesExhausted) this.#report("max_retries_reached is missing")
    }
    this.#checkExit(to as never)
    this.#task = to as never
  }

  #checkExit(state: "complete" | "error" | "cancelled"): void {
    const { exit } = this.#seen
    if (exit === undefined) return
    const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
    if (isInterrupted && this.#seen.meddlings.some(({ does }) => does === "interrupt")) return
    if (state === "complete") {
      const given = Exit.isSuccess(exit) ? exit.value.results : {}
      for (const { index, value } of this.#steps) {
        this.#expect(
          given[stepName(index)] === value,
          `result of ${stepName(index)}: ${given[stepName(index)]}, expected ${value}`
        )
      }
      return this.#expect(Exit.isSuccess(exit), `the run fails: ${exit}`)
    }
    if (Exit.isSuccess(exit)) return this.#report(`the run succeeds`)
    const { cause } = exit
    this.#expect(cause.reasons.length > 0, "the cause is empty")
    if (state === "error") {
      // The interruption of a caller that comes too late to stop the run is added to the cause.
      const isTold = !this.#seen.meddlings.some(({ does }) => does === "interrupt")
      const messages = cause.reasons.flatMap((reason) =>
        Cause.isFailReason(reason)
          ? [messageOf(reason.error)]
          : Cause.isDieReason(reason)
          ? [messageOf(reason.defect)]
          : isTold
          ? ["interrupt"]
          : []
      )
      const expected = this.#steps.flatMap((step) => step.state === "error" ? [step.failure ?? ""] : [])
      this.#expect(
        messages.join() === expected.join(),
        `the cause says ${messages.join()}, expected ${expected.join()}`
      )
    } else if (this.#stoppedAt === Infinity) {
      this.#expect(Cause.hasInterruptsOnly(cause), `the cause is ${Cause.pretty(cause)}`)
    } else {
      const isCancelled = cause.reasons.every((reason) =>
        Cause.isInterruptReason(reason) ||
        Cause.isFailReason(reason) && messageOf(reason.error).endsWith("was cancelled")
      )
      this.#expect(isCancelled, `the cause is ${Cause.pretty(cause)}`)
    }
  }

  #checkEnd(): void {
    const hasEnded = this.#task !== "new" && (settles.has(this.#task as State) || this.#task === "error")
    this.#expect(hasEnded, `the task is left ${this.#task}`)
    this.#expect(this.#discovered === this.#batches && this.#batches === this.#batchesEnded, "batches are missing")
    const { stored } = this.#seen
    if (stored === undefined || this.#plan.store.kind === "broken") return
    this.#expect(stored.state === this.#task, `the task is stored as ${stored.state}, but is ${this.#task}`)
    stored.steps.forEach((record, index) => {
      const step = this.#steps[index] as Known
      const name = stepName(index)
      this.#expect(record.state === step.state, `${name} is stored as ${record.state}, but is ${step.state}`)
      this.#expect(record.attempts === step.attempts, `${record.attempts} attempts of ${name} are stored`)
      const error = step.state === "error" ? step.failure : undefined
      if (step.state !== "cancelled") {
        this.#expect(record.error?.message === error, `${name} is stored with ${record.error?.message}`)
      }
    })
  }

  #checkMeddlings(): void {
    const resolved = this.#seen.events.filter(({ event }) => event.name === "step.resolved_manually").length
    const accepted =
      this.#seen.meddlings.filter((meddling) => meddling.does === "resolve" && isSuccess(meddling)).length
    const isWhole = resolved === accepted || this.#plan.store.kind === "broken"
    this.#expect(isWhole, `${accepted} resolutions are accepted, ${resolved} happen`)
    for (const meddling of this.#seen.meddlings) this.#checkMeddling(meddling)
  }

  #checkMeddling(meddling: SeenMeddling): void {
    const { answer, answeredTurn, askedTurn, does, step } = meddling
    const what = `${does} ${stepName(step)} in turn ${askedTurn}`
    if (answer === undefined) return this.#report(`${what} has no answer`)
    if (does === "interrupt") return
    const last = this.#seen.events.findLast(({ event, turn }) => taskEnds.has(event.name) && turn <= answeredTurn)
      ?.event.name
    if (does === "cancel") {
      const isOver = this.#seen.events.some(({ event, turn }) => taskEnds.has(event.name) && turn <= askedTurn)
      if (Exit.isFailure(answer)) {
        return this.#expect(isOver || last !== "task.cancelled", `${what} is refused: ${Cause.pretty(answer.cause)}`)
      }
      const endedBefore = this.#seen.events.some(({ event, turn }) => taskEnds.has(event.name) && turn < askedTurn)
      this.#expect(!endedBefore || last === "task.cancelled", `${what} is accepted after the end`)
      return this.#expect(last === "task.cancelled", `${what} is accepted, but ${last}`)
    }
    if (Exit.isSuccess(answer)) return
    if (does === "inspect") return this.#expect(this.#plan.store.kind === "broken", `${what} fails`)
    const states = this.#statesOf(step, askedTurn, answeredTurn)
    const isLegal = states.some((state) => state !== "pending" && state !== "error") ||
      this.#plan.store.kind === "broken" || this.#seen.events.every(({ turn }) => turn > answeredTurn)
    this.#expect(isLegal, `${what} is refused although it is ${states.join()}: ${Cause.pretty(answer.cause)}`)
  }

  /** The states a step is in between two turns. */
  #statesOf(step: number, from: number, to: number): ReadonlyArray<string> {
    const states = ["pending"]
    for (const { event, turn } of this.#seen.events) {
      if (turn > to) break
      if (!("toState" in event.payload) || !("stepName" in event.payload) || event.name.includes("initialize")) continue
      if (event.payload.stepName !== stepName(step)) continue
      if (turn < from) states.length = 0
      states.push(event.payload.toState)
    }
    return states
  }

  // --- Spans ---

  #checkSpans(): void {
    const count = (name: string) => this.#seen.events.filter(({ event }) => event.name === name).length
    const expected: Readonly<Record<string, number>> = {
      "tasker.task.execution": Math.min(1, this.#seen.events.length),
      "tasker.workflow.orchestration": Math.min(1, this.#seen.events.length),
      "tasker.dependency.resolution": this.#discovered,
      "tasker.batch.execution": this.#batches,
      "tasker.step.execution": count("step.execution_requested")
    }
    for (const [name, wanted] of Object.entries(expected)) {
      const spans = this.#seen.spans.filter((span) => span.name === name)
      this.#expect(spans.length === wanted, `${spans.length} spans ${name}, expected ${wanted}`)
      for (const span of spans) this.#checkSpan(span)
    }
  }

  #checkSpan(span: SeenSpan): void {
    const { above, began, ended, name } = span
    this.#expect(ended !== undefined, `span ${name} never ends`)
    this.#expect(above?.name === parents[name], `span ${name} stands in ${above?.name}`)
    if (above === undefined || ended === undefined) return
    this.#expect(above.began < began && ended < (above.ended ?? Infinity), `span ${name} ends after the one around it`)
    if (name !== "tasker.step.execution") return
    this.#expect(typeof span.attributes.get("tasker.step.status") === "string", "a step span has no status")
  }
}

type Failed = Extract<CatalogEnvelope, { readonly name: "step.failed" }>["payload"]

/** What the runtime says of a value that it cannot run. */
const notAnEffect = "Fiber.runLoop: Not a valid effect: no Effect"

const messages: Readonly<Partial<Record<Attempt["does"], string>>> = {
  nothing: "gave undefined where an Effect is expected",
  "come to nothing": notAnEffect
}

const fails = new Set<Attempt["does"]>([
  "nothing",
  "come to nothing",
  "fail",
  "permanent",
  "retry after",
  "die",
  "throw"
])

const isSuccess = ({ answer }: SeenMeddling) => answer !== undefined && Exit.isSuccess(answer)

const messageOf = (error: unknown): string =>
  typeof error === "string" ? error : Predicate.hasProperty(error, "message") ? String(error.message) : "?"

const targets: Readonly<Record<string, State>> = {
  "step.execution_requested": "in_progress",
  "observability.step.skip": "complete",
  "step.completed": "complete",
  "step.failed": "error",
  "step.retry_requested": "pending",
  "step.cancelled": "cancelled",
  "step.resolved_manually": "resolved_manually"
}

const taskEnds = new Set(["task.completed", "task.failed", "task.cancelled", "task.resolved_manually"])

const parents: Readonly<Record<string, string>> = {
  "tasker.workflow.orchestration": "tasker.task.execution",
  "tasker.dependency.resolution": "tasker.workflow.orchestration",
  "tasker.batch.execution": "tasker.workflow.orchestration",
  "tasker.step.execution": "tasker.batch.execution"
}
