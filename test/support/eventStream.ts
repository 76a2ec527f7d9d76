/**
 * A client of a stream of server-sent events that shows what came, and leaves with its scope.
 */
import { Effect } from "effect"
import { type IncomingMessage, request } from "node:http"
import { Target } from "../http/server.ts"

export interface Opened {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  /** All that came so far. */
  readonly text: () => string
  /** Waits until what came holds. */
  readonly until: (holds: (text: string) => boolean) => Effect.Effect<string>
  /** Whether the server has ended the answer. */
  readonly isEnded: () => boolean
  readonly leave: Effect.Effect<void>
}

export const open = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const { host, port } = yield* Target
    const listeners = new Set<() => void>()
    let text = ""
    let isEnded = false
    const [response, leave] = yield* Effect.acquireRelease(
      Effect.callback<readonly [IncomingMessage, () => void]>((resume) => {
        const sent = request({ host, port, path, headers, agent: false }, (response) => {
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk
            for (const listener of listeners) listener()
          })
          response.on("close", () => {
            isEnded = true
            for (const listener of listeners) listener()
          })
          resume(Effect.succeed([response, () => sent.destroy()]))
        })
        sent.on("error", (error) => resume(Effect.die(error)))
        sent.end()
      }),
      ([, leave]) => Effect.sync(leave)
    )
    const until = (holds: (text: string) => boolean) =>
      Effect.callback<string>((resume) => {
        const look = () => {
          if (holds(text)) resume(Effect.succeed(text))
          else if (isEnded) resume(Effect.die(new Error(`the stream ended after: ${text}`)))
        }
        listeners.add(look)
        look()
        return Effect.sync(() => listeners.delete(look))
      })
    const opened: Opened = {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: () => text,
      until,
      isEnded: () => isEnded,
      leave: Effect.sync(leave)
    }
    return opened
  })

/** The messages in a text: name, id and data. */
export const messagesOf = (
  text: string
): ReadonlyArray<{ readonly name: string; readonly id?: string; readonly data: any }> =>
  text.split("\n\n").flatMap((block) => {
    const fields = new Map(
      block.split("\n").map((line) => {
        const at = line.indexOf(": ")
        return [line.slice(0, at), line.slice(at + 2)] as const
      })
    )
    const [name, data, id] = [fields.get("event"), fields.get("data"), fields.get("id")]
    return name === undefined || data === undefined
      ? []
      : [{ name, data: JSON.parse(data), ...(id === undefined ? {} : { id }) }]
  })
