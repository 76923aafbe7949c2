import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { isKeyOf } from "../../metadata/internal/tenant.ts"
import type { Query } from "../JwkSet.ts"
import * as Jws from "../Jws.ts"
import { usable, type UsableKey } from "./keyFit.ts"

/** A key for one algorithm and issuer. It is read when it is first used: a set may be long, and most keys are never asked for. */
interface Entry {
  readonly algorithm: Jws.Algorithm
  /** As in `UsableKey`. */
  readonly issuer: string | undefined
  readonly verify: Effect.Effect<Option.Option<Jws.Verify>>
  /** The same once it has been read. */
  readonly ready: MutableRef.MutableRef<Option.Option<Jws.Verify> | undefined>
}

/** The keys of one answer, by the names that they have. */
export interface KeyRing {
  readonly byKid: ReadonlyMap<string | undefined, ReadonlySet<Entry>>
  /** All of them, each once. */
  readonly entries: ReadonlySet<Entry>
}

/** More keys than this for one token are an attack on the verifier, or a mistake of the provider's. */
const mostCandidates = 8

/** Reads key sets. A key that was there before is the same one: it need not be read again, and what it vouched for stands. */
export interface Reader {
  readonly read: (document: Schema.JsonObject) => Effect.Effect<KeyRing>
  /** The key that a function verifies with. */
  readonly entryOf: (verify: Jws.Verify) => Entry | undefined
}

/** What makes two keys one. Their names do not, but a key is another one where it is for another issuer. */
const materialOf = ({ issuer, key }: UsableKey, algorithm: Jws.Algorithm): string =>
  JSON.stringify([algorithm, issuer, key])

const listedIn = (document: Schema.JsonObject): ReadonlyArray<Schema.Json> =>
  Array.isArray(document["keys"]) ? document["keys"] : []

/** Makes what reads the key sets of one server. */
export const makeReader = Effect.fnUntraced(function*(asked: ReadonlySet<Jws.Algorithm>): Effect.fn.Return<Reader> {
  const jws = yield* Jws.Jws
  const owners = new WeakMap<Jws.Verify, Entry>()
  const known = MutableRef.make<ReadonlyMap<string, Entry>>(new Map())
  const make = Effect.fnUntraced(function*(key: UsableKey, algorithm: Jws.Algorithm): Effect.fn.Return<Entry> {
    const ready = MutableRef.make<Option.Option<Jws.Verify> | undefined>(undefined)
    // A function of its own for each entry: two entries may have one key, and `jws` may give both the same function.
    const own = Effect.map(jws.prepare(key.key, algorithm), (verify): Jws.Verify => (signed) => verify(signed))
    const prepared = Effect.tap(Effect.option(own), (verify) =>
      Effect.sync(() => {
        MutableRef.set(ready, verify)
        if (Option.isSome(verify)) owners.set(verify.value, entry)
      }))
    const entry: Entry = { algorithm, issuer: key.issuer, ready, verify: yield* Effect.cached(prepared) }
    return entry
  })
  const read = Effect.fnUntraced(function*(document: Schema.JsonObject): Effect.fn.Return<KeyRing> {
    const before = MutableRef.get(known)
    const now = new Map<string, Entry>()
    const byKid = new Map<string | undefined, Set<Entry>>()
    for (const key of listedIn(document).flatMap((one) => usable(one, asked) ?? [])) {
      for (const algorithm of key.algorithms) {
        const material = materialOf(key, algorithm)
        const entry = now.get(material) ?? before.get(material) ?? (yield* make(key, algorithm))
        now.set(material, entry)
        const named = byKid.get(key.kid) ?? new Set()
        byKid.set(key.kid, named.add(entry))
      }
    }
    MutableRef.set(known, now)
    return { byKid, entries: new Set(now.values()) }
  })
  return { read, entryOf: (verify) => owners.get(verify) }
})

const isFor = (entry: Entry, { algorithm, issuer: iss }: Query): boolean =>
  entry.algorithm === algorithm &&
  (entry.issuer === undefined || (iss !== undefined && isKeyOf(entry.issuer, iss)))

/** Keys under the name that was asked for, or else nameless ones; all of them for a token that names none. */
const fitting = ({ byKid, entries }: KeyRing, query: Query): ReadonlyArray<Entry> => {
  const named = query.kid === undefined ? entries : byKid.get(query.kid) ?? byKid.get(undefined) ?? []
  return [...named].filter((entry) => isFor(entry, query)).slice(0, mostCandidates)
}

/** The keys for a token. */
export const candidates = (keys: KeyRing, query: Query): Effect.Effect<ReadonlyArray<Jws.Verify>> =>
  Effect.map(Effect.forEach(fitting(keys, query), ({ verify }) => verify), Arr.getSomes)

/** The keys for a token, if all of them have been read. */
export const readyCandidates = (keys: KeyRing, query: Query): ReadonlyArray<Jws.Verify> | undefined => {
  const ready = fitting(keys, query).map((entry) => MutableRef.get(entry.ready))
  return ready.every((one) => one !== undefined) ? Arr.getSomes(ready) : undefined
}
