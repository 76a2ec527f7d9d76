/**
 * One PostgreSQL for the programs of a file that do not show how the embedded one comes and goes.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type EmbeddedPostgres, startEmbedded } from "../../../../examples/analyze-directory/EmbeddedPostgres.ts"

export const urlOf = ({ database, host, password, port, username }: EmbeddedPostgres): string =>
  `postgres://${username}:${password}@${host}:${port}/${database}`

/** Starts the server before the tests of the file, and stops it after them. Gives the environment that names it. */
export const shared = (): () => { readonly DATABASE_URL: string } => {
  const scope = Scope.makeUnsafe()
  let url = ""
  beforeAll(() =>
    startEmbedded.pipe(
      Scope.provide(scope),
      Effect.provide(NodeServices.layer),
      Effect.map((server) => {
        url = urlOf(server)
      }),
      Effect.runPromise
    )
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => ({ DATABASE_URL: url })
}
