/**
 * What a program says about a run beside its input: tags, reason, initiator.
 */
import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import type { TaskRecord } from "../TaskStore.ts"
import * as runTags from "./runTags.ts"

/** The facts as the record of a run has them. A fact that is not given is absent. */
export type Facts = Pick<TaskRecord, "tags" | "reason" | "initiator">

const longestText = 500

/** Takes facts from a program, without secrets and cut to their longest lengths. */
export const accept = (
  given: { readonly tags?: unknown; readonly reason?: unknown; readonly initiator?: unknown } | undefined,
  redaction: Redaction
): Facts => {
  const tags = runTags.accept(given?.tags, redaction)
  return {
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...text("reason", given?.reason, redaction),
    ...text("initiator", given?.initiator, redaction)
  }
}

const text = <Name extends "reason" | "initiator">(name: Name, given: unknown, redaction: Redaction) =>
  typeof given !== "string" || given === "" ? {} : { [name]: redaction.text(truncateAtWord(given, longestText)) }
