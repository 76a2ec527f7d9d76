/**
 * What the answers of services and receivers mean: whether they are what they should be, who may ask, and what time it is
 * there.
 */
import * as Finding from "./Finding.ts"
import type { NoAnswer } from "./Probe.ts"

/** Milliseconds that two clocks may differ: the header of an answer has whole seconds. */
const clockTolerance = 2000

/** Whether the clock of a place is ours. */
export const clock = (place: string, skewMillis: number | undefined): Finding.Finding => {
  const check = `clock of ${place}`
  if (skewMillis === undefined) return Finding.skipped(check, "the answer has no Date header")
  const seconds = Math.abs(skewMillis) / 1000
  return Math.abs(skewMillis) <= clockTolerance
    ? Finding.ok(check, `at most ${clockTolerance / 1000} s from ours`)
    : Finding.failed(
      check,
      `at most ${clockTolerance / 1000} s from the clock here`,
      `${seconds.toFixed(1)} s ${skewMillis > 0 ? "ahead" : "behind"}`,
      "set both clocks by NTP: spans, log lines and rates are put in the wrong place otherwise"
    )
}

/** Nothing answers where something should. */
export const unreachable = (check: string, error: NoAnswer, advice: string): Finding.Finding =>
  Finding.failed(check, `an answer from ${error.address}`, error.reason, advice)

/** Whether a service takes the request. `what` is what was asked for, such as `GET /tasker/metrics`. */
export const status = (check: string, what: string, answered: number, wanted = 200): Finding.Finding =>
  answered === wanted
    ? Finding.ok(check, `${what} answers ${answered}`)
    : Finding.failed(check, `${what} answers ${wanted}`, `${answered}`, adviceOf(answered))

const adviceOf = (status: number): string => {
  switch (status) {
    case 401:
    case 403:
      return "give the token of the option http.token with --token or in TASKER_HTTP_TOKEN"
    case 404:
      return "give the address of the routes with their prefix with --url, such as http://127.0.0.1:9464/tasker"
    case 405:
      return "use the version of the service"
    default:
      return status >= 500 ? "look into the log of the service" : "look at what answers at this address"
  }
}

/** Whether a receiver of OTLP takes an empty request of a signal. */
export const receiver = (signal: string, url: string, answered: number): Finding.Finding => {
  const check = `receiver of ${signal}`
  if (answered >= 200 && answered < 300) return Finding.ok(check, `${url} takes requests`)
  const advice = answered === 401 || answered === 403
    ? "correct the headers with the credentials, as in delivery.headers (OTEL_EXPORTER_OTLP_HEADERS)"
    : answered === 404
    ? `the receiver takes no ${signal} there: correct the path (delivery.endpoint ends before /v1), or send none with ` +
      `OTEL_${signal.toUpperCase()}_EXPORTER=none`
    : answered >= 300 && answered < 400
    ? "give the address that it redirects to: delivery follows no redirect"
    : answered === 400 || answered === 415
    ? "correct delivery.protocol, or the address: what answers there reads no OTLP"
    : "look into the log of the receiver"
  return Finding.failed(check, `${url} answers an empty request with 200`, String(answered), advice)
}
