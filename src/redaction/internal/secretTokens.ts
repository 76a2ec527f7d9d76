/**
 * Tokens that are known by their vendors' prefixes at any place, and addresses of web hooks, which
 * are secrets as a whole.
 */

interface Shape {
  /** Source of an expression for the whole token; it has no group that captures. */
  readonly pattern: string
  /** Where the vendor, or a scanner that works with the vendors, says so. */
  readonly source: string
}

const github =
  "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"
const githubScanning =
  "https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns"
const gitlab = "https://docs.gitlab.com/security/tokens/#token-prefixes"
const gitleaks = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
const word = "[A-Za-z0-9]"
const url = "[A-Za-z0-9_-]"

/** One vendor a line, in the order of the first letter of the prefix. */
const tokens: ReadonlyArray<Shape> = [
  { pattern: "AGE-SECRET-KEY-1[0-9A-Z]{40,}", source: "https://age-encryption.org/v1" },
  { pattern: `AIza${url}{30,}`, source: "https://cloud.google.com/docs/authentication/api-keys" },
  { pattern: `AKCp${word}{10,}`, source: gitleaks },
  { pattern: `ATATT3${url}{20,}=?[0-9A-F]*`, source: githubScanning },
  { pattern: `(?:ATBB|ATCTT3|BBDC-)${url}{20,}=?[0-9A-F]*`, source: githubScanning },
  { pattern: "ABSK[A-Za-z0-9+/]{40,}={0,2}", source: gitleaks },
  { pattern: `CCIP(?:AT|RJ)_${word}{10,}_${word}{20,}`, source: githubScanning },
  { pattern: `CFPAT-${url}{30,}`, source: gitleaks },
  { pattern: `EAA(?:A[A-Za-z0-9+=/-]{50,}|[B-Z]${word}{40,})`, source: gitleaks },
  { pattern: `EZ[AT]K${word}{40,}`, source: gitleaks },
  { pattern: `FLWSECK(?:_TEST)?-${word}{12,}(?:-X)?`, source: gitleaks },
  { pattern: "FlyV1 fm\\d[A-Za-z0-9_+/=,-]{40,}", source: "https://fly.io/docs/security/tokens/" },
  { pattern: `GOCSPX-${url}{20,}`, source: githubScanning },
  { pattern: `HRKU-${url}{30,}`, source: gitleaks },
  { pattern: "LTAI[A-Za-z0-9]{12,}", source: gitleaks },
  { pattern: `NR(?:AK|JS|II|AL)-${url}{19,}`, source: gitleaks },
  { pattern: "PMAK-[a-f0-9]{20,}-[a-f0-9]{30,}", source: gitleaks },
  {
    pattern: `SG\\.${url}{16,}\\.${url}{16,}`,
    source: "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"
  },
  { pattern: "SK[a-f0-9]{32}", source: "https://www.twilio.com/docs/iam/api-keys" },
  { pattern: `abp_${word}{40,}`, source: gitleaks },
  { pattern: `aio_${word}{26,}`, source: gitleaks },
  { pattern: "amzn\\.mws\\.[0-9a-f]{8}-[0-9a-f-]{27}", source: gitleaks },
  { pattern: `api_org_[A-Za-z]{30,}`, source: gitleaks },
  { pattern: `bkua_[a-z0-9]{40}`, source: githubScanning },
  { pattern: `cio${word}{32}(?!${word})`, source: githubScanning },
  { pattern: "dapi[a-h0-9]{32}(?:-\\d)?", source: "https://docs.databricks.com/aws/en/dev-tools/auth/pat" },
  { pattern: `dckr_[op]at_${url}{24,}`, source: "https://docs.docker.com/security/access-tokens/" },
  {
    pattern: `do[opr]_v1_[a-f0-9]{40,}`,
    source: "https://docs.digitalocean.com/reference/api/create-personal-access-token/"
  },
  { pattern: `dp\\.(?:ct|pt|st|sa|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?${word}{40,44}`, source: gitleaks },
  { pattern: "dt0[a-zA-Z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}", source: gitleaks },
  { pattern: `duffel_(?:test|live)_${url}{40,}`, source: gitleaks },
  { pattern: `figd_${url}{36,}`, source: githubScanning },
  { pattern: `fio-u-${url}{60,}`, source: gitleaks },
  { pattern: `gh[opsur]_${word}{30,}`, source: github },
  { pattern: `github_pat_\\w{30,}`, source: github },
  { pattern: `gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct|rtr|wt)-[\\w.-]{16,}`, source: gitlab },
  { pattern: `glc_[A-Za-z0-9+/]{32,}={0,2}`, source: gitleaks },
  {
    pattern: `glsa_${word}{32}_[A-Fa-f0-9]{8}`,
    source: "https://grafana.com/docs/grafana/latest/administration/service-accounts/"
  },
  { pattern: `gsk_${word}{40,}`, source: githubScanning },
  { pattern: `hf_${word}{30,}`, source: "https://huggingface.co/docs/hub/security-tokens" },
  {
    pattern: `hv[bsr]\\.${url}{24,}`,
    source: "https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes"
  },
  { pattern: `ico-${word}{32}`, source: gitleaks },
  { pattern: `key-[0-9a-f]{32}`, source: "https://documentation.mailgun.com/docs/mailgun/api-reference/api-overview" },
  { pattern: `lin_(?:api|oauth)_${word}{32,}`, source: "https://linear.app/developers/graphql" },
  { pattern: `lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}`, source: githubScanning },
  { pattern: `nfp_${word}{36}`, source: githubScanning },
  { pattern: `npm_${word}{36}`, source: "https://docs.npmjs.com/about-access-tokens" },
  { pattern: `ntn_${word}{40,}`, source: "https://developers.notion.com/page/changelog" },
  { pattern: `nvapi-${url}{60,}`, source: githubScanning },
  { pattern: `ops_eyJ[A-Za-z0-9+/_-]{100,}={0,3}`, source: gitleaks },
  { pattern: `oy2[a-z0-9]{43}`, source: githubScanning },
  {
    pattern: `pat${word}{14}\\.[a-f0-9]{64}`,
    source: "https://airtable.com/developers/web/guides/personal-access-tokens"
  },
  { pattern: `pcsk_${url}{40,}`, source: githubScanning },
  { pattern: `pnu_[a-z0-9]{36}`, source: gitleaks },
  { pattern: `pplx-${word}{40,}`, source: gitleaks },
  {
    pattern: `pscale_(?:tkn|pw|oauth)_[\\w.=-]{32,}`,
    source: "https://planetscale.com/docs/concepts/planetscale-secret-scanning"
  },
  { pattern: `pul-[a-f0-9]{40}`, source: githubScanning },
  { pattern: `pypi-AgE[A-Za-z0-9_-]{30,}`, source: "https://docs.pypi.org/api/secrets/" },
  { pattern: `r8_${word}{36,}`, source: githubScanning },
  { pattern: `rdme_[a-z0-9]{70}`, source: gitleaks },
  { pattern: `re_${word}{6,10}_${word}{20,}`, source: githubScanning },
  { pattern: `rubygems_[a-f0-9]{48}`, source: "https://guides.rubygems.org/api-key-scopes/" },
  { pattern: `sb_secret_${url}{20,}|sbp_[a-f0-9]{40}`, source: "https://supabase.com/docs/guides/api/api-keys" },
  { pattern: `secret_${word}{43}`, source: gitleaks },
  { pattern: `shippo_(?:live|test)_[a-f0-9]{40}`, source: gitleaks },
  {
    pattern: `shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`,
    source: "https://shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing"
  },
  { pattern: `sk-ant-${url}{20,}`, source: gitleaks },
  { pattern: `sk-(?:proj|svcacct|admin|or-v1|lf|None)-${url}{20,}`, source: githubScanning },
  { pattern: `sk-${word}{32,}`, source: githubScanning },
  { pattern: `[rs]k_(?:live|test|prod)_${word}{16,}`, source: "https://docs.stripe.com/keys" },
  { pattern: `sntry[su]_[A-Za-z0-9+/=_-]{40,}`, source: gitleaks },
  { pattern: `sq0(?:atp|csp|idp)-${url}{22,}`, source: gitleaks },
  { pattern: `tfp_${url}{44,}`, source: gitleaks },
  { pattern: `tvly-(?:dev-|prod-)?${word}{24,}`, source: githubScanning },
  { pattern: `vc[pirak]_${word}{24,}`, source: githubScanning },
  { pattern: `whsec_[A-Za-z0-9+/=]{24,}`, source: "https://docs.stripe.com/webhooks" },
  { pattern: `xai-${word}{60,}`, source: githubScanning },
  { pattern: `xapp-\\d-[A-Z0-9]+-\\d+-[a-f0-9]{32,}`, source: "https://api.slack.com/concepts/token-types" },
  { pattern: `xkeysib-[a-f0-9]{64}-${word}{16}`, source: gitleaks },
  { pattern: `xox[a-z](?:\\.xox[a-z])?-[\\w-]{10,}`, source: "https://api.slack.com/concepts/token-types" },
  { pattern: `ya29\\.${url}{20,}`, source: "https://developers.google.com/identity/protocols/oauth2" },
  { pattern: `1//0${url}{30,}`, source: "https://developers.google.com/identity/protocols/oauth2" },
  { pattern: "t1\\.[A-Z0-9a-z_-]+={0,2}\\.[A-Z0-9a-z_-]{86}={0,2}", source: gitleaks },
  { pattern: `\\d{8,10}:AA${url}{32,34}`, source: "https://core.telegram.org/bots/api#authorizing-your-bot" },
  { pattern: `${word}{14}\\.atlasv1\\.${url}{60,70}`, source: gitleaks },
  { pattern: `[a-f0-9]{32}-us\\d{1,2}`, source: "https://mailchimp.com/developer/marketing/guides/quick-start/" },
  {
    pattern: `[MNO]${word}{23,27}\\.${url}{6}\\.${url}{27,40}`,
    source: "https://discord.com/developers/docs/reference#authentication"
  },
  { pattern: `[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,36}`, source: gitleaks },
  { pattern: `${word}{76}AZDO${word}{4}`, source: githubScanning }
]

/** Addresses whose path is a secret; the host stays readable. */
const webHooks: ReadonlyArray<Shape> = [
  {
    pattern: "hooks\\.slack(?:-gov)?\\.com/(?:services|workflows|triggers)/",
    source: "https://api.slack.com/messaging/webhooks"
  },
  {
    pattern: "(?:\\w+\\.)?discord(?:app)?\\.com/api(?:/v\\d+)?/webhooks/",
    source: "https://discord.com/developers/docs/resources/webhook"
  },
  { pattern: "[\\w-]+\\.webhook\\.office\\.com/webhookb2/", source: gitleaks },
  { pattern: "outlook\\.office(?:365)?\\.com/webhook/", source: gitleaks },
  {
    pattern: "hooks\\.zapier\\.com/hooks/(?:catch|standard)/",
    source: "https://help.zapier.com/hc/en-us/articles/8496288690317"
  },
  {
    pattern: "maker\\.ifttt\\.com/trigger/[^/\\s\"'<>]{1,100}/(?:json/)?with/key/",
    source: "https://ifttt.com/maker_webhooks"
  },
  { pattern: "hook(?:\\.[\\w-]+)?\\.(?:make|integromat)\\.com/", source: "https://help.make.com/webhooks" },
  {
    pattern: "open\\.(?:feishu\\.cn|larksuite\\.com)/open-apis/bot/v2/hook/",
    source: "https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot"
  },
  { pattern: "api\\.telegram\\.org/(?:file/)?bot", source: "https://core.telegram.org/bots/api#making-requests" },
  {
    pattern: "events\\.pagerduty\\.com/integration/",
    source: "https://support.pagerduty.com/main/docs/services-and-integrations"
  },
  {
    pattern: "hooks\\.airtable\\.com/workflows/",
    source: "https://support.airtable.com/docs/when-webhook-received-trigger"
  },
  { pattern: "webhook\\.site/", source: "https://docs.webhook.site/" },
  {
    pattern: "hooks\\.[\\w.-]{1,60}/(?:hooks|services)/",
    source: "https://developers.mattermost.com/integrate/webhooks/incoming/"
  },
  {
    pattern: "mattermost\\.[\\w.-]{1,60}/hooks/",
    source: "https://developers.mattermost.com/integrate/webhooks/incoming/"
  },
  { pattern: "rocket\\.?chat\\.[\\w.-]{1,60}/hooks/", source: "https://docs.rocket.chat/docs/integrations" }
]

const sources = (shapes: ReadonlyArray<Shape>) => shapes.map(({ pattern }) => pattern).join("|")

/** No letter, digit or `_` stands before a token: it would be a part of another word. */
const token = new RegExp(`(?<![A-Za-z0-9_])(?:${sources(tokens)})`, "g")
const webHook = new RegExp(`(?<=//)(${sources(webHooks)})[^\\s"'<>\\\\)\\]]{6,}`, "gi")

/** Source of an expression that matches in every address of a web hook. */
export const hint = "hooks?[./]|\\.office(?:365)?\\.com/|telegram\\.org/|pagerduty\\.com/|ifttt\\.com/"

/** Texts of which every address of a web hook has one. */
export const words = ["hook", ".office", "telegram.org", "pagerduty.com", "ifttt.com"]

/** Characters that every token has as many of, one after the other. */
const shortest = 20

/** The characters of tokens. Those of a hexadecimal id, in lower case, make no token by themselves. */
const idCharacter = 1
const otherCharacter = 2
const kinds = new Uint8Array(128)
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-") {
  kinds[character.charCodeAt(0)] = "0123456789abcdef-".includes(character) ? idCharacter : otherCharacter
}

/** The kind of a character; 0 for one that is in no token. */
const kindOf = (code: number): number => code < 128 ? kinds[code] as number : 0

/** Whether there may be a token in a text. It looks at one character in twenty where words are short. */
export const mayHaveToken = (text: string): boolean => {
  const { length } = text
  let at = shortest - 1
  while (at < length) {
    let start = at
    let kinds = 0
    for (; start >= 0; start--) {
      const kind = kindOf(text.charCodeAt(start))
      if (kind === 0) break
      kinds |= kind
    }
    if (start === at) {
      at += shortest
      continue
    }
    let end = at + 1
    for (; end < length; end++) {
      const kind = kindOf(text.charCodeAt(end))
      if (kind === 0) break
      kinds |= kind
    }
    if (kinds !== idCharacter && end - start > shortest && hasTokenIn(text, start + 1, end)) return true
    at = end + shortest
  }
  return false
}

/** A token begins where no letter or digit comes before. What is in front of a colon may be of one. */
const hasTokenIn = (text: string, start: number, end: number): boolean => {
  let from = start
  if (text.charCodeAt(start - 1) === 58) {
    while (from > 0 && start - from < 12 && isDigit(text.charCodeAt(from - 2))) from--
  }
  if (from < start && isTokenAt(text, from - 1)) return true
  for (let at = start; at < end; at++) {
    if ((at === start || !isOfWord(text.charCodeAt(at - 1))) && isTokenAt(text, at)) return true
  }
  return false
}

const tokenAt = new RegExp(token.source, "y")

const isTokenAt = (text: string, at: number): boolean => {
  tokenAt.lastIndex = at
  return tokenAt.test(text)
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** What `\w` stands for. */
const isOfWord = (code: number): boolean =>
  isDigit(code) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95

/** Replaces the tokens. */
export const replaceTokens = (text: string, masked: () => string): string => text.replace(token, masked)

/** Replaces what stands behind the host and the name of the service in the address of a web hook. */
export const replaceWebHooks = (text: string, masked: () => string): string =>
  text.replace(webHook, (_match, start: string) => start + masked())
