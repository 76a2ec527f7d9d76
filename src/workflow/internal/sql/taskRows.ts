/**
 * Records of tasks and steps as rows of a database. Each row has the record as a JSON document, and the columns by which
 * runs are found. Names, tags and errors leave the process here, so they are redacted.
 */
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { documentOf, storable } from "../../../internal/SqlTables.ts"
import type { Redaction } from "../../../redaction/Redaction.ts"
import * as runTags from "../runTags.ts"
import { StepRecord, TaskRecord } from "../taskRecords.ts"
import type { Filters } from "../taskSearch.ts"
import { hasEnded } from "../TaskState.ts"

export const taskColumns = [
  { name: "id", type: "text" },
  { name: "name", type: "text" },
  { name: "version", type: "text" },
  { name: "instance", type: "text" },
  { name: "initiator", type: "text" },
  { name: "reason", type: "text" },
  { name: "runner", type: "text" },
  { name: "state", type: "text" },
  { name: "error_type", type: "text" },
  { name: "tags", type: "text" },
  { name: "concurrency", type: "float8" },
  { name: "created_at", type: "float8" },
  { name: "started_at", type: "float8" },
  { name: "duration", type: "float8" },
  { name: "created_order", type: "float8" },
  { name: "ended_order", type: "float8" },
  { name: "written_at", type: "float8" },
  { name: "document", type: "text" }
] as const

export type TaskRow = { readonly [Name in (typeof taskColumns)[number]["name"]]: string | number | null }

export const stepColumns = [
  { name: "task_id", type: "text" },
  { name: "name", type: "text" },
  { name: "position", type: "float8" },
  { name: "state", type: "text" },
  { name: "attempts", type: "float8" },
  { name: "next_attempt_at", type: "float8" },
  { name: "depends_on", type: "text" },
  { name: "error_type", type: "text" },
  { name: "written_at", type: "float8" },
  { name: "document", type: "text" }
] as const

export type StepRow = { readonly [Name in (typeof stepColumns)[number]["name"]]: string | number | null }

/** When a record was written. */
export interface Written {
  /** Epoch milliseconds. */
  readonly at: number
  /** Grows with each write of a process, and is about epoch microseconds, so that processes can be compared. */
  readonly order: number
}

/** A line that a row has for each tag. JSON has no raw line break, so no tag is found inside of another one. */
const tagLine = (name: string, value: string): string => `\n${JSON.stringify([name, value])}\n`

/**
 * Makes rows with the policy of the program.
 *
 * @param runner the key of the process, for the tasks that it runs
 */
export const make = (redaction: Redaction, runner: string) => {
  const name = (text: string): string => storable(redaction.name(text))

  const text = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : redaction.text(given)

  const column = (given: string | undefined): string | null => given === undefined ? null : storable(given)

  const sought = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : storable(redaction.text(given))

  const errorOf = (error: TaskRecord["error"]): TaskRecord["error"] =>
    error === undefined ? undefined : redaction.apply("exception", error) as TaskRecord["error"]

  const taskRow = (task: TaskRecord, { at, order }: Written): TaskRow => {
    const { tags, ...rest } = task
    const kept = tags === undefined ? undefined : Object.fromEntries(
      Object.entries(runTags.accept(tags, redaction)).map(([tag, value]) => [redaction.name(tag), value])
    )
    const [instance, initiator, reason] = [text(task.instance), text(task.initiator), text(task.reason)]
    const record: TaskRecord = {
      ...rest,
      name: redaction.name(task.name),
      namespace: redaction.name(task.namespace),
      version: redaction.name(task.version),
      error: errorOf(task.error),
      ...(kept === undefined ? {} : { tags: kept }),
      ...(instance === undefined ? {} : { instance }),
      ...(initiator === undefined ? {} : { initiator }),
      ...(reason === undefined ? {} : { reason })
    }
    return {
      id: storable(task.id),
      name: name(task.name),
      version: name(task.version),
      instance: column(instance),
      initiator: column(initiator),
      reason: column(reason),
      runner,
      state: task.state,
      error_type: record.error === undefined ? null : storable(record.error.type),
      tags: Object.entries(kept ?? {}).map(([tag, value]) => tagLine(tag, value)).join(""),
      concurrency: task.concurrency ?? 1,
      created_at: task.createdAt,
      started_at: task.startedAt ?? null,
      duration: task.durationSeconds ?? -1,
      created_order: order,
      ended_order: hasEnded(task.state) ? order : null,
      written_at: at,
      document: documentOf(record)
    }
  }

  const stepRow = (taskId: string, step: StepRecord, position: number, { at }: Written): StepRow => {
    const record: StepRecord = {
      ...step,
      id: redaction.name(step.name) === step.name ? step.id : redaction.text(step.id),
      name: redaction.name(step.name),
      dependsOn: step.dependsOn.map(redaction.name),
      error: errorOf(step.error)
    }
    return {
      task_id: storable(taskId),
      name: name(step.name),
      position,
      state: step.state,
      attempts: step.attempts,
      next_attempt_at: step.nextAttemptAt ?? null,
      depends_on: JSON.stringify(step.dependsOn.map(name)),
      error_type: record.error === undefined ? null : storable(record.error.type),
      written_at: at,
      document: documentOf(record)
    }
  }

  /** What is looked for, as the rows have it. */
  const filters = ({ errorType, initiator, instance, reason, tags, task, version, ...others }: Filters) => ({
    ...others,
    name: task === undefined ? undefined : name(task),
    version: version === undefined ? undefined : name(version),
    errorType: sought(errorType),
    instance: sought(instance),
    initiator: sought(initiator),
    reason: sought(reason),
    tagLines: tags.map(([tag, value]) => tagLine(redaction.name(tag), runTags.acceptValue(tag, value, redaction)))
  })

  return { taskRow, stepRow, filters }
}

export type RowFilters = ReturnType<ReturnType<typeof make>["filters"]>

const decodeTask = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(TaskRecord)))
const decodeStep = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(StepRecord)))

/** A record that another version of this package has written may not be readable. It is left out then. */
export const readTask = (document: string): Option.Option<TaskRecord> => decodeTask(document)

export const readStep = (document: string): Option.Option<StepRecord> => decodeStep(document)
