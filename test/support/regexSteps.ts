/**
 * Runs expressions as ECMAScript says, by backtracking, and counts the characters that they look at.
 *
 * The engine of Node tells no such number, and its time depends on the machine. It looks at fewer characters than this
 * one, because it knows more short cuts, so what is linear here is linear there.
 */

interface Piece {
  readonly _tag: "Piece"
  readonly matches: (code: number) => boolean
}
interface Sequence {
  readonly _tag: "Sequence"
  readonly nodes: ReadonlyArray<Node>
}
interface Choice {
  readonly _tag: "Choice"
  readonly nodes: ReadonlyArray<Node>
}
interface Group {
  readonly _tag: "Group"
  readonly index: number
  readonly node: Node
}
interface Repeat {
  readonly _tag: "Repeat"
  readonly node: Node
  readonly least: number
  readonly most: number
  readonly isGreedy: boolean
  /** The groups inside: each round forgets them. */
  readonly groups: readonly [from: number, to: number]
}
interface Look {
  readonly _tag: "Look"
  readonly node: Node
  readonly isBehind: boolean
  readonly isNegative: boolean
}
interface Edge {
  readonly _tag: "Edge"
  readonly kind: "^" | "$" | "b" | "B"
}
interface Reference {
  readonly _tag: "Reference"
  readonly index: number
}
type Node = Piece | Sequence | Choice | Group | Repeat | Look | Edge | Reference

// --- Reading an expression ---

/** Asks a question about characters once for each of them. */
const remembered = (ask: (code: number) => boolean): (code: number) => boolean => {
  const known = new Int8Array(128)
  const others = new Map<number, boolean>()
  return (code) => {
    if (code < 128) {
      if (known[code] === 0) known[code] = ask(code) ? 1 : 2
      return known[code] === 1
    }
    const answer = others.get(code) ?? ask(code)
    others.set(code, answer)
    return answer
  }
}

const pieces = new Map<string, Piece>()

/** Whether a character is one of a set, as the engine says. */
const pieceOf = (source: string, flags: string): Piece => {
  const key = `${flags}/${source}`
  const known = pieces.get(key)
  if (known !== undefined) return known
  const one = new RegExp(`^(?:${source})$`, flags.replace(/[^ius]/g, ""))
  const made: Piece = { _tag: "Piece", matches: remembered((code) => one.test(String.fromCodePoint(code))) }
  pieces.set(key, made)
  return made
}

class Reader {
  readonly #source: string
  readonly #flags: string
  #at = 0
  groups = 0

  constructor(source: string, flags: string) {
    this.#source = source
    this.#flags = flags
  }

  choice(): Node {
    const nodes = [this.#sequence()]
    while (this.#takes("|")) nodes.push(this.#sequence())
    return nodes.length === 1 ? nodes[0]! : { _tag: "Choice", nodes }
  }

  #takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #sequence(): Node {
    const nodes: Array<Node> = []
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]!)) nodes.push(this.#term())
    return { _tag: "Sequence", nodes }
  }

  #term(): Node {
    const before = this.groups
    const node = this.#atom()
    const found = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})(\??)/.exec(this.#source.slice(this.#at, this.#at + 24))
    if (found === null) return node
    this.#at += found[0].length
    const [text, least, comma, most, lazy] = found
    const [from, to] = least === undefined
      ? [text.startsWith("+") ? 1 : 0, text.startsWith("?") ? 1 : Infinity]
      : [Number(least), comma === "" ? Number(least) : most === "" ? Infinity : Number(most)]
    return { _tag: "Repeat", node, least: from, most: to, isGreedy: lazy === "", groups: [before + 1, this.groups] }
  }

  #inside(node: () => Node): Node {
    const found = node()
    this.#at++
    return found
  }

  #atom(): Node {
    if (this.#takes("(?:")) return this.#inside(() => this.choice())
    for (const [mark, isBehind, isNegative] of looks) {
      if (this.#takes(mark)) return { _tag: "Look", node: this.#inside(() => this.choice()), isBehind, isNegative }
    }
    if (this.#takes("(")) {
      const index = ++this.groups
      return { _tag: "Group", index, node: this.#inside(() => this.choice()) }
    }
    if (this.#takes("^")) return { _tag: "Edge", kind: "^" }
    if (this.#takes("$")) return { _tag: "Edge", kind: "$" }
    if (this.#takes("\\b")) return { _tag: "Edge", kind: "b" }
    if (this.#takes("\\B")) return { _tag: "Edge", kind: "B" }
    const rest = this.#source.slice(this.#at)
    const reference = /^\\([1-9])/.exec(rest)
    if (reference !== null) {
      this.#at += 2
      return { _tag: "Reference", index: Number(reference[1]) }
    }
    const text = piece.exec(rest)![0]
    this.#at += text.length
    return pieceOf(text, this.#flags)
  }
}

const looks = [["(?=", false, false], ["(?!", false, true], ["(?<=", true, false], ["(?<!", true, true]] as const

/** A set, an escaped character, or one that stands for itself. */
const piece =
  /^(?:\[(?:[^\]\\]|\\[^])*\]|\\(?:u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|[pP]\{[^}]*\}|c[A-Za-z]|[^])|[^])/u

// --- Compiling it ---

type Operation =
  | { readonly _tag: "Match" }
  | { readonly _tag: "Piece"; readonly matches: (code: number) => boolean; readonly back: boolean }
  | {
    readonly _tag: "Run"
    readonly matches: (code: number) => boolean
    readonly back: boolean
    readonly least: number
    readonly most: number
  }
  /** Goes on with the next operation, and after a failure, or where that one cannot begin, with another one. */
  | { readonly _tag: "Try"; otherwise: number; readonly canBegin: ((code: number) => boolean) | undefined }
  | { readonly _tag: "Jump"; to: number }
  | { readonly _tag: "Save"; readonly register: number }
  | { readonly _tag: "Forget"; readonly from: number; readonly to: number }
  | { readonly _tag: "Moved"; readonly register: number }
  | { readonly _tag: "Look"; readonly start: number; next: number; readonly isNegative: boolean }
  | { readonly _tag: "Edge"; readonly kind: Edge["kind"] }
  | { readonly _tag: "Reference"; readonly index: number; readonly back: boolean }

class Compiler {
  readonly operations: Array<Operation> = []
  registers: number

  constructor(groups: number) {
    this.registers = 2 * (groups + 1)
  }

  #add<O extends Operation>(operation: O): O {
    this.operations.push(operation)
    return operation
  }

  node(node: Node, back: boolean): void {
    switch (node._tag) {
      case "Piece":
        return void this.#add({ _tag: "Piece", matches: node.matches, back })
      case "Sequence":
        for (const one of back ? node.nodes.toReversed() : node.nodes) this.node(one, back)
        return
      case "Choice":
        return this.#choice(node.nodes, back)
      case "Group": {
        const [first, last] = back ? [1, 0] : [0, 1]
        this.#add({ _tag: "Save", register: 2 * node.index + first })
        this.node(node.node, back)
        return void this.#add({ _tag: "Save", register: 2 * node.index + last })
      }
      case "Repeat":
        return this.#repeat(node, back)
      case "Look": {
        const look = this.#add({
          _tag: "Look" as const,
          start: this.operations.length + 1,
          next: 0,
          isNegative: node.isNegative
        })
        this.node(node.node, node.isBehind)
        this.#add({ _tag: "Match" })
        look.next = this.operations.length
        return
      }
      case "Edge":
        return void this.#add({ _tag: "Edge", kind: node.kind })
      case "Reference":
        return void this.#add({ _tag: "Reference", index: node.index, back })
    }
  }

  #choice(nodes: ReadonlyArray<Node>, back: boolean): void {
    const ends: Array<{ to: number }> = []
    for (const [index, one] of nodes.entries()) {
      const isLast = index === nodes.length - 1
      const first = back ? undefined : beginnings(one)
      const canBegin = first === undefined ? undefined : firstOf(first)
      const attempt = isLast ? undefined : this.#add({ _tag: "Try" as const, otherwise: 0, canBegin })
      this.node(one, back)
      if (attempt === undefined) continue
      ends.push(this.#add({ _tag: "Jump" as const, to: 0 }))
      attempt.otherwise = this.operations.length
    }
    for (const end of ends) end.to = this.operations.length
  }

  #repeat({ groups: [from, to], isGreedy, least, most, node }: Repeat, back: boolean): void {
    if (node._tag === "Piece" && isGreedy) {
      return void this.#add({ _tag: "Run", matches: node.matches, back, least, most })
    }
    const once = () => {
      if (from <= to) this.#add({ _tag: "Forget", from: 2 * from, to: 2 * to + 1 })
      this.node(node, back)
    }
    for (let index = 0; index < least; index++) once()
    const ends: Array<(place: number) => void> = []
    /** A round that may be left out. */
    const round = () => {
      if (isGreedy) {
        const attempt = this.#add({ _tag: "Try" as const, otherwise: 0, canBegin: undefined })
        ends.push((place) => void (attempt.otherwise = place))
      } else {
        const attempt = this.#add({ _tag: "Try" as const, otherwise: 0, canBegin: undefined })
        const end = this.#add({ _tag: "Jump" as const, to: 0 })
        ends.push((place) => void (end.to = place))
        attempt.otherwise = this.operations.length
      }
      const register = this.registers++
      this.#add({ _tag: "Save", register })
      once()
      this.#add({ _tag: "Moved", register })
    }
    if (most === Infinity) {
      const start = this.operations.length
      round()
      this.#add({ _tag: "Jump", to: start })
    } else for (let index = least; index < most; index++) round()
    for (const end of ends) end(this.operations.length)
  }
}

/** The pieces that a match can begin with; `undefined` if it can begin with anything. */
const beginnings = (node: Node): ReadonlyArray<Piece> | undefined => {
  const { isEmpty, pieces } = beginningsOf(node)
  return isEmpty ? undefined : pieces
}

interface Beginnings {
  readonly isEmpty: boolean
  readonly pieces: ReadonlyArray<Piece> | undefined
}

const beginningsOf = (node: Node): Beginnings => {
  switch (node._tag) {
    case "Piece":
      return { isEmpty: false, pieces: [node] }
    case "Group":
      return beginningsOf(node.node)
    case "Repeat": {
      const inner = beginningsOf(node.node)
      return { isEmpty: inner.isEmpty || node.least === 0, pieces: inner.pieces }
    }
    case "Look":
    case "Edge":
      return { isEmpty: true, pieces: [] }
    case "Reference":
      return { isEmpty: true, pieces: undefined }
    case "Choice": {
      const inner = node.nodes.map(beginningsOf)
      return { isEmpty: inner.some(({ isEmpty }) => isEmpty), pieces: union(inner) }
    }
    case "Sequence": {
      const inner: Array<Beginnings> = []
      for (const one of node.nodes) {
        inner.push(beginningsOf(one))
        if (!inner.at(-1)!.isEmpty) return { isEmpty: false, pieces: union(inner) }
      }
      return { isEmpty: true, pieces: union(inner) }
    }
  }
}

const union = (all: ReadonlyArray<Beginnings>): ReadonlyArray<Piece> | undefined =>
  all.every(({ pieces }) => pieces !== undefined) ? all.flatMap(({ pieces }) => pieces ?? []) : undefined

// --- Running it ---

/** A match, or none, and the characters that were looked at. */
export interface Result {
  /** Start and end of the match and of its groups, -1 for a group that took no part. */
  readonly places: ReadonlyArray<number> | undefined
  readonly steps: number
}

/** Finds the first match at the place or behind it, or only at the place. */
export type Expression = (text: Uint16Array, from: number, isSticky: boolean) => Result

export const compile = (source: string, flags: string): Expression => {
  const reader = new Reader(source, flags)
  const node = reader.choice()
  const compiler = new Compiler(reader.groups)
  compiler.node(node, false)
  const operations: ReadonlyArray<Operation> = [...compiler.operations, { _tag: "Match" }]
  const isUnicode = flags.includes("u")
  const isMultiline = flags.includes("m")
  const ignoresCase = flags.includes("i")
  const first = beginnings(node)
  const canBegin = first === undefined ? undefined : firstOf(first)
  const places = new Int32Array(compiler.registers)
  /** Three numbers a time: where to go on, or which register to set back, with its value; a place; the last place. */
  const stack: Array<number> = []
  let steps = 0

  const isPair = (text: Uint16Array, at: number): boolean =>
    isUnicode && at >= 0 && at + 1 < text.length && (text[at]! & 0xfc00) === 0xd800 &&
    (text[at + 1]! & 0xfc00) === 0xdc00
  const codeAt = (text: Uint16Array, at: number): number =>
    isPair(text, at) ? ((text[at]! - 0xd800) << 10) + (text[at + 1]! - 0xdc00) + 0x10000 : text[at]!
  /** The place behind a piece, or -1. */
  const past = (text: Uint16Array, at: number, matches: (code: number) => boolean, back: boolean): number => {
    steps++
    if (back) {
      if (at === 0) return -1
      const start = isPair(text, at - 2) ? at - 2 : at - 1
      return matches(codeAt(text, start)) ? start : -1
    }
    if (at >= text.length || !matches(codeAt(text, at))) return -1
    return at + (isPair(text, at) ? 2 : 1)
  }
  const set = (register: number, value: number) => {
    stack.push(-1 - register, places[register]!, 0)
    places[register] = value
  }
  const isWordAt = (text: Uint16Array, at: number) => at >= 0 && at < text.length && wordCharacter(text[at]!)
  const isEdge = (text: Uint16Array, at: number, kind: Edge["kind"]): boolean => {
    steps++
    if (kind === "^") return at === 0 || (isMultiline && isLineEnd(text[at - 1]!))
    if (kind === "$") return at === text.length || (isMultiline && isLineEnd(text[at]!))
    return (isWordAt(text, at - 1) !== isWordAt(text, at)) === (kind === "b")
  }
  const fold = (code: number) => ignoresCase ? String.fromCharCode(code).toUpperCase().charCodeAt(0) : code
  const pastReference = (text: Uint16Array, at: number, index: number, back: boolean): number => {
    const [from, to] = [places[2 * index]!, places[2 * index + 1]!]
    if (from < 0 || to < 0) return at
    const start = back ? at - (to - from) : at
    if (start < 0 || start + to - from > text.length) return -1
    for (let index = 0; index < to - from; index++) {
      steps++
      if (fold(text[from + index]!) !== fold(text[start + index]!)) return -1
    }
    return back ? start : start + to - from
  }

  /** Runs from an operation to a `Match`. Gives the place there, or -1. */
  const run = (text: Uint16Array, start: number, from: number): number => {
    const floor = stack.length
    let operation = start
    let at = from
    const matched = (place: number): number => {
      // What was saved stays, and a way back across this match must set it back.
      let kept = floor
      for (let index = floor; index < stack.length; index += 3) {
        if (stack[index]! >= 0) continue
        for (let part = 0; part < 3; part++) stack[kept + part] = stack[index + part]!
        kept += 3
      }
      stack.length = kept
      return place
    }
    for (;;) {
      const current = operations[operation]!
      let next = at
      operation++
      switch (current._tag) {
        case "Match":
          return matched(at)
        case "Piece":
          next = past(text, at, current.matches, current.back)
          break
        case "Run": {
          let count = 0
          let least = current.least === 0 ? at : -1
          for (let end = at; end >= 0 && count < current.most;) {
            end = past(text, end, current.matches, current.back)
            if (end < 0) break
            next = end
            if (++count === current.least) least = end
          }
          if (count < current.least) next = -1
          else if (next !== least) stack.push(operation, stepBack(text, next, current.back), least)
          break
        }
        case "Try":
          if (current.canBegin !== undefined) {
            steps++
            if (at >= text.length || !current.canBegin(codeAt(text, at))) {
              operation = current.otherwise
              break
            }
          }
          stack.push(current.otherwise, at, at)
          break
        case "Jump":
          operation = current.to
          break
        case "Save":
          set(current.register, at)
          break
        case "Forget":
          for (let register = current.from; register <= current.to; register++) set(register, -1)
          break
        case "Moved":
          if (places[current.register] === at) next = -1
          break
        case "Look": {
          const depth = stack.length
          const found = run(text, current.start, at)
          if (current.isNegative) restore(depth)
          next = (found >= 0) === current.isNegative ? -1 : at
          operation = current.next
          break
        }
        case "Edge":
          if (!isEdge(text, at, current.kind)) next = -1
          break
        case "Reference":
          next = pastReference(text, at, current.index, current.back)
          break
      }
      if (next >= 0) {
        at = next
        continue
      }
      for (;;) {
        if (stack.length === floor) return -1
        const last = stack.pop()!
        const place = stack.pop()!
        const target = stack.pop()!
        if (target < 0) {
          places[-1 - target] = place
          continue
        }
        // A run of pieces gives them back one by one.
        if (place !== last) stack.push(target, stepBack(text, place, place < last), last)
        operation = target
        at = place
        break
      }
    }
  }
  /** The place one piece before the end of a run. */
  const stepBack = (text: Uint16Array, at: number, isRunBack: boolean): number =>
    isRunBack ? at + (isPair(text, at) ? 2 : 1) : at - (isPair(text, at - 2) ? 2 : 1)
  const restore = (depth: number) => {
    while (stack.length > depth) {
      stack.pop()
      const value = stack.pop()!
      const target = stack.pop()!
      if (target < 0) places[-1 - target] = value
    }
  }

  return (text, from, isSticky) => {
    steps = 0
    // An attempt that fails sets back what it has saved.
    places.fill(-1)
    for (let at = from; at <= text.length; at += isPair(text, at) ? 2 : 1) {
      if (canBegin === undefined || (at < text.length && canBegin(codeAt(text, at)))) {
        stack.length = 0
        const end = run(text, 0, at)
        if (end >= 0) return { places: [at, end, ...places.subarray(2, 2 * (reader.groups + 1))], steps }
      } else steps++
      if (isSticky) break
    }
    return { places: undefined, steps }
  }
}

const isLineEnd = (code: number): boolean => code === 10 || code === 13 || code === 0x2028 || code === 0x2029

const wordCharacter = pieceOf("\\w", "").matches

/** Whether a character is one of several pieces. */
const firstOf = (pieces: ReadonlyArray<Piece>): (code: number) => boolean =>
  remembered((code) => pieces.some(({ matches }) => matches(code)))
