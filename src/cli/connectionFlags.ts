/**
 * The flags that all commands have: where the service is, and how to print.
 */
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"

/** Whether a text is an address that may be printed. A user, a password or a key in it would be. */
const isAddress = (text: string, mayHaveQuery: boolean): boolean => {
  if (!URL.canParse(text)) return false
  const { password, protocol, search, username } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === "" && (mayHaveQuery || search === "")
}

/** Whether to print JSON. */
export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON in place of tables"),
  Flag.withDefault(false)
)

/** The flag of an address, which is checked. With `mayHaveQuery`, the command must not print the query. */
export const addressFlag = (
  name: string,
  description: string,
  example: string,
  { mayHaveQuery = false }: { readonly mayHaveQuery?: boolean } = {}
) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.withMetavar("address"),
    Flag.filter(
      (text) => isAddress(text, mayHaveQuery),
      () => `Expected an address such as ${example}, without user and password${mayHaveQuery ? "" : " or query"}`
    )
  )

/** The flags. */
export const connectionFlags = {
  url: addressFlag(
    "url",
    "Address of the routes of the service, with their prefix",
    "http://127.0.0.1:9464/tasker"
  ).pipe(Flag.withDefault("http://127.0.0.1:9464/tasker")),
  token: Flag.Redacted("token").pipe(
    Flag.withDescription(
      "Bearer token of the service. Other users of the machine see flags: prefer the variable TASKER_HTTP_TOKEN"
    ),
    Flag.withFallbackConfig(Config.Redacted("TASKER_HTTP_TOKEN")),
    Flag.optional
  ),
  json: jsonFlag
}
