/**
 * Everything that a test of an observed program needs.
 *
 * @since 0.1.0
 */
export { advance } from "./internal/advance.ts"
export * as Expect from "./internal/Expect.ts"
export { TelemetryTest } from "./internal/TelemetryTest.ts"
