/**
 * The methods of a store that declare metrics: they check a declaration and pass
 * it on.
 */
import { durationBuckets } from "../../MetricCatalog.ts"
import * as MetricDeclaration from "../model/MetricDeclaration.ts"
import type { MetricStoreShape } from "../model/MetricStoreShape.ts"
import type { Instrument } from "./Instruments.ts"

/** Gives the instrument of a declaration, with the methods of its type. */
export type Declare = (declaration: MetricDeclaration.Checked) => Instrument

type Declarations = Pick<
  MetricStoreShape,
  "counter" | "upDownCounter" | "gauge" | "histogram" | "exponentialHistogram" | "timer" | "info"
>

export const make = (declare: Declare): Declarations => {
  const of = (
    type: MetricDeclaration.DeclaredType,
    declaration: MetricDeclaration.Unchecked,
    caller: (...args: ReadonlyArray<never>) => unknown
  ) => declare(MetricDeclaration.check(type, declaration, siteOf(caller))) as never
  const declarations: Declarations = {
    counter: (declaration) => of("counter", declaration, declarations.counter),
    upDownCounter: (declaration) => of("upDownCounter", declaration, declarations.upDownCounter),
    gauge: (declaration) => of("gauge", declaration, declarations.gauge),
    histogram: (declaration) => of("histogram", declaration, declarations.histogram),
    exponentialHistogram: (declaration) => of("exponentialHistogram", declaration, declarations.exponentialHistogram),
    timer: (declaration) =>
      of(
        "histogram",
        { ...declaration, unit: "seconds", buckets: declaration.buckets ?? durationBuckets },
        declarations.timer
      ),
    info: (declaration, attributes) => {
      const info: { readonly set: (attributes: Readonly<Record<string, string>>, value: number) => void } = of(
        "info",
        declaration,
        declarations.info
      )
      info.set(attributes, 1)
    }
  }
  return declarations
}

const unknownSite = "an unknown place"

/** Gives file, line and column of the call of `declare`. */
export const siteOf = (declare: (...args: ReadonlyArray<never>) => unknown): string => {
  const trace: { stack?: string } = {}
  Error.captureStackTrace?.(trace, declare)
  const frame = trace.stack?.split("\n")[1]?.trim() ?? unknownSite
  return /\((.*)\)$/.exec(frame)?.[1] ?? frame.replace(/^at (async )?/, "")
}
