/**
 * The flags that say where the telemetry of a service ends up.
 */
import * as Flag from "effect/cli/Flag"
import { addressFlag } from "../connectionFlags.ts"

/** The address of Jaeger's query API. */
export const jaegerFlag = addressFlag("jaeger", "Address of Jaeger's query API", "http://127.0.0.1:16686").pipe(
  Flag.withDefault("http://127.0.0.1:16686")
)

/** The address of Prometheus. */
export const prometheusFlag = addressFlag("prometheus", "Address of Prometheus", "http://127.0.0.1:9090").pipe(
  Flag.withDefault("http://127.0.0.1:9090")
)

/** The job of the service, where its address is another one for Prometheus. */
export const jobFlag = Flag.String("job").pipe(
  Flag.withDescription("Job of Prometheus that scrapes the service, if Prometheus knows it by another address"),
  Flag.optional
)

/** How long a validation waits for what it expects. */
export const withinFlag = (seconds: number, what: string) =>
  Flag.Int("within").pipe(
    Flag.withDescription(`Seconds after which ${what} count as missing`),
    Flag.filter((value) => value >= 1 && value <= 3600, () => "Expected a whole number of seconds from 1 to 3600"),
    Flag.withDefault(seconds)
  )

/** The address without a slash at its end. */
export const baseOf = (address: string): string => address.replace(/\/+$/, "")
