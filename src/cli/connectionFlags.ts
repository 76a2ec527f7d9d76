/**
 * The flags that all commands have: where the service is, and how to print.
 */
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Whether to print JSON. */
export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON in place of tables"),
  Flag.withDefault(false)
)

/** The flag of an address, which is checked. */
export const addressFlag = (name: string, description: string, example: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.withMetavar("address"),
    Flag.filter(isAddress, () => `Expected an address such as ${example}`)
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
