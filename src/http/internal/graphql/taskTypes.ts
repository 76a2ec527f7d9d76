/**
 * The types of the GraphQL API of tasks, in GraphQL's own language.
 */

/** The schema. Fields and their meaning are those of `TaskReport`. */
export const taskTypes = `
"Any value of JSON."
scalar JSON

"State of a run or of a step."
enum TaskState {
  pending
  in_progress
  complete
  error
  cancelled
  resolved_manually
}

"Order of runs. What has not ended or not started is last where the order asks for it."
enum TaskOrder {
  newest
  oldest
  slowest
  fastest
  latest_start
  earliest_start
  state
}

"A property of a run with few distinct values."
type Tag {
  name: String!
  value: String!
}

"A property of a run with few distinct values."
input TagInput {
  name: String!
  value: String!
}

"A run of a task. Instants are texts such as 2026-03-01T09:00:00.000Z. Names and texts are redacted."
type Task {
  id: ID!
  "The same as id."
  taskId: ID!
  name: String!
  namespace: String!
  version: String!
  status: TaskState!
  correlationId: String!
  createdAt: String!
  "Absent before the start."
  startedAt: String
  "Absent before the end."
  endedAt: String
  durationSeconds: Float
  tags: [Tag!]!
  "Why the run was started, if it is known."
  reason: String
  "Who or what started the run, if it is known."
  initiator: String
  "When a run starts that waits for its start."
  scheduledFor: String
  "The process that runs or ran it, if it is known."
  instance: String
  "Highest number of steps that run at the same time."
  concurrency: Int
  errorType: String
  "Why the run failed: type, message, own fields and causes."
  error: JSON
  "The steps, in the order of the definition. Null if the store has dropped the run in the meantime."
  steps: [Step!]
}

"A step of a run."
type Step {
  id: ID!
  name: String!
  dependsOn: [String!]!
  status: TaskState!
  attempts: Int!
  maximumAttempts: Int!
  "Seconds from ready to started, of all attempts."
  queueSeconds: Float!
  workSeconds: Float!
  backoffSeconds: Float!
  startedAt: String
  endedAt: String
  "When a step in back-off will be tried again."
  nextAttemptAt: String
  errorType: String
  "Why the step failed: type, message, own fields and causes."
  error: JSON
}

"A page of runs."
type TaskPage {
  tasks: [Task!]!
  "Asks for the next page. Absent if this page is the last."
  cursor: String
}

input CreateTaskInput {
  "Name of a task that is served here."
  name: String
  "The same as name."
  namedTaskName: String
  "The input of the task: a value, or a text that holds a value as JSON."
  context: JSON!
  "Properties with few distinct values, ten at most."
  tags: [TagInput!]
  "Why the run is started."
  reason: String
  "Who or what starts the run."
  initiator: String
  "Time that the run waits before its start: 10 minutes, or milliseconds."
  startAfter: String
}

type CreateTaskPayload {
  task: Task!
}

input CancelTaskInput {
  taskId: ID!
}

type CancelTaskPayload {
  task: Task!
}

type Query {
  "One run."
  task(id: ID!): Task
  "Runs, by filters and in pages. A run is found if it fits all filters."
  tasks(
    "Name of the task."
    task: String
    version: String
    "The run has one of these."
    state: [TaskState!]
    "The run has all of these."
    tags: [TagInput!]
    errorType: String
    instance: String
    initiator: String
    reason: String
    "The run was created at least so long ago: 1 hour, or milliseconds."
    olderThan: String
    "The run was created at most so long ago: 1 hour, or milliseconds."
    newerThan: String
    "Whether a step is tried again now."
    retrying: Boolean
    "Whether a ready step waits for a slot."
    waiting: Boolean
    sort: TaskOrder
    "20 if it is not given, 100 at most."
    limit: Int
    offset: Int
    "The cursor of the page before, with the same sort."
    cursor: String
  ): TaskPage
}

type Mutation {
  "Starts a task in the background."
  createTask(input: CreateTaskInput!): CreateTaskPayload
  "Cancels a run, and waits for its end."
  cancelTask(input: CancelTaskInput!): CancelTaskPayload
}
`
