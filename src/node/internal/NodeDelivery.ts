/**
 * What delivery needs of Node: the way to the receiver, the files of the spool, and word that the process ends.
 */
import * as Layer from "effect/Layer"
import * as FetchTransport from "../../delivery/FetchTransport.ts"
import type { Transport } from "../../delivery/Transport.ts"
import * as ExitHooks from "./ExitHooks.ts"
import * as NodeSpoolFolder from "./NodeSpoolFolder.ts"
import * as NodeTransport from "./NodeTransport.ts"

/** Sends with Node's client, or with `fetch` if it is given. */
export const layer = (fetch: FetchTransport.Fetch | undefined): Layer.Layer<Transport> =>
  Layer.mergeAll(
    fetch === undefined ? NodeTransport.layer : FetchTransport.layer(fetch),
    NodeSpoolFolder.layer,
    ExitHooks.layer
  )
