/**
 * Everything that a test of an observed program needs.
 *
 * @since 0.1.0
 */
export { advance } from "./advance.ts"
export * as Expect from "./Expect.ts"
export { TelemetryTest } from "./TelemetryTest.ts"
