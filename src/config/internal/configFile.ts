/**
 * Loads the file of declarative configuration that `OTEL_CONFIG_FILE` names.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk/#parse
 */
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { readVariable } from "./configSource.ts"
import * as declarativeFile from "./declarativeFile.ts"
import { configFile } from "./otelVariables.ts"
import * as yamlDocument from "./yamlDocument.ts"

/** Loads the file with the `FileSystem` of the context. Fails with a sentence if the file cannot be used at all. */
export const load = Effect.fnUntraced(function*(
  path: string,
  provider: ConfigProvider.ConfigProvider
): Effect.fn.Return<declarativeFile.ConfigFile, string> {
  const text = yield* readText(path)
  const variables = yamlDocument.referredVariables(text)
  const values: Record<string, string> = {}
  for (const name of variables) {
    const value = yield* Effect.mapError(readVariable(provider, name), ({ message }) => message)
    if (value !== undefined) values[name] = value
  }
  const document = yield* Effect.try({
    try: () => yamlDocument.parse(text, values),
    catch: (error) => `${configFile} names a malformed file: ${error instanceof Error ? error.message : "unknown"}`
  })
  const problem = declarativeFile.problemOf(document)
  return problem === undefined
    ? { document, variables }
    : yield* Effect.fail(`${configFile} names a file that is not usable: ${problem}`)
})

const readText = Effect.fnUntraced(function*(path: string): Effect.fn.Return<string, string> {
  const files = yield* Effect.serviceOption(FileSystem.FileSystem)
  if (Option.isNone(files)) return yield* Effect.fail(`${configFile} cannot be read without a FileSystem`)
  return yield* Effect.mapError(
    files.value.readFileString(path),
    ({ reason }) => `${configFile} names a file that cannot be read: ${reason._tag}`
  )
})
