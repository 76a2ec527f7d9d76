/**
 * Executes a document: parses it, counts what it asks for, validates it, and only then runs it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
  ValuesOfCorrectTypeRule
} from "graphql"
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

/** What a client sends. */
export interface Document {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  readonly operationName?: string | null | undefined
}

/** A document that may run. */
export interface Prepared {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
}

/** Values about the schema that one answer may have. The query of tools for the whole schema has about 35 000. */
const maximumIntrospection = 50_000

/** More mistakes help nobody, and each takes time to find. */
const mostErrors = 20

const structureRules = specifiedRules.filter((rule) => rule !== ValuesOfCorrectTypeRule)

/**
 * Reads a document and refuses what may not run.
 *
 * @param mayIntrospect whether the document may ask for the schema
 */
export const prepare = (
  schema: GraphQLSchema,
  { maximumCost, maximumDepth, maximumTokens }: Limits,
  { operationName, query, variables }: Document,
  mayIntrospect: boolean
): Effect.Effect<Prepared, ReadonlyArray<GraphQLError>> =>
  Effect.gen(function*() {
    const document = yield* Effect.try({
      try: () => parse(query, { maxLexicalTokens: maximumTokens, maxComments: maximumTokens }),
      catch: (error) => [GraphqlErrors.ofSyntax(error)]
    })
    const operation = getOperationAST(document, operationName)
    if (operation === null || operation === undefined) {
      return yield* Effect.fail([
        GraphqlErrors.make("unknown_operation", "name one operation of the document as operationName")
      ])
    }
    // Before the validation, whose rules compare fields with each other.
    const size = DocumentSize.measure(schema, document, operation, variables ?? {})
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
    const options = { maxErrors: mostErrors, hideSuggestions: true }
    const errors = validate(schema, document, rules, options).map(GraphqlErrors.ofStructure)
    if (errors.length > 0) return yield* Effect.fail(errors)
    const values = validate(schema, document, [ValuesOfCorrectTypeRule], options).map(GraphqlErrors.ofValue)
    if (values.length > 0) return yield* Effect.fail(values)
    return { document, operation }
  })

/** What an operation gave. */
export interface Outcome {
  readonly data?: ExecutionResult["data"]
  readonly errors: ReadonlyArray<GraphQLError>
  /** The answers with which fields were refused. */
  readonly refusals: ReadonlyArray<HttpServerResponse>
}

/** Runs an operation. If its fiber is interrupted, resolvers are interrupted too. */
export const run = (
  schema: GraphQLSchema,
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
    if (!("data" in result)) return { errors: errors.map(GraphqlErrors.ofVariable), refusals }
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
