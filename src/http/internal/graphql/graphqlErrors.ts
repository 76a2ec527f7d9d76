/**
 * Errors as they may leave: with a code for programs, and without values of the request or the inside of the service.
 */
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import { GraphQLError } from "graphql"
import type { Redaction } from "../../../redaction/Redaction.ts"
import * as JsonResponse from "../JsonResponse.ts"

/** Makes an error with a code, in the words that the other routes have. */
export const make = (
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {}
): GraphQLError => new GraphQLError(message, { extensions: { code, ...more } })

/** The error that says what an answer of the other routes says. */
export const fromAnswer = (answer: HttpServerResponse): GraphQLError => {
  const { error, message, ...more } = JsonResponse.bodyOf(answer)
  return make(String(error), String(message), more)
}

const internal = fromAnswer(JsonResponse.internalError)

/** An error that has no code of ours, at the place of the given one. */
const at = (error: GraphQLError, code: string, message: string): GraphQLError =>
  new GraphQLError(message, {
    source: error.source,
    positions: error.positions,
    path: error.path,
    extensions: { code }
  })

/** The parser quotes what it found, which may be a secret. */
export const ofSyntax = (error: unknown): GraphQLError =>
  !(error instanceof GraphQLError)
    ? make("syntax_error", "the document is no GraphQL")
    : tooLong.test(error.message)
    ? at(error, "document_too_long", "the document has more tokens or comments than are allowed")
    : at(error, "syntax_error", "the document is no GraphQL at this place")

const tooLong = /more than \d+ (?:tokens|comments)/

/** A message of the validation: names of fields, types and fragments. A client may write a token in place of a name. */
export const ofStructure = (redaction: Redaction) => (error: GraphQLError): GraphQLError =>
  at(error, "invalid_document", redaction.text(error.message))

/** The rule about values quotes them. */
export const ofValue = (error: GraphQLError): GraphQLError =>
  at(error, "invalid_document", "the schema asks for another value at this place")

/** An error before the first resolver is one of a variable, and quotes its value. */
export const ofVariable = (redaction: Redaction) => (error: GraphQLError): GraphQLError => {
  const node = error.nodes?.find(({ kind }) => kind === "VariableDefinition")
  const name = node?.kind === "VariableDefinition" ? `"$${redaction.text(node.variable.name.value)}"` : "a variable"
  return at(error, "invalid_variables", `${name} has a value that its type does not allow, or none`)
}

/** Whether the error is one of ours, and may leave as it is. */
export const isOurs = (error: GraphQLError): boolean => typeof error.extensions["code"] === "string"

/** An error while fields were resolved. */
export const ofField = (error: GraphQLError): GraphQLError =>
  isOurs(error) ? error : at(error, "internal_error", internal.message)
