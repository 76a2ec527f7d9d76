/**
 * Executes a document: parses it, counts what it asks for, validates it, and only then runs it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import {
  type DocumentNode,
  ExecutableDefinitionsRule,
  execute,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  LoneAnonymousOperationRule,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  separateOperations,
  specifiedRules,
  UniqueFragmentNamesRule,
  UniqueOperationNamesRule,
  validate,
  ValuesOfCorrectTypeRule
} from "graphql"
import type { Redaction } from "../../../redaction/Redaction.ts"
import * as JsonResponse from "../JsonResponse.ts"
import * as DocumentSize from "./documentSize.ts"
import * as GraphqlErrors from "./graphqlErrors.ts"
import type { GraphqlRequest } from "./taskSchema.ts"

/** What a client may ask for at once. */
export interface Limits {
  readonly maximumDepth: number
  readonly maximumCost: number
  readonly maximumTokens: number
}

/** What executes documents. */
export interface Executor {
  readonly schema: GraphQLSchema
  readonly limits: Limits
  readonly redaction: Redaction
}

/** What a client sends. */
export interface Document {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  readonly operationName?: string | null | undefined
}

/** An operation that may run. */
export interface Prepared {
  /** The operation with the fragments that it uses. */
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
}

/** Values about the schema that one answer may have. The query of tools for the whole schema has about 35 000. */
const maximumIntrospection = 50_000

/** A client mends a few mistakes at a time, and each takes time to find. */
const mostErrors = 20

const options = { maxErrors: mostErrors, hideSuggestions: true }

/** They look at definitions without their fields, and make each name stand for one operation or for one fragment. */
const definitionRules = [
  ExecutableDefinitionsRule,
  LoneAnonymousOperationRule,
  UniqueFragmentNamesRule,
  UniqueOperationNamesRule
]

const structureRules = specifiedRules.filter((rule) => rule !== ValuesOfCorrectTypeRule)

/**
 * Reads a document and refuses what may not run. Other operations of the document do not run, so they are neither
 * counted nor validated.
 *
 * @param mayIntrospect whether the document may ask for the schema
 */
export const prepare = (
  { limits: { maximumCost, maximumDepth, maximumTokens }, redaction, schema }: Executor,
  { operationName, query, variables }: Document,
  mayIntrospect: boolean
): Effect.Effect<Prepared, ReadonlyArray<GraphQLError>> =>
  Effect.gen(function*() {
    const document = yield* Effect.try({
      try: () => parse(query, { maxLexicalTokens: maximumTokens, maxComments: maximumTokens }),
      catch: (error) => [error instanceof RangeError ? beyondStack : GraphqlErrors.ofSyntax(error)]
    })
    const operation = getOperationAST(document, operationName)
    if (operation === null || operation === undefined) {
      return yield* Effect.fail([
        GraphqlErrors.make("unknown_operation", "name one operation of the document as operationName")
      ])
    }
    const ofStructure = GraphqlErrors.ofStructure(redaction)
    const definitions = validate(schema, document, definitionRules, options).map(ofStructure)
    if (definitions.length > 0) return yield* Effect.fail(definitions)
    const running = separateOperations(document)[operation.name?.value ?? ""] ?? document
    // Before the validation, whose rules compare fields with each other.
    const size = DocumentSize.measure(schema, running, operation, variables ?? {})
    if (size.depth > maximumDepth) {
      return yield* Effect.fail([
        GraphqlErrors.make("document_too_deep", `ask for at most ${maximumDepth} levels of fields`, { maximumDepth })
      ])
    }
    if (size.cost > maximumCost) {
      return yield* Effect.fail([
        GraphqlErrors.make("document_too_costly", "ask for fewer fields, or for shorter pages", {
          cost: Math.min(size.cost, Number.MAX_SAFE_INTEGER),
          maximumCost
        })
      ])
    }
    if (size.introspection > maximumIntrospection) {
      return yield* Effect.fail([
        GraphqlErrors.make("document_too_costly", "ask for less of the schema at once")
      ])
    }
    const rules = mayIntrospect ? structureRules : [...structureRules, NoSchemaIntrospectionCustomRule]
    const errors = validate(schema, running, rules, options).map(ofStructure)
    if (errors.length > 0) return yield* Effect.fail(errors)
    const values = validate(schema, running, [ValuesOfCorrectTypeRule], options).map(GraphqlErrors.ofValue)
    if (values.length > 0) return yield* Effect.fail(values)
    return { document: running, operation }
  }).pipe(
    // A program may allow more levels than fit on the stack.
    Effect.catchDefect((defect) => defect instanceof RangeError ? Effect.fail([beyondStack]) : Effect.die(defect))
  )

const beyondStack = GraphqlErrors.make("document_too_deep", "ask for fewer levels of fields and fragments")

/** What an operation gave. */
export interface Outcome {
  readonly data?: ExecutionResult["data"]
  readonly errors: ReadonlyArray<GraphQLError>
  /** The answers with which fields were refused. */
  readonly refusals: ReadonlyArray<HttpServerResponse>
}

/** Runs an operation. If its fiber is interrupted, resolvers are interrupted too. */
export const run = (
  { redaction, schema }: Executor,
  { document, operation }: Prepared,
  variables: Document["variables"],
  access: GraphqlRequest["access"]
): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const refusals: Array<HttpServerResponse> = []
    const runResolver = Effect.runPromiseWith(context)
    const result = yield* Effect.promise((signal) => {
      const request: GraphqlRequest = {
        access,
        run: (effect) =>
          runResolver(
            Effect.catch(withoutDefects(effect), (refusal) => {
              refusals.push(refusal)
              return Effect.fail(GraphqlErrors.fromAnswer(refusal))
            }),
            { signal }
          )
      }
      return Promise.resolve(execute({
        schema,
        document,
        operationName: operation.name?.value,
        variableValues: variables,
        contextValue: request,
        abortSignal: signal,
        hideSuggestions: true
      }))
    })
    const { data, errors = [] } = result
    if (!("data" in result)) return { errors: errors.map(GraphqlErrors.ofVariable(redaction)), refusals }
    const unexpected = errors.filter((error) => !GraphqlErrors.isOurs(error))
    if (unexpected.length > 0) yield* Effect.logError("fields of GraphQL could not be shown", ...unexpected)
    return { data, errors: errors.map(GraphqlErrors.ofField), refusals }
  })

/** A defect of a resolver is logged, and the client gets no word of it. */
const withoutDefects = <A>(effect: Effect.Effect<A, HttpServerResponse>): Effect.Effect<A, HttpServerResponse> =>
  Effect.catchCauseIf(
    effect,
    (cause) => cause.reasons.some(Cause.isDieReason),
    (cause) =>
      Effect.andThen(
        Effect.logError("a field of GraphQL could not be resolved", cause),
        Effect.fail(JsonResponse.internalError)
      )
  )
