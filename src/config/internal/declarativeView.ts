/**
 * Turns a view of the declarative configuration into a view of `metrics.views`. Pure.
 */

import { isMapping, type Mapping, type Part } from "./documentReader.ts"

const mapping = (value: unknown): Mapping => isMapping(value) ? value : {}

/** What a view has become, and the paths of what it has no word for. */
interface Found {
  readonly view: Mapping | undefined
  readonly unsupported: ReadonlyArray<string>
}

/**
 * Gives the view, if it selects by the name of an instrument alone. Without its other conditions, a view would change more
 * metrics than it should.
 */
export const toView = ({ path, value }: Part): Found => {
  const { selector, stream, ...others } = mapping(value)
  const { instrument_name: metric, ...selectors } = mapping(selector)
  const { aggregation, aggregation_cardinality_limit, attribute_keys, name, ...streams } = mapping(stream)
  const { drop, explicit_bucket_histogram, ...aggregations } = mapping(aggregation)
  const { boundaries, ...histograms } = mapping(explicit_bucket_histogram)
  const { excluded, included, ...keys } = mapping(attribute_keys)
  const beneath = (at: string, rest: Mapping) => Object.keys(rest).map((key) => `${path}${at}.${key}`)
  const conditions = beneath(".selector", selectors)
  if (typeof metric !== "string" || conditions.length > 0) {
    return { view: undefined, unsupported: conditions.length > 0 ? conditions : [path] }
  }
  const fields: Mapping = {
    metric,
    deny: drop === undefined ? undefined : true,
    rename: name,
    buckets: boundaries,
    cardinalityLimit: aggregation_cardinality_limit,
    keepAttributes: included,
    dropAttributes: excluded
  }
  return {
    view: Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined && field !== null)),
    unsupported: [
      ...beneath("", others),
      ...beneath(".stream", streams),
      ...beneath(".stream.aggregation", aggregations),
      ...beneath(".stream.aggregation.explicit_bucket_histogram", histograms),
      ...beneath(".stream.attribute_keys", keys)
    ]
  }
}
