/**
 * What a test says to the processes of a fault scenario, and what they answer. Each message gets one answer.
 */

/** How the receiver answers a request. A request is read whole before, except where it says otherwise. */
export type Fault =
  | { readonly kind: "accept" }
  /** The port is closed, and so are all connections. */
  | { readonly kind: "down" }
  /** No answer at all. */
  | { readonly kind: "hang" }
  | {
    readonly kind: "status"
    readonly status: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  /** 413 for requests with more records. */
  | { readonly kind: "small requests"; readonly records: number }
  /** The head of an answer that never ends, some bytes every 100 ms. */
  | { readonly kind: "trickled head" }
  /** The head of a good answer, and a body that never ends, one byte every 100 ms. */
  | { readonly kind: "trickled body" }
  /** The connection is reset instead of an answer. */
  | { readonly kind: "reset" }
  /** The connection is reset before the request has been read. */
  | { readonly kind: "early reset" }
  /** The connection ends within the head of the answer. */
  | { readonly kind: "half a head" }
  /** The connection ends within the body of a good answer. */
  | { readonly kind: "half a body" }

/** The fault holds for so many requests; without the number until the next fault. */
export interface SinkMessage {
  readonly fault?: Fault & { readonly requests?: number }
}

/** The truth about one signal. Records that the receiver has read without accepting them do not count. */
export interface Truth {
  /** Accepted records, those that came again included. */
  readonly accepted: number
  /** Different ones among them. */
  readonly different: number
}

export interface SinkReport {
  readonly url: string
  readonly spans: Truth
  readonly logRecords: Truth
  /** The points of the counter `recorded_total`: their sum, and the last one. */
  readonly metrics: { readonly sum: number; readonly last: number }
  /** Requests in the order of their arrival. */
  readonly requests: ReadonlyArray<{
    readonly at: number
    readonly signal: "spans" | "log records" | "metrics" | "other"
    readonly records: number
    readonly accepted: boolean
    readonly hasKey: boolean
  }>
  /** The most requests of one signal that were open at a time. */
  readonly mostOpen: number
  /** Milliseconds from the end of the last fault until the last span from before it was accepted. */
  readonly recoveryMillis: number
}

export type SubjectMessage =
  /** Records at a steady rate, or all at once; answered when it is done. */
  | { readonly do: "record"; readonly count: number; readonly perSecond?: number }
  | { readonly do: "flush" }
  | { readonly do: "measure" }
  /** Closes the telemetry. */
  | { readonly do: "close" }

export interface Measured {
  /** Bytes of the heap after garbage collection. */
  readonly heap: number
  /** The accounts by name, as the program can read them. */
  readonly accounts: Readonly<Record<string, number>>
  /** Lines that the program logged by itself. */
  readonly reports: ReadonlyArray<string>
}

export interface Closed {
  readonly millis: number
  /** Lines that the program logged by itself. */
  readonly reports: ReadonlyArray<string>
  /** Timers and sockets that are left, whether they keep the process alive or not. */
  readonly left: ReadonlyArray<string>
}
