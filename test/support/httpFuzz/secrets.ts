/**
 * Secrets that the fuzzed service and its clients have. None of them may be in an answer.
 */

const canary = (place: string) => `CANARY${place}zq`

/** The secrets by their places. */
export const secrets = {
  token: canary("Token"),
  readToken: canary("ReadToken"),
  deliveryHeader: canary("DeliveryHeader"),
  targetUrl: canary("TargetUrl"),
  targetHeader: canary("TargetHeader"),
  serviceAttribute: canary("ServiceAttribute"),
  context: canary("Context"),
  result: canary("Result"),
  errorMessage: canary("ErrorMessage"),
  errorField: canary("ErrorField"),
  tag: canary("Tag"),
  header: canary("Header"),
  parameter: canary("Parameter"),
  document: canary("Document")
} as const

/** Finds any of them. */
export const secretPattern = /CANARY\w*zq/
