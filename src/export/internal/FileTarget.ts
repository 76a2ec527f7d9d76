/**
 * Writes each export into a file, in place of the one before.
 */
import * as Effect from "effect/Effect"
import type { ExportStrategy } from "../ExportStrategy.ts"
import { type ExportTarget, make as makeTarget, TargetError } from "../ExportTarget.ts"
import * as ExportFiles from "./ExportFiles.ts"

export interface Options {
  readonly name: string
  readonly path: string
  readonly format: string
  readonly keep: number
  readonly isShared: boolean
  readonly strategy: ExportStrategy
}

/** Makes a target that writes files of the runtime. */
export const make = Effect.fnUntraced(function*(
  { format, isShared, keep, name, path, strategy }: Options
): Effect.fn.Return<ExportTarget> {
  const files = yield* ExportFiles.Current
  return makeTarget({
    name,
    format,
    isShared,
    strategy,
    send: ({ body, lease }) =>
      Effect.matchEffect(files.replace({ path, body, keep, fencing: lease?.fencing }), {
        onFailure: ({ code, message }) =>
          Effect.fail(new TargetError({ message: `${message}; the old file is as it was`, errorType: code })),
        onSuccess: (isReplaced) =>
          isReplaced
            ? Effect.void
            : Effect.fail(new TargetError({ message: `${path} has a later export`, isSuperseded: true }))
      })
  })
})
