/**
 * Secrets that a command line or a statement gives behind a space: options, and the passwords of SQL.
 */
import { isCommonWord, isHarmlessText } from "./harmlessValue.ts"
import { isHarmlessBeside } from "./maskedParts.ts"
import type { Sensitivity } from "./sensitiveKeys.ts"

/** An option with its value: `--password x`. */
const longOption = /(?<![\w-])(--?)([A-Za-z][\w-]{1,40})([ \t]+)(["']?)((?:(?!\4)[^\s"'`\\])+|[^\s"'`\\]+)/g

/** A user with a password. */
const userOption = /(?<![\w-])((?:-[uU]|--(?:proxy-)?user|--auth)(?:[ \t]+|=)["']?)([^\s"':/]+):([^\s"']+)/g

/** Users and groups of a container are no credentials. */
const containers = /\b(?:docker|podman|nerdctl|kubectl|crictl|chown|install|run|exec)\b/

/** Programs that take a password by a short option, with the option. */
const programs: ReadonlyArray<readonly [names: string, option: string]> = [
  ["mysql\\w*|mariadb[\\w-]*", "-p"],
  ["sshpass|(?:docker|podman|helm(?: registry)?|az|cf|oc|nerdctl|skopeo|buildah|crane|oras)\\s+login", "-p\\s*"],
  ["mongo\\w*|influx|cqlsh|impala-shell|kinit", "-p\\s+"],
  ["redis-cli|valkey-cli", "-a\\s*"],
  ["unzip|zip|sqlcmd|bcp|ipmitool|mosquitto_\\w+", "-P\\s*"],
  ["7z\\w?", "-p"],
  ["ldap\\w+|kadmin|wpa_cli", "-w\\s*"]
]
const programNames = new RegExp(`\\b(?:${programs.map(([names]) => `(${names})`).join("|")})\\b([^\\r\\n|;&]*)`, "g")
const programOptions = programs.map(([, option]) => new RegExp(`((?:^|\\s)${option}["']?)([^\\s"'-][^\\s"']*)`, "g"))

/** `PASSWORD '…'`, `IDENTIFIED BY '…'`, `IDENTIFIED WITH … AS '…'`. */
const sqlPassword =
  /(?<!["'`\w.-])((?:password|passphrase|passwd|identified\s{1,4}(?:with\s{1,4}["'`\w]{1,40}\s{1,4})?(?:by|as)(?:\s{1,4}(?:password|values))?)(?:\s{1,4}\(?|\()\s{0,4}N?)(?:'((?:[^'\\\r\n]|''|\\.)+)(?:'|$)|"((?:[^"\\\r\n]|\\.)+)(?:"|$)|\$\$([^$\r\n]+)(?:\$\$|$))/gi

/** A quick test: most texts have no option. A dash within a word begins no option. */
const option = /(?<![\w-])--?[A-Za-z]/
const sqlWord = /passw|passphrase|identified/i

/** Source of an expression that matches in every text with one of them. */
export const hint = "identified\\s|(?<![\\w-])-[uUpPaw]|--(?:proxy-)?user"

/** Texts of which the hint matches one, or an option of one letter. */
export const words = ["identified", "--user", "--proxy-user"]

/** Replaces the values. */
export const replace = (
  text: string,
  masked: () => string,
  sensitivity: (key: string) => Sensitivity,
  mask: string
): string => {
  const isHarmless = (value: string, kind: Sensitivity) =>
    isHarmlessBeside(value, mask, (value) => isHarmlessText(value, kind))
  let shown = text
  if (option.test(text)) {
    const hasContainers = containers.test(text)
    shown = shown.replace(
      longOption,
      (match: string, dashes: string, name: string, _space: string, _quote: string, value: string) => {
        if (dashes === "-" && name.length < 4) return match
        const kind = sensitivity(name)
        const isValue = kind !== "none" && !value.startsWith("-") && !/^[=:|>&<[(]/.test(value) &&
          !/^[A-Z_]{3,24}[\])]*$/.test(value) && !isCommonWord(value.replace(/[.,:;)]+$/, "")) &&
          !isHarmless(value, kind)
        return isValue ? match.slice(0, -value.length) + masked() : match
      }
    ).replace(userOption, (match: string, start: string, user: string, password: string, at: number) => {
      if (/^\d+$/.test(user) || user === password) return match
      return (hasContainers && containers.test(text.slice(Math.max(0, at - 80), at))) ||
          isHarmless(password, "text")
        ? match
        : `${start}${user}:${masked()}`
    }).replace(programNames, (match: string, ...groups: ReadonlyArray<unknown>) => {
      const index = programs.findIndex((_, index) => groups[index] !== undefined)
      const rest = groups[programs.length] as string
      return match.slice(0, match.length - rest.length) +
        rest.replace(
          programOptions[index] as RegExp,
          (whole: string, start: string, value: string) => isHarmless(value, "any") ? whole : start + masked()
        )
    })
  }
  return !sqlWord.test(shown) ? shown : shown.replace(
    sqlPassword,
    (match: string, start: string, single?: string, double?: string, dollar?: string) => {
      const value = single ?? double ?? dollar ?? ""
      if (isHarmless(value, "text")) return match
      return start + match.charAt(start.length) + masked() + match.slice(start.length + 1 + value.length)
    }
  )
}
