/**
 * Slots in Redis: a hash of their states, a hash of their metrics. Each question is one script, which Redis runs as a whole.
 */
import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import { foldedMillis, type Slot, type SlotStore, type Written } from "./SlotStore.ts"

type Keys = readonly [states: string, bodies: string]

/** The field of the counts of ended instances; no id is empty. */
const endedField = ""

const time = `
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

const write = Redis.script(
  (keys: Keys, { body, id, isLast, sequence, windowMillis }: Omit<Slot, "writtenMillis">) => [
    ...keys,
    id,
    sequence,
    windowMillis,
    isLast,
    body,
    foldedMillis
  ],
  {
    numberOfKeys: 2,
    lua: `${time}
      local kept = redis.call("HGET", KEYS[1], ARGV[1])
      local state = kept and cjson.decode(kept)
      if state and state.folded then return tostring(state.sequence) end
      if not state or state.sequence < tonumber(ARGV[2]) then
        redis.call("HSET", KEYS[1], ARGV[1], string.format(
          '{"sequence":%.0f,"writtenMillis":%.0f,"windowMillis":%.0f,"isLast":%s}', ARGV[2], now, ARGV[3], ARGV[4]))
        redis.call("HSET", KEYS[2], ARGV[1], ARGV[5])
      end
      for _, key in ipairs(KEYS) do redis.call("PEXPIRE", key, ARGV[6]) end
      return false
    `
  }
).withReturnType<string | null>()

const read = Redis.script((keys: Keys) => keys, {
  numberOfKeys: 2,
  lua: `${time}
    return {string.format("%.0f", now), redis.call("HGETALL", KEYS[1]), redis.call("HGETALL", KEYS[2])}
  `
}).withReturnType<readonly [now: string, states: ReadonlyArray<string>, bodies: ReadonlyArray<string>]>()

const hold = Redis.script((keys: Keys, millis: number) => [...keys, millis], {
  numberOfKeys: 2,
  lua: `${time}
    local states = redis.call("HGETALL", KEYS[1])
    for index = 1, #states, 2 do
      local state = cjson.decode(states[index + 1])
      if states[index] ~= "" and not state.folded and not state.isLast then
        local least = now - state.writtenMillis + tonumber(ARGV[1])
        if state.windowMillis < least then
          redis.call("HSET", KEYS[1], states[index], string.format(
            '{"sequence":%.0f,"writtenMillis":%.0f,"windowMillis":%.0f,"isLast":false}',
            state.sequence, state.writtenMillis, least))
        end
      end
    end
    return 1
  `
}).withReturnType<number>()

const fold = Redis.script(
  (keys: Keys, version: number, ended: string, slots: string) => [...keys, version, ended, slots, foldedMillis],
  {
    numberOfKeys: 2,
    lua: `${time}
      local function stateOf(id)
        local kept = redis.call("HGET", KEYS[1], id)
        return kept and cjson.decode(kept)
      end
      local ended = stateOf("")
      if (ended and ended.sequence or 0) ~= tonumber(ARGV[1]) then return 0 end
      local slots = cjson.decode(ARGV[3])
      for _, slot in ipairs(slots) do
        local state = stateOf(slot.id)
        if not state or state.folded or state.sequence ~= slot.sequence then return 0 end
      end
      local states = redis.call("HGETALL", KEYS[1])
      for index = 1, #states, 2 do
        local state = cjson.decode(states[index + 1])
        if state.folded and state.folded < now - tonumber(ARGV[4]) then redis.call("HDEL", KEYS[1], states[index]) end
      end
      for _, slot in ipairs(slots) do
        redis.call("HSET", KEYS[1], slot.id, string.format('{"sequence":%.0f,"folded":%.0f}', slot.sequence, now))
        redis.call("HDEL", KEYS[2], slot.id)
      end
      redis.call("HSET", KEYS[1], "", string.format('{"sequence":%.0f}', ARGV[1] + 1))
      redis.call("HSET", KEYS[2], "", ARGV[2])
      return 1
    `
  }
).withReturnType<number>()

interface State extends Pick<Slot, "sequence" | "writtenMillis" | "windowMillis" | "isLast"> {
  readonly folded?: number
}

const pairsOf = (flat: ReadonlyArray<string>): ReadonlyMap<string, string> =>
  new Map(flat.flatMap((id, index) => index % 2 === 0 ? [[id, flat[index + 1] ?? ""] as const] : []))

/** Gives the store of a group. */
export const redisSlots = (prefix: string): Effect.Effect<(group: string) => SlotStore, never, Redis.Redis> =>
  Effect.map(Redis.Redis, (redis) => {
    const evaluate = {
      write: redis.eval(write),
      read: redis.eval(read),
      hold: redis.eval(hold),
      fold: redis.eval(fold)
    }
    return (group): SlotStore => {
      const keys: Keys = [`{${prefix}:instances:${group}}:states`, `{${prefix}:instances:${group}}:metrics`]
      return {
        write: (slot) =>
          Effect.map(
            evaluate.write(keys, slot),
            (sequence): Written =>
              sequence === null ? { _tag: "Written" } : { _tag: "Folded", sequence: Number(sequence) }
          ),
        read: Effect.map(evaluate.read(keys), ([now, states, bodies]) => {
          const bodyOf = pairsOf(bodies)
          const all = Array.from(pairsOf(states), ([id, text]) => ({ id, state: JSON.parse(text) as State }))
          return {
            nowMillis: Number(now),
            slots: all.filter(({ id, state }) => id !== endedField && state.folded === undefined)
              .map(({ id, state }) => ({ id, ...state, body: bodyOf.get(id) ?? "" })),
            version: all.find(({ id }) => id === endedField)?.state.sequence ?? 0,
            ended: bodyOf.get(endedField) ?? ""
          }
        }),
        hold: (millis) => Effect.asVoid(evaluate.hold(keys, millis)),
        fold: ({ ended, slots, version }) =>
          Effect.map(
            evaluate.fold(keys, version, ended, JSON.stringify(slots.map(({ id, sequence }) => ({ id, sequence })))),
            (done) => done === 1
          )
      }
    }
  })
