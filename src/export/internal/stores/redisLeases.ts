/**
 * Leases in Redis. Each question is one script, which Redis runs as a whole.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import type { LeaseStore } from "../leases.ts"

/** The hash tag keeps both keys on one node of a cluster. */
const keysOf = (prefix: string, name: string) => [`${prefix}:lease:{${name}}`, `${prefix}:fencing:{${name}}`] as const

type Keys = ReturnType<typeof keysOf>

/** The number has its place in a text, because Lua writes large numbers with an exponent. */
const acquire = Redis.script(
  ([lease, fencing]: Keys, token: string, ttlMillis: number) => [lease, fencing, token, ttlMillis],
  {
    numberOfKeys: 2,
    lua: `
      if redis.call("EXISTS", KEYS[1]) == 1 then return false end
      local time = redis.call("TIME")
      local last = tonumber(redis.call("GET", KEYS[2]) or "0")
      local fencing = math.max(last + 1, time[1] * 1000 + math.floor(time[2] / 1000))
      local text = string.format("%.0f", fencing)
      redis.call("SET", KEYS[2], text)
      redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
      return text
    `
  }
).withReturnType<string | null>()

const extend = Redis.script(
  ([lease]: Keys, token: string, ttlMillis: number) => [lease, token, ttlMillis],
  {
    numberOfKeys: 1,
    lua: `
      if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
      return redis.call("PEXPIRE", KEYS[1], ARGV[2])
    `
  }
).withReturnType<number>()

const release = Redis.script(
  ([lease]: Keys, token: string) => [lease, token],
  {
    numberOfKeys: 1,
    lua: `
      if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
      return redis.call("DEL", KEYS[1])
    `
  }
).withReturnType<number>()

export const redisLeases = (prefix: string): Effect.Effect<LeaseStore, never, Redis.Redis> =>
  Effect.map(Redis.Redis, (redis): LeaseStore => {
    const evaluate = { acquire: redis.eval(acquire), extend: redis.eval(extend), release: redis.eval(release) }
    return {
      acquire: (name, token, ttlMillis) =>
        Effect.map(
          evaluate.acquire(keysOf(prefix, name), token, ttlMillis),
          (fencing) => Option.map(Option.fromNullishOr(fencing), Number)
        ),
      extend: (name, token, ttlMillis) =>
        Effect.map(evaluate.extend(keysOf(prefix, name), token, ttlMillis), (count) => count === 1),
      release: (name, token) => evaluate.release(keysOf(prefix, name), token)
    }
  })
