/**
 * Finds values that cannot be secrets although their keys name one: a switch, a date, a quantity, a path, a message.
 */
import { readOr } from "../../internal/guard.ts"
import type { Sensitivity } from "./sensitiveKeys.ts"

const setOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Characters of the longest such text. */
const longest = 256
const deepest = 3
const mostMembers = 32
const fewestOpaque = 8

/** A state rather than a value. */
const states = setOf(`
  true false null nil none undefined void unknown n/a na on off yes no ok optional required missing invalid valid expired
  revoked present absent empty blank unset set unchanged enabled disabled denied allowed failed success successful
 include same-origin omit rejected accepted verified unverified
`)

/** Names of types in the languages in wide use. */
const types =
  /^(?:(?:readonly|const|mut|dyn|keyof|typeof)\s+|[&*?]|\[\])*(?:string|str|int|integer|number|bool|boolean|float|double|any|unknown|void|never|object|bytes?|buffer|char|charsequence|text|varchar|nvarchar|uuid|jsonb?|blob|bytea|timestamp(?:tz)?|u?int(?:8|16|32|64)(?:array)?|securestring|secretstr|secretstring|redacted|opaque)(?:\.[A-Z]\w*)?(?:[<[(][^"'`]{0,80})?[!?]?$/i

/** What holds a value of a type: `Option<String>`. */
const wrappers =
  /^(?:Option|Optional|Maybe|Array|List|Vec|Set|Map|Record|Promise|Future|Effect|Redacted|Secret|Box|Partial|Pick|Omit|Dict|Union|Schema|Config)(?:\.\w+)*(?:[<[][^"'`]{0,120})$/

const date = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}){0,2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)?$/
/** A number, with a unit of time or size. */
const quantity = /^[+-]?(?:\d+|\d{1,6}(?:[.,]\d+)?(?:ns|[uµ]s|ms|s|sec|m|min|h|d|days?|[kmg]i?b|%)?)$/i
const whole = /^[+-]?\d+n?$/
const errorClass = /^(?:[A-Za-z_$][\w$]*[.:])*[A-Z]\w*(?:Error|Exception|Fault|Failure)$/
/** A path of lower-case names, or a path below a usual root. Random texts seldom look like one. */
const path =
  /^(?:file:\/\/)?(?:~|\.{1,2}|[A-Za-z]:|\$\w+|\$\{\w+\})?(?:(?:[\\/]+[a-z][a-z0-9_.-]*){2,}|[\\/]+(?:run|var|etc|usr|opt|home|tmp|root|srv|mnt|proc|users|private|secrets|certs|workspace|app|config|vault|keys|ssl|data)(?:[\\/]+[\w@.+-]+)+|[\\/]+[\w.-]+\.(?:pem|crt|cer|key|json|ya?ml|txt|p12|jks|env|conf))[\\/]?$/
const rootOrRelative =
  /^(?:\/(?:run|var|etc|usr|opt|home|tmp|root|srv|mnt|proc|Users)\/|\.{1,2}\/|~\/|[A-Z]:\\)[\w@.+\\/-]*$/
const namedPath = /^[\w.-]+:\/(?:etc|run|var|usr|home|opt)\/[\w./-]+$/
const relativeFile =
  /^[\w-]+(?:\/[\w.-]+)*\.(?:pem|crt|cer|p12|jks|pfx|json|ya?ml|txt|[cm]?[jt]sx?|py|go|rb|java)(?::\d+){0,2}$/
const mimeType = /^(?:application|text|image|multipart)\/[\w.+-]+$/
const algorithms =
  "aes rsa sha md5 hmac ed25519 hs256 hs384 hs512 rs256 rs384 rs512 es256 es384 es512 ps256 ps384 ps512 bcrypt argon2 scrypt pbkdf2 x509 pkcs tls ssl ecdsa scram"
    .split(" ")
const algorithm = new RegExp(`^(?:${algorithms.join("|")})[\\w-]{0,24}:?$`, "i")
const masks = /^(?:[*•…]{2,}|[xX]{6,}|[[(<{](?:REDACTED|FILTERED|MASKED|HIDDEN|PROTECTED|SENSITIVE)[\])>}])$/
/** The name in a certificate. */
const distinguishedName = /^(?:CN|O|OU|C|DC)=[\w .,*=-]+$/
/** A placeholder for a value: `${NAME}`, `$1`, `%s`. */
const placeholder =
  /^(?:(?:[Bb]earer|[Bb]asic|[Tt]oken)\s+)?(?:\?+|\$\d+|@p\d+|%(?:\(\w+\))?[sdvq]|\{\w*\}|\$\{[^}:]*\}|\$\(.*\)|\$(?:env:)?[A-Z_][A-Z0-9_]*|%[A-Z_]+%|\{\{.*\}\}|\$\{\{.*\}\}|<%.*%>|#\{.*\})$/
/** A member of an object that programs usually have: `process.env.TOKEN`. */
const member =
  /^(?:await\s+)?&?(?:this|self|req|request|res|response|ctx|context|c|config|cfg|conf|options|opts|env|process\.env|import\.meta\.env|Deno\.env|Bun\.env|settings|args|argv|params|props|state|user|body|data|input|event|os\.environ|secrets|vars|github|local|var|session|account|credentials|creds|client|app|form|values|\.Values|\$_(?:POST|GET|ENV|SERVER)|\$this)(?:(?:[?!]?\.|->|::)[A-Za-z_$][\w$]*|\[["':]?[\w$.-]+["']?\])+[!?]?(?:\(\))?$/
/** A call that looks a value up: `getToken()`, `headers.get("x")`. */
const lookUp =
  /^(?:await\s+)?(?:[\w$]+[?!]?(?:\.|::|->))*(?:get\w*|header|headers|env|param|params|cookie|query|lookup|fetch|load|read\w*|prompt|require\w*|crypt)(?:\.\w+)*\((?:["'][\w.:/ -]{0,60}["']|[^"'`]*(?:'\w{1,4}'[^"'`]*)*)\)*$/i
/** A member of a request that goes on with calls. */
const requestMember = /^(?:req|request|ctx)[?!]?\.(?:headers|cookies|query|params|body)[?!]?\./
/** The attributes of a cookie, without its value. */
const cookieNames = "secure httponly samesite maxage max-age path domain signed overwrite partitioned".split(" ")
const cookieAttributes = new RegExp(
  `^(?:(?:${cookieNames.join("|")})(?:\\s?[=:]\\s?(?:true|false|lax|strict|none|\\d+|/\\S*))?[,;]?\\s*)+$`,
  "i"
)
const call =
  /^(?:await\s+|new\s+)?(?:[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[\w$]+)+\([^"'`]*\)?|[A-Za-z_$][\w$]*\(\)?|(?:get|load|read|make|create|generate|hash|sign|verify|decode|encode|encrypt|decrypt|fetch|find|parse|random|compute|build|use|require|getenv|env|str|int|len|sha|md5|bcrypt|jwt|uuid|nanoid)\w*\([^"'`]*\)?)(?:[.?!].*)?$/

/** Words of a sentence that may stand behind a colon, or behind an option. */
const commonWords = setOf(`
  a about access account across add after again against all allow allows almost also always am an and another any anyone
  anything apply are argument arguments as ask at authentication authorization await async automatic away back based be
  because been before being below between bonds both but by call can cannot can't change changed check click code command
  confirm contains copy could create creates creating current default did different directly do does doesn't don't done
  each edit either empty enter error every example expected expires export failed field file find flag follow following
  for format found from function generate generated generating get gets getting given go got had has have having header
  here how i if import in include incorrect increase input instead into invalid is isn't it it's its just keep know last
  later learn let like list load log login look lookup made make manage management manager many match maximum may meet
  might minimum missing more most must need needs never new next no nobody non-empty not nothing now of off on once one
  only open option options or order other our out over parameter path permission property child please prefer press protected provide
  provided provider put read reading received refresh refreshed remove removed renew request requests required requires
  reset response return returned returns rotate rotated run same save saved saw scan scheme see select
  sent set sets should show since size skip so some someone something start stays still stop store stored string such
  switch take text than that the their them then there these they thing this those through to today token tokens too try
  type typed typeof under unknown unless until up update via updated updates upper us use used user username uses using valid
  validate value values verify version view visit wait want was we were what when where whether which while who whose why
  will wish with without wrong yield yield* yet you your
  der die das ein eine und ist nicht mit für von zu bitte wurde wird im auf le la les un une et est pas avec pour de du
  des el los una y es no con para por il lo gli uno è non per di da o os um uma e é não com het een en niet voor van
`)

/** Words of validators' messages; a message also has a word of {@link sentence}. */
const messageWords =
  /\b(?:required|invalid|valid|match(?:es)?|characters?|blank|empty|short|long|least|most|expired|missing|allowed|incorrect|wrong|contains?|exceed|provided|present|undefined|null|revoked|denied|unsupported|weak|strong|common|taken|unique|exists?|found|configured|changed|reset|failed|format|malformed|string|number|signature|bytes|letters?|digits?|unauthorized|forbidden|rejected|verified|reused?|sent)\b/i
const sentence =
  /(?:^|\s)(?:is|are|was|were|must|should|cannot|can't|could|may|has|have|does|do|doesn't|don't|did|didn't|needs?|too|not|no|at|be|been|please|invalid|expected|unable|failed|wrong|incorrect|missing|enter|the|your|this|for|to|with|already|isn't|unknown|malformed|expired|required|wasn't)(?:\s|$)/i
const prose = /^[\p{L}\p{M}\d\s'’"“”`().,:;!?/_-]+$/u

/** Whether a text of several words is a message rather than a passphrase. */
const isMessage = (text: string): boolean =>
  /\s/.test(text) && prose.test(text) && messageWords.test(text) && sentence.test(text)

/** Whether a text looks random: long, without spaces, with letters and digits. A UUID is a name, so it is not. */
const isOpaque = (text: string): boolean =>
  text.length >= fewestOpaque && /^[\w+/=.:%~,|$-]+$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text) &&
  !/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)

const harmlessWord = new RegExp(`${errorClass.source}|${masks.source}`)

/** Secrets that other rules mask; a text with one of them is never harmless. */
const known = /A(?:KIA|SIA|GPA|IDA|ROA|BIA|CCA)[0-9A-Z]{16}|eyJ|-----BEGIN /

/** A user with a password, as clients take them for `auth`. */
const pair = /^[\w.@-]+:[^\s:/]+$/

/** The kinds of characters in a text. Most values need no expression once their kinds are known. */
const signs = { digit: 1, letter: 2, space: 4, path: 8, equals: 16, other: 32 } as const

const signOf = new Uint8Array(128).fill(signs.other)
const mark = (characters: string, sign: number) => {
  for (const character of characters) signOf[character.charCodeAt(0)] = sign
}
mark("0123456789", signs.digit)
mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", signs.letter)
mark(" \t\n\v\f\r", signs.space)
mark("\\/.", signs.path)
mark("=", signs.equals)

/** All of {@link signs} that a text has. Characters beyond ASCII may be spaces. */
const signsOf = (text: string): number => {
  let found = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    found |= code < 128 ? signOf[code] as number : signs.other | signs.space
  }
  return found
}

/** Two characters as one number, letters in either case. */
const beginning = (text: string): number => (text.charCodeAt(0) | 32) << 8 | (text.charCodeAt(1) | 32)
/** How {@link algorithm} and {@link cookieAttributes} begin. A table is faster than a set. */
const beginnings = new Uint8Array(1 << 15)
for (const word of [...algorithms, ...cookieNames]) beginnings[beginning(word)] = 1
/** Whether a text begins like one of these words. */
const mayBeTerm = (text: string): boolean => beginnings[beginning(text)] === 1
/**
 * Marks a character that {@link masks} or {@link placeholder} can begin with. A placeholder that begins with a word has
 * a space in it.
 */
const standIn = 1
/** Marks a letter that {@link errorClass} or a mask of letters can end with. */
const wordEnd = 2
const placeOf = new Uint8Array(128)
for (const character of "*[(<{?$@%#xX") placeOf[character.charCodeAt(0)] = standIn
for (const character of "rntexX") {
  placeOf[character.charCodeAt(0)] = (placeOf[character.charCodeAt(0)] as number) | wordEnd
}
const startsStandIn = (text: string): boolean => {
  const code = text.charCodeAt(0)
  return code >= 128 || ((placeOf[code] as number) & standIn) !== 0
}
const endsWord = (text: string): boolean => {
  const code = text.charCodeAt(text.length - 1)
  return code < 128 && ((placeOf[code] as number) & wordEnd) !== 0
}
const longestState = Math.max(...[...states].map((state) => state.length))

/** Whether a text, as a whole value, cannot be a secret of this kind. A bare text has no quotes in source text. */
export const isHarmlessText = (given: string, kind: Sensitivity, isBare: boolean = false): boolean => {
  if (kind === "all") return false
  if (given.length > longest) return kind === "code"
  const text = hasOuterSpace(given) ? given.trim() : given
  if (text === "") return true
  const found = signsOf(text)
  if ((found & signs.digit) === 0 && text.length <= longestState && states.has(text.toLowerCase())) return true
  if (kind === "code") return !/^\d[\d -]{2,}\d$/.test(text)
  if (kind === "opaque" && !isOpaque(text) && !(pair.test(text) && !quantity.test(text))) return true
  if (mayBeNumber(text) && quantity.test(text)) {
    return whole.test(text) ? kind === "pass" ? text.length < 4 : kind !== "any" : true
  }
  if ((found & ~(signs.digit | signs.letter)) === 0) {
    return (isBare && types.test(text)) || (mayBeTerm(text) && algorithm.test(text)) ||
      (endsWord(text) && harmlessWord.test(text))
  }
  return (isHarmlessShape(text, found) || (isBare && isExpression(text))) && !known.test(text)
}

const isHarmlessShape = (text: string, found: number): boolean =>
  (isDigit(text.charCodeAt(0)) && date.test(text)) ||
  (endsWord(text) && errorClass.test(text)) ||
  ((found & signs.path) !== 0 && isPath(text)) ||
  (mayBeTerm(text) && (algorithm.test(text) || cookieAttributes.test(text))) ||
  (startsStandIn(text) && (masks.test(text) || placeholder.test(text))) ||
  ((found & signs.equals) !== 0 && distinguishedName.test(text)) ||
  ((found & signs.space) !== 0 && (placeholder.test(text) || isMessage(text)))

/** Whether the first or last character may be a space. The test is quicker than `trim`, and mostly says no. */
const hasOuterSpace = (text: string): boolean => {
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(text.length - 1)
  return first <= 32 || first >= 128 || last <= 32 || last >= 128
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Whether it begins with a digit or a sign. */
const mayBeNumber = (text: string): boolean => {
  const code = text.charCodeAt(0)
  return isDigit(code) || code === 43 || code === 45
}

const isPath = (text: string): boolean =>
  path.test(text) || namedPath.test(text) || rootOrRelative.test(text) || relativeFile.test(text) ||
  mimeType.test(text)

/** Whether a text is the name of a type. */
export const isTypeName = (text: string): boolean => types.test(text) || wrappers.test(text)

/** Whether a text is an expression of source text that stands for a value. */
const isExpression = (text: string): boolean =>
  isTypeName(text) || member.test(text) || call.test(text) || lookUp.test(text) ||
  requestMember.test(text)

/** Whether a word belongs to a sentence that continues after it. */
export const isProse = (word: string, behind: string): boolean =>
  (commonWords.has(word.toLowerCase()) && /^(?:[ \t]+[\p{L}"'`<(\d$-]|['’]t\b)/u.test(behind)) ||
  (/^(?:secret|password|token|key)s?$/i.test(word) && /^ ["']/.test(behind))

/** Whether a word cannot be a secret, wherever it stands. */
export const isCommonWord = (word: string): boolean => commonWords.has(word.toLowerCase())

/** Whether a value of any type cannot be a secret of this kind. Throws what reading the value throws. */
export const isHarmless = (value: unknown, kind: Sensitivity, depth: number = 0): boolean => {
  if (kind === "none") return true
  if (kind === "all") return false
  switch (typeof value) {
    case "string":
      return isHarmlessText(value, kind)
    case "boolean":
    case "undefined":
    case "function":
      return true
    case "number":
    case "bigint":
      return kind === "code" || kind === "pass" ? String(value).length < 4 : kind !== "any"
    case "symbol":
      return false
    case "object":
      if (value === null || value instanceof Date) return true
      if (depth >= deepest) return false
      if (Array.isArray(value)) {
        return value.length > 0 && value.length <= mostMembers && value.every((item) => isPart(item, kind, depth))
      }
      return isPlain(value) && !hasJson(value) && isRecordOf(value, kind, depth)
  }
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether the result of `toJSON` is shown in place of the object. The result is not known here. */
const hasJson = (value: object): boolean => typeof readOr(value, "toJSON", hasJson) === "function"

const isRecordOf = (value: object, kind: Sensitivity, depth: number): boolean => {
  const members = Object.values(value)
  return members.length > 0 && members.length <= mostMembers && members.every((item) => isPart(item, kind, depth))
}

/** Numbers of a list may be codes. */
const isPart = (value: unknown, kind: Sensitivity, depth: number): boolean =>
  isHarmless(value, kind === "code" ? "any" : kind, depth + 1)
