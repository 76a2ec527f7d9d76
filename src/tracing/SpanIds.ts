/**
 * Which ids a receiver of spans accepts.
 *
 * @see https://www.w3.org/TR/trace-context/#trace-id
 * @internal
 */

const traceId = /^(?!0{32})[0-9a-f]{32}$/i
const spanId = /^(?!0{16})[0-9a-f]{16}$/i

/** Whether both ids are hexadecimal, of their lengths and not zero; one that is not makes a receiver refuse a whole batch. */
export const areValid = (span: { readonly traceId: string; readonly spanId: string }): boolean =>
  traceId.test(span.traceId) && spanId.test(span.spanId)
