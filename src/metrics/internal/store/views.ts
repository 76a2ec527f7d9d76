/**
 * Applies views: to a declaration, and to a metric that is read from another
 * registry.
 */
import type { MetricView } from "../../../config/internal/metricView.ts"
import type { MetricType } from "../../MetricSnapshot.ts"
import { type Checked, defaultMaximumBuckets, nameProblem } from "../model/MetricDeclaration.ts"
import { matches } from "../model/namePattern.ts"

/**
 * Gives the declaration after the views; `undefined` if a view denies the metric.
 *
 * @param isExponential whether a histogram gets exponential buckets, unless a view gives it explicit ones
 */
export const applyToDeclared = (
  views: ReadonlyArray<MetricView>,
  declared: Checked,
  isExponential = false
): Checked | undefined => {
  const fitting = views.filter(({ metric }) => matches(metric, declared.name))
  if (fitting.some(({ deny }) => deny)) return undefined
  const viewed = fitting.reduce(applyOne, declared)
  return isExponential && viewed.type === "histogram" && fitting.every(({ buckets }) => buckets === undefined)
    ? { ...viewed, type: "exponentialHistogram", buckets: undefined, maximumBuckets: defaultMaximumBuckets }
    : viewed
}

const applyOne = (seen: Checked, view: MetricView): Checked => {
  const { buckets, cardinalityLimit, metric, rename } = view
  return {
    ...seen,
    name: rename === undefined || metric.includes("*") ? seen.name : rename,
    attributes: seen.attributes.filter((key) => keepsAttribute(view, key)),
    buckets: seen.buckets === undefined ? undefined : buckets ?? seen.buckets,
    cardinalityLimit: cardinalityLimit ?? seen.cardinalityLimit
  }
}

/**
 * Gives the changes to a metric that is read; `undefined` if a view denies the
 * metric. `keeps` is `undefined` if no view drops attributes.
 */
export const changesTo = (
  views: ReadonlyArray<MetricView>,
  name: string
): { readonly rename: string | undefined; readonly keeps: ((key: string) => boolean) | undefined } | undefined => {
  const fitting = views.filter(({ metric }) => matches(metric, name))
  if (fitting.some(({ deny }) => deny)) return undefined
  const thinning = fitting.filter(({ dropAttributes, keepAttributes }) => dropAttributes ?? keepAttributes)
  return {
    rename: fitting.findLast(({ metric, rename }) => rename !== undefined && !metric.includes("*"))?.rename,
    keeps: thinning.length === 0 ? undefined : (key) => thinning.every((view) => keepsAttribute(view, key))
  }
}

const keepsAttribute = ({ dropAttributes, keepAttributes }: MetricView, key: string): boolean =>
  (keepAttributes?.includes(key) ?? true) && !(dropAttributes?.includes(key) ?? false)

interface Named {
  readonly name: string
  readonly type: MetricType
  readonly unit: string | undefined
}

/** Gives the new name of a metric. If the new name breaks a rule or is taken, the metric keeps its name. */
export const renamed = (
  { name, type, unit }: Named,
  rename: string | undefined,
  isTaken: (name: string) => boolean,
  report: (name: string, sentence: string) => void
): string => {
  if (rename === undefined || rename === name) return name
  const problem = nameProblem({ name: rename, type, unit }) ?? (isTaken(rename) ? "the name is taken" : undefined)
  if (problem === undefined) return rename
  report(rename, `metric ${name} keeps its name: a view calls it ${rename}, but ${problem}`)
  return name
}

/** Makes a function that reports one sentence for each name. */
export const reporter = (onConflict: (sentence: string) => void): (name: string, sentence: string) => void => {
  const reported = new Set<string>()
  return (name, sentence) => {
    if (!reported.has(name)) onConflict(sentence)
    reported.add(name)
  }
}
