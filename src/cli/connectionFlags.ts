/**
 * The flags that all commands have: where the service is, and how to print.
 */
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** The flags. */
export const connectionFlags = {
  url: Flag.String("url").pipe(
    Flag.withDescription("Address of the routes of the service, with their prefix"),
    Flag.withMetavar("address"),
    Flag.filter(isAddress, () => "Expected an address such as http://127.0.0.1:9464/tasker"),
    Flag.withDefault("http://127.0.0.1:9464/tasker")
  ),
  token: Flag.Redacted("token").pipe(
    Flag.withDescription(
      "Bearer token of the service. Other users of the machine see flags: prefer the variable TASKER_HTTP_TOKEN"
    ),
    Flag.withFallbackConfig(Config.Redacted("TASKER_HTTP_TOKEN")),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print JSON in place of tables"),
    Flag.withDefault(false)
  )
}
