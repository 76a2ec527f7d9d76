/** What every library records in the suite of spans: the same names, attributes and nesting. */
import * as Effect from "effect/Effect"

/**
 * `0`, `6`, `20`: spans with so many attributes, one after the other below one parent. `nested`: five in each other, with
 * six attributes each. `concurrent`: with six attributes each, a hundred open at a time.
 */
export type Shape = "0" | "6" | "20" | "nested" | "concurrent"

const spansPerTrace = 101
const traces = 100

export type Attributes = Record<string, string | number | boolean>

const statuses = ["complete", "error", "cancelled", "resolved_manually"]
const query = "SELECT id, total, currency FROM orders WHERE customer_id = $1 AND state = $2 ORDER BY created_at"

/** A fresh object with fresh strings, as programs make them. */
const six = (index: number): Attributes => ({
  "order.id": `order-${index}`,
  "http.request.method": "POST",
  "url.path": `/customers/${index % 977}/orders`,
  "http.response.status_code": 200 + index % 5,
  "step.status": statuses[index % 4] as string,
  "step.retried": index % 3 === 0
})

const twenty = (index: number): Attributes => ({
  ...six(index),
  "db.query.text": query,
  "db.system.name": "postgresql",
  "server.address": `db-${index % 7}.internal`,
  "server.port": 5432,
  "customer.name": `Customer number ${index}`,
  "customer.tier": index % 2 === 0 ? "gold" : "standard",
  "order.total": index * 1.25,
  "order.items": index % 50,
  "order.note": `Please leave the parcel ${index} with the neighbours; they are at home after six`,
  "url.full": `https://shop.example.com/customers/${index % 977}/orders?page=${index % 9}&sort=date`,
  "user_agent.original":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
  "queue.seconds": index / 1000,
  "cache.hit": index % 2 === 1,
  "message.id": `0192f0c1-7a3b-7000-8000-${String(index).padStart(12, "0")}`
})

/** The attributes of span `index`. */
const attributesOf = (shape: Shape, index: number): Attributes | undefined =>
  shape === "0" ? undefined : shape === "20" ? twenty(index) : six(index)

/** How a library opens spans; a parent is what the library needs to know of it. */
export interface Library<Parent> {
  /** Opens a span, runs an effect within it, and ends it. Without a parent it begins a trace. */
  readonly within: (
    name: string,
    attributes: Attributes | undefined,
    parent: Parent | undefined,
    inner: (parent: Parent) => Effect.Effect<void>
  ) => Effect.Effect<void>
}

const depth = 5

const nest = <Parent>(library: Library<Parent>, left: number, index: number, parent: Parent): Effect.Effect<void> =>
  left === 0
    ? Effect.void
    : library.within(
      "charge payment",
      six(index + left),
      parent,
      (inner) => nest(library, left - 1, index, inner)
    )

const nothing = () => Effect.void
const turn = () => Effect.yieldNow

const children = <Parent>(
  library: Library<Parent>,
  shape: Shape,
  from: number,
  parent: Parent
): Effect.Effect<void> => {
  if (shape === "concurrent") {
    return Effect.forEach(
      Array.from({ length: spansPerTrace - 1 }, (_, index) => from + index),
      (index) => library.within("charge payment", attributesOf(shape, index), parent, turn),
      { concurrency: "unbounded", discard: true }
    )
  }
  const step = shape === "nested" ? depth : 1
  return Effect.gen(function*() {
    for (let index = 0; index < spansPerTrace - 1; index += step) {
      yield* shape === "nested"
        ? nest(library, depth, from + index, parent)
        : library.within("charge payment", attributesOf(shape, from + index), parent, nothing)
    }
  })
}

/** One batch: traces of a root and a hundred spans below it. */
export const record = <Parent>(library: Library<Parent>, shape: Shape): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let trace = 0; trace < traces; trace++) {
      const from = trace * spansPerTrace
      yield* library.within("process order", undefined, undefined, (root) => children(library, shape, from, root))
    }
  })

export const spansPerBatch = traces * spansPerTrace
