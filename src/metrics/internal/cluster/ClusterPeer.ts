/**
 * A worker process as its primary sees it.
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import { guard } from "../../../internal/guard.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import * as ClusterMessage from "./ClusterMessage.ts"
import type { Channel } from "./ProcessChannels.ts"

/** The highest number of stores of one process. */
const maximumInstances = 16

/** A question without an answer. */
interface Question {
  readonly round: number
  readonly answered: Deferred.Deferred<void>
  /** Whether a snapshot no longer waits for the answer. */
  isLate: boolean
}

/** A snapshot that has not arrived completely. */
interface Incoming {
  readonly reading: number
  readonly parts: Array<MetricSnapshot>
  characters: number
}

/** A store of the process. */
interface Instance {
  readonly source: string
  incoming: Incoming | undefined
  hasReading: boolean
}

export class ClusterPeer {
  readonly #channel: Channel
  readonly #name: string
  readonly #instances = new Map<string, Instance>()
  #question: Question | undefined
  #round = 0
  #hasEnded = false

  /** @param name name of the process; unlike a process id, it is never used again */
  constructor(channel: Channel, name: string) {
    this.#channel = channel
    this.#name = name
  }

  /** The sources of the process's readings. */
  get sources(): ReadonlyArray<string> {
    return Array.from(this.#instances.values(), ({ source }) => source)
  }

  /** `hung`: it has not answered in time. `unknown`: it has never sent its metrics. */
  get missing(): "hung" | "unknown" | undefined {
    if (this.#hasEnded) return undefined
    if (!Array.from(this.#instances.values()).some(({ hasReading }) => hasReading)) return "unknown"
    return this.#question?.isLate === true ? "hung" : undefined
  }

  /**
   * Asks for a snapshot and gives the answer to wait for.
   *
   * While an answer is late, the primary asks nothing more. The channel of a hung
   * process must not fill up, and no further snapshot waits for it.
   */
  ask(): Deferred.Deferred<void> | undefined {
    if (this.#hasEnded || !this.#channel.connected || this.#question?.isLate === true) return undefined
    this.#question = { round: ++this.#round, answered: Deferred.makeUnsafe(), isLate: false }
    this.#send(this.#question.round)
    return this.#question.answered
  }

  /** Marks a question as late: the snapshot no longer waits for the answer. */
  giveUp(answered: Deferred.Deferred<void>): void {
    if (this.#question?.answered === answered) this.#question.isLate = true
  }

  /** Notes that a store is ready for questions. An earlier question may be lost, so it is sent again. */
  greet(instance: string): void {
    if (this.#instanceOf(instance) === undefined) return
    this.#hasEnded = false
    if (this.#question === undefined) {
      this.ask()
      return
    }
    this.#question.isLate = false
    this.#send(this.#question.round)
  }

  /**
   * Takes a part of a snapshot; `undefined` for an unreadable one. With the last
   * part it gives all parts. It may also say that the snapshot is incomplete or
   * lost.
   */
  take(
    message: ClusterMessage.Part,
    part: MetricSnapshot | undefined
  ): ReadonlyArray<MetricSnapshot> | "incomplete" | "lost" {
    const instance = this.#instanceOf(message.instance)
    if (instance === undefined) return "lost"
    if (message.index === 0) instance.incoming = { reading: message.reading, parts: [], characters: 0 }
    const { incoming } = instance
    const isNext = incoming?.reading === message.reading && incoming.parts.length === message.index
    if (incoming === undefined || part === undefined || !isNext) return this.#lose(instance, message)
    incoming.characters += message.document.length
    if (incoming.characters > ClusterMessage.maximumCharacters) return this.#lose(instance, message)
    incoming.parts.push(part)
    if (!isFinal(message)) return "incomplete"
    instance.incoming = undefined
    return incoming.parts
  }

  /** The source of an instance, which is unique among all processes. */
  sourceOf(instance: string): string {
    return `${this.#name}/${instance}`
  }

  /** Notes that a snapshot is part of the totals. */
  settle({ instance, isLast, round }: ClusterMessage.Part): void {
    const known = this.#instances.get(instance)
    if (known !== undefined) known.hasReading = true
    if (isLast) this.#instances.delete(instance)
    this.#hasEnded = this.#instances.size === 0
    if (this.#hasEnded || this.#question?.round === round) this.#endQuestion()
  }

  /** Ends the process. */
  end(): void {
    this.#hasEnded = true
    this.#instances.clear()
    this.#endQuestion()
  }

  #instanceOf(name: string): Instance | undefined {
    const known = this.#instances.get(name)
    if (known !== undefined || this.#instances.size >= maximumInstances) return known
    const instance = { source: this.sourceOf(name), incoming: undefined, hasReading: false }
    this.#instances.set(name, instance)
    return instance
  }

  /** Drops an incomplete snapshot. If it was the answer, the question ends. */
  #lose(instance: Instance, message: ClusterMessage.Part): "lost" {
    instance.incoming = undefined
    if (isFinal(message) && this.#question?.round === message.round) this.#endQuestion()
    return "lost"
  }

  #endQuestion(): void {
    const question = this.#question
    // Cleared first, because the waiting fiber goes on at once.
    this.#question = undefined
    if (question !== undefined) Deferred.doneUnsafe(question.answered, Exit.void)
  }

  #send(round: number): void {
    guard(() => this.#channel.send(ClusterMessage.ask(round), () => {}), () => {})
  }
}

const isFinal = ({ count, index }: ClusterMessage.Part): boolean => index >= count - 1
