/**
 * Finds keys that have a secret's word in them but name no secret.
 */

const setOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Words before `key` that make it no secret: such a key finds, orders, groups or names something. */
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

/** The same if no other word comes first: `storage_key` is a place, `AZURE_STORAGE_KEY` is a secret. */
const namingKeysAlone = setOf("asset blob bucket config configuration event feature image queue search storage")

/** Words that turn the word beside them into a quantity or a kind: `max_tokens`, `email_count`, `token_type`. */
const quantitiesBefore = setOf("average avg max maximum min minimum num total")
const quantitiesBehind = setOf("budget count counts length limit limits quota size total totals type usage")

/** Words of a key about the tokens that a language model counts, at any place in the key. */
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

/** Whether other words say that the key is about the number or kind of the secret named from `from` to `to`. */
export const isMeasured = (words: ReadonlyArray<string>, from: number, to: number): boolean =>
  quantitiesBefore.has(words[from - 1] ?? "") || quantitiesBehind.has(words[to + 1] ?? "") ||
  (words[to] === "tokens" && words.some((word) => countedTokens.has(word)))

/** Beginnings of keys that ask a question or give a permission. */
const questions = setOf("is has have can should needs require requires allow allows enable disable supports show hide")

/** Words for a time, a switch or a form of text, at any place in the key. */
const circumstances = setOf("disabled enabled expired expires expiration expiry lifetime template ttl")

/** What a key is about whose last word is one of them: it says something of a secret, and is none. */
const aboutWords = setOf(`
  absent accepted active age alg algorithm allowed at attempt attempts authority batch bean bucket builder cache
  changed check checked class cleared column component config configuration count counts configured controller created creation date days deleted deletion
  delivered destination dir directory disabled domain decoder duration empty enabled encoder endpoint entity enum error errors event
  events exception expected expire expired expires expiration expiry exp factory failed failure failures fault
  field file filename filter fingerprint flow folder format found generator granted group handler helper host hours id
  index interceptor interval invalid issued issuer job kind label last4 length lifetime limit loader location loaded
  locked manager max middleware min minutes mismatch missing mode model module ms name names nullable opened order page
  parser path pattern permission permissions placeholder plugin policies policy port position prefix present processor
  property provider providers queue reader ready ref reference refreshed regex rejected removed repository required
  requirements resolver result retries retry revoked role roles rotated rotation rotations rounds rule rules schema
  scheme scope scopes score screen second seconds selector sender sent serial server service set settings source stdin stale state
  status store strategy strength subject subscribed suffix supported table target task template test thumbprint time
  timeout timestamp title topic ttl unchanged unverified updated updater uri url used util utils valid validated
  validation validator validity verified verifier version visible volume warning width worker writer
`)

/** The id of one of these is a secret or a name for a person. */
const tellingIds = setOf("access email key mail secret session")

const fileName =
  /\.(?:[cm]?[jt]sx?|py|go|rb|rs|java|kt|cs|cpp|php|sh|sql|md|txt|log|json|ya?ml|toml|xml|html?|s?css|vue|svelte|pem|crt|cer|csr|p12|pfx|jks|conf|cfg|ini|properties|lock|gpg|enc|service|socket|timer)$/i

/** Whether a key, whose last word but numbers is at `last`, says something about a secret and holds none. */
export const isAbout = (key: string, words: ReadonlyArray<string>, last: number): boolean => {
  const word = words[last] as string
  if (questions.has(words[0] as string) && last > 0) return true
  if (word === "id") return last > 0 && !tellingIds.has((words[last - 1] as string).replace(/s$/, ""))
  if (word === "encryption") return last > 0
  return aboutWords.has(word) || words.some((word) => circumstances.has(word)) || fileName.test(key)
}

const passes = setOf(
  "boarding by first second third final single multi low high band render compiler lvm test tests two"
)

/** Whether a `pass` behind this word is no password. */
export const isPassing = (before: string | undefined): boolean => before !== undefined && passes.has(before)
