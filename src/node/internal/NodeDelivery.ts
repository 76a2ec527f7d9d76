/**
 * What delivery needs of Node: the way to the receiver, the files of the spool, and word that the process ends.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as FetchTransport from "../../delivery/FetchTransport.ts"
import { Transport } from "../../delivery/Transport.ts"
import * as ExitHooks from "./ExitHooks.ts"
import * as NodeLineTransport from "./NodeLineTransport.ts"
import * as NodeSpoolFolder from "./NodeSpoolFolder.ts"
import * as NodeTransport from "./NodeTransport.ts"

const client = (fetch: FetchTransport.Fetch | undefined) =>
  fetch === undefined ? NodeTransport.layer : FetchTransport.layer(fetch)

const transport = Layer.effect(
  Transport,
  Effect.map(Transport, ({ connect }) => ({
    connect: (receiver) => receiver.takesLines ? NodeLineTransport.connect(receiver) : connect(receiver)
  }))
)

/** Sends with Node's client, or with `fetch` if it is given. */
export const layer = (fetch: FetchTransport.Fetch | undefined): Layer.Layer<Transport> =>
  Layer.mergeAll(Layer.provide(transport, client(fetch)), NodeSpoolFolder.layer, ExitHooks.layer)
