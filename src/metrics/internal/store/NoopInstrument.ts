/**
 * An instrument of every kind that records nothing.
 *
 * @internal
 */
import type { Counter, Gauge, Timer, UpDownCounter } from "../../MetricInstrument.ts"

const handle = { inc: () => {}, add: () => {}, set: () => {}, observe: () => {} }

export class NoopInstrument implements Counter<string>, UpDownCounter<string>, Gauge<string>, Timer<string> {
  inc(): void {}
  add(): void {}
  set(): void {}
  observe(): void {}
  bind(): typeof handle {
    return handle
  }
  readonly track: Timer<string>["track"] = () => (self) => self
}
