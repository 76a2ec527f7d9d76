/**
 * Keys that have the word for a secret in them and yet name none.
 *
 * @internal
 */

const setOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** What a `key` may be that opens nothing: it finds, orders, groups or names something. */
const namingKeys = setOf(`
  aggregate aggregation allowed alternate array arrow attribute bound business by cache caching candidate clustering
  column common composite compound concurrency conflict continuation correlation dedup dedupe deduplication dictionary
  dimension distribution document duplicate end entity entry evaluated expected extra field first flag foreign group
  grouping header hot i18n idempotence idempotency index issue item job join json kafka label last limit limiter
  locale lock lookup map match merge message metadata metric missing modifier natural next object of option ordering
  parameter param parent partition partitioning performance primary property public publishable query range react
  record required resource root route routing row s3 setting shard sharding sort sorting start state step string
  surrogate tag task theme throttle translation unexpected unique unrecognized alt ctrl meta shift
`)

/** The same where nothing stands before it: `storage_key` says where something is, `AZURE_STORAGE_KEY` opens it. */
const namingKeysAlone = setOf("asset blob bucket config configuration event feature image queue search storage")

/** Quantities of whatever comes before or behind: `max_tokens`, `email_count`, `token_type`. */
const quantitiesBefore = setOf("average avg max maximum min minimum num total")
const quantitiesBehind = setOf("budget count counts length limit limits quota size total totals type usage")

/** What goes with the tokens that a language model counts, wherever in the key. */
const countedTokens = setOf(`
  audio average avg billed budget cache cached candidates completion context count estimated image input left limit max
  maximum min minimum n num number output per prediction prompt quota rate ratelimit reasoning remaining text thinking
  thoughts total usage used video
`)

/** Whether a key whose last word is `key` names something; `before` are the words before that. */
export const isNameOfKey = (before: ReadonlyArray<string>): boolean => {
  const word = before.at(-1) as string
  return namingKeys.has(word) || quantitiesBefore.has(word) ||
    (before.length === 1 && namingKeysAlone.has(word))
}

/** Whether the words from `from` to `to`, which name a secret, are there to say how much or what kind of it there is. */
export const isMeasured = (words: ReadonlyArray<string>, from: number, to: number): boolean =>
  quantitiesBefore.has(words[from - 1] ?? "") || quantitiesBehind.has(words[to + 1] ?? "") ||
  (words[to] === "tokens" && words.some((word) => countedTokens.has(word)))
