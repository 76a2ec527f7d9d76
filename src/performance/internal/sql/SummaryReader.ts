/**
 * Reads the operations of a SQL text and their targets, in the order of the text.
 *
 * One pass over the tokens, with a stack of parentheses. It follows no grammar: it knows the words that open statements
 * and the words that announce a target. Every text gives a result.
 */
import { Kind, Sign, type SqlDialect, SqlTokens } from "./SqlTokens.ts"
import * as Words from "./sqlWords.ts"

/** The most characters of a summary, as OpenTelemetry has it. */
const longestSummary = 255

/** The most parentheses in each other that are told apart. */
const deepest = 200

/** What a name is, that comes next. */
type Expected = keyof typeof Words.beforeTarget | "call" | "cte" | "object" | "deleted"

/** A statement, or what stands between two parentheses. */
interface Frame {
  opening: Words.Opening | undefined
  /** Whether no token was read yet, or only such as may stand before a statement. */
  atStart: boolean
  /** Whether statements that write may open this frame: at the outside, and in `WITH`. */
  mayWrite: boolean
  expected: Expected | undefined
  /** Whether a comma goes on to another target of the same kind. */
  list: Expected | undefined
}

const outermost = (): Frame => ({
  opening: undefined,
  atStart: true,
  mayWrite: true,
  expected: undefined,
  list: undefined
})

/** What a SQL text does. */
export interface Operations {
  readonly summary: string
  readonly operations: ReadonlyArray<string>
  readonly collections: ReadonlyArray<string>
  readonly procedure: string | undefined
}

export class SummaryReader {
  readonly #tokens: SqlTokens
  readonly #operations: Array<string> = []
  readonly #collections: Array<string> = []
  readonly #commonTables = new Set<string>()
  readonly #outer: Array<Frame> = []
  #frame = outermost()
  /** Parentheses that are open beyond the deepest. */
  #deeper = 0
  #summary = ""
  #procedure: string | undefined
  #isFull = false
  /** The kind of object that is defined. */
  #object = ""
  /** The last two words, in upper case. */
  #previous = ""
  #beforePrevious = ""
  /** A target of `DELETE` that may turn out to be an alias. */
  #deleted: string | undefined

  constructor(sql: string, dialect: SqlDialect) {
    this.#tokens = new SqlTokens(sql, dialect)
  }

  read(): Operations {
    const tokens = this.#tokens
    let kind = tokens.next()
    while (kind !== Kind.end && !this.#isFull) {
      if (kind === Kind.comment) {
        kind = tokens.next()
        continue
      }
      if (this.#deleted !== undefined) this.#settleDeleted(kind)
      const wantsName = this.#frame.expected !== undefined && this.#isName(kind)
      if (wantsName && !this.#isPassed(kind)) kind = this.#name()
      else {
        if (kind === Kind.sign) this.#sign(tokens.sign)
        else if (kind === Kind.word && !wantsName) this.#word(tokens)
        else if (kind !== Kind.word) this.#frame.atStart = false
        kind = tokens.next()
      }
    }
    if (this.#deleted !== undefined) this.#settleDeleted(Kind.end)
    return {
      summary: this.#summary,
      operations: this.#operations,
      collections: this.#collections,
      procedure: this.#procedure
    }
  }

  // --- Results ---

  #append(part: string): boolean {
    if (this.#isFull) return false
    const next = this.#summary === "" ? part : `${this.#summary} ${part}`
    if (next.length > longestSummary) {
      this.#isFull = true
      return false
    }
    this.#summary = next
    return true
  }

  #operation(name: string): void {
    if (this.#append(name)) this.#operations.push(name)
  }

  #collection(name: string): void {
    if (this.#commonTables.size > 0 && this.#commonTables.has(name.toLowerCase())) return
    if (this.#append(name)) this.#collections.push(name)
  }

  // --- Signs ---

  #sign(sign: number): void {
    const frame = this.#frame
    if (sign === Sign.open) return this.#open()
    if (sign === Sign.close) return this.#close()
    if (sign === Sign.semicolon) return this.#nextStatement()
    if (sign === Sign.comma) {
      frame.expected = frame.list
      return
    }
    if (sign !== Sign.openBrace) frame.atStart = false
    // `EXEC @result = procedure` still waits for the procedure.
    if (frame.expected !== "call" || sign !== Sign.equals) frame.expected = undefined
  }

  #open(): void {
    const frame = this.#frame
    if (this.#outer.length >= deepest) {
      this.#deeper++
      return
    }
    const isSource = frame.expected === "from"
    // `FROM (a JOIN b …)` has targets in parentheses, `UPDATE TOP (3) a` a target after them.
    if (frame.expected !== undefined && this.#previous !== "TOP") frame.expected = undefined
    this.#outer.push(frame)
    this.#frame = {
      opening: isSource ? "select" : undefined,
      atStart: true,
      mayWrite: frame.opening === "with",
      expected: isSource ? "from" : undefined,
      list: isSource ? "from" : undefined
    }
    if (frame.opening !== "explain" && frame.opening !== "with") frame.atStart = false
  }

  #close(): void {
    if (this.#deeper > 0) {
      this.#deeper--
      return
    }
    const outer = this.#outer.pop()
    if (outer !== undefined) this.#frame = outer
  }

  #nextStatement(): void {
    this.#outer.length = 0
    this.#deeper = 0
    this.#commonTables.clear()
    this.#frame = outermost()
  }

  // --- Words ---

  #word(tokens: SqlTokens): void {
    const length = tokens.end - tokens.start
    const word = length > Words.longestWord || length < Words.shortestWord ? "" : tokens.text.toUpperCase()
    const frame = this.#frame
    const opening = this.#openingOf(word, frame)
    if (opening !== undefined) this.#begin(opening, word, frame)
    else if (frame.opening !== undefined && frame.opening !== "plain") this.#clause(word, frame)
    if (opening === undefined && frame.opening !== "explain" && frame.opening !== "with") frame.atStart = false
    this.#beforePrevious = this.#previous
    this.#previous = word
  }

  #openingOf(word: string, frame: Frame): Words.Opening | undefined {
    const opening = Words.openings.get(word)
    if (opening === undefined || frame.opening === "plain" || frame.opening === "define") return undefined
    if (opening === "select" || (opening === "with" && frame.opening === "insert")) return opening
    if (!frame.atStart) return undefined
    if (frame.mayWrite && this.#outer.length === 0) {
      // After `EXPLAIN` and after the tables of a `WITH`, the statement itself follows.
      return frame.opening === undefined || Words.writing.has(word) || opening === "with" ? opening : undefined
    }
    return opening === "with" || (frame.mayWrite && Words.writing.has(word)) ? opening : undefined
  }

  #begin(opening: Words.Opening, word: string, frame: Frame): void {
    frame.opening = opening
    frame.list = undefined
    frame.expected = undefined
    frame.atStart = opening === "with" || opening === "explain"
    if (opening === "with") {
      frame.expected = "cte"
      return
    }
    if (opening !== "define") this.#operation(this.#tokens.text)
    if (opening === "insert" || opening === "merge") frame.expected = "write"
    else if (opening === "update") frame.expected = frame.list = "write"
    else if (opening === "delete") frame.expected = "deleted"
    else if (opening === "call") frame.expected = "call"
    else if (opening === "define") {
      this.#object = this.#tokens.text
      frame.expected = "object"
    } else if (opening === "maintain") {
      frame.expected = "maintain"
      if (word !== "COPY") frame.list = "maintain"
    }
  }

  /** A word inside of a statement that may announce targets. */
  #clause(word: string, frame: Frame): void {
    const { opening } = frame
    if (Words.endOfSources.has(word)) {
      frame.list = undefined
      frame.expected = undefined
    } else if (word === "FROM") {
      const compares = this.#previous === "DISTINCT" &&
        (this.#beforePrevious === "IS" || this.#beforePrevious === "NOT")
      if (!compares && (opening === "select" || opening === "delete" || opening === "update")) {
        frame.expected = frame.list = "from"
      }
    } else if (word === "JOIN" || word === "STRAIGHT_JOIN" || word === "APPLY") {
      frame.expected = frame.list = "from"
    } else if (word === "USING") {
      if (opening === "merge" || opening === "delete") frame.expected = frame.list = "from"
    } else if (word === "INTO" && opening === "select") frame.expected = "write"
    else frame.expected = undefined
  }

  // --- Names ---

  #isName(kind: Kind): boolean {
    if (kind === Kind.word || kind === Kind.name) return true
    // Some databases take a text for the name of a table. In PostgreSQL it never is one.
    return kind === Kind.text && this.#frame.expected === "from" && this.#tokens.text.startsWith("'")
  }

  /** Reads words that may stand between the announcement and the name. Gives whether the token is one. */
  #isPassed(kind: Kind): boolean {
    if (kind !== Kind.word) return false
    const tokens = this.#tokens
    const frame = this.#frame
    const word = tokens.end - tokens.start > Words.longestWord ? "" : tokens.text.toUpperCase()
    const isPassed = this.#passes(word, frame)
    if (!isPassed) return false
    this.#beforePrevious = this.#previous
    this.#previous = word
    return true
  }

  #passes(word: string, frame: Frame): boolean {
    switch (frame.expected) {
      case "cte":
        return word === "RECURSIVE" || this.#startsMain(word)
      case "object":
        return this.#readsObject(word, frame)
      case "call":
        return word === "IMMEDIATE"
      case "from":
        return Words.beforeTarget.from.has(word) || this.#startsQuery(word, frame)
      case "deleted":
        if (word === "FROM") {
          frame.expected = "from"
          frame.list = "from"
          return true
        }
        return Words.beforeTarget.write.has(word)
      case "write":
        // `INSERT OR REPLACE INTO`: the word after `OR` is no target either.
        return Words.beforeTarget.write.has(word) || word === "OR" || this.#previous === "OR"
      case "define":
      case "maintain":
        if (frame.expected === "define" && word === "ON") {
          this.#endDefinition(frame)
          return true
        }
        return Words.beforeTarget[frame.expected].has(word)
      default:
        return false
    }
  }

  /** `FROM (SELECT …` and `FROM (VALUES …` have a query where a target could be. */
  #startsQuery(word: string, frame: Frame): boolean {
    if (!frame.atStart || this.#outer.length === 0) return false
    if (word === "SELECT" || word === "WITH") {
      this.#begin(word === "SELECT" ? "select" : "with", word, frame)
      return true
    }
    if (word !== "VALUES") return false
    frame.expected = frame.list = undefined
    return true
  }

  #startsMain(word: string): boolean {
    const frame = this.#frame
    const opening = Words.openings.get(word)
    if (opening !== "select" && !Words.writing.has(word)) return false
    if (this.#previous === "WITH" || this.#previous === "RECURSIVE") return false
    this.#begin(opening as Words.Opening, word, frame)
    return true
  }

  /** Reads `OR REPLACE UNIQUE … INDEX`: modifiers, then the kind of the object. */
  #readsObject(word: string, frame: Frame): boolean {
    if (!Words.objects.has(word)) return true
    const { text } = this.#tokens
    this.#operation(`${this.#object} ${text}`)
    this.#object = word
    frame.expected = "define"
    return true
  }

  #endDefinition(frame: Frame): void {
    frame.opening = "plain"
    frame.expected = undefined
    if (Words.withBodies.has(this.#object)) this.#isFull = true
  }

  /** Reads a name with its qualifiers. Gives the token after it. */
  #name(): Kind {
    const tokens = this.#tokens
    const frame = this.#frame
    const mayHaveQualifiers = tokens.kind !== Kind.text
    const from = tokens.start
    let to = tokens.end
    if (frame.expected !== "cte") frame.atStart = false
    let kind = tokens.next()
    while (kind === Kind.sign && tokens.sign === Sign.dot) {
      kind = tokens.next()
      if (kind === Kind.sign && tokens.sign === Sign.dot) continue
      if (!mayHaveQualifiers || (kind !== Kind.word && kind !== Kind.name)) break
      to = tokens.end
      kind = tokens.next()
    }
    const name = tokens.sql.slice(from, Math.min(to, from + longestSummary + 1))
    const isCall = kind === Kind.sign && tokens.sign === Sign.open
    this.#target(name, isCall, frame)
    this.#beforePrevious = this.#previous = ""
    return kind
  }

  #target(name: string, isCall: boolean, frame: Frame): void {
    const { expected } = frame
    frame.expected = undefined
    switch (expected) {
      case "cte":
        this.#commonTables.add(unquoted(name).toLowerCase())
        frame.list = "cte"
        return
      case "from":
        // A function gives rows, too, but it is no collection.
        if (!isCall) this.#collection(name)
        return
      case "deleted":
        this.#deleted = name
        frame.list = "deleted"
        return
      case "call":
        if (this.#append(name)) this.#procedure = name
        frame.opening = "plain"
        return
      case "define":
        if (Words.collections.has(this.#object)) this.#collection(name)
        else this.#append(name)
        this.#endDefinition(frame)
        return
      default:
        this.#collection(name)
    }
  }

  /** `DELETE a FROM orders a` deletes from the table that `FROM` names, `DELETE orders WHERE` from the first name. */
  #settleDeleted(kind: Kind): void {
    const tokens = this.#tokens
    const isAlias = (kind === Kind.sign && tokens.sign === Sign.comma) ||
      (kind === Kind.word && tokens.end - tokens.start === 4 && tokens.text.toUpperCase() === "FROM")
    const name = this.#deleted!
    this.#deleted = undefined
    if (!isAlias) this.#collection(name)
  }
}

const unquoted = (name: string): string => {
  const first = name[0]
  return first === "\"" || first === "`" || first === "[" ? name.slice(1, -1) : name
}
