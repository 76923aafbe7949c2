import * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import { quoted } from "../../metadata/internal/printable.ts"
import { isKeyOf } from "../../metadata/internal/tenant.ts"
import * as Jws from "../Jws.ts"
import type { Algorithm, PublicKey } from "../Jws.ts"

/**
 * Selects keys for a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyQuery {
  /** `kid` of the token. Without it, every key that matches is a candidate. */
  readonly kid: string | undefined
  readonly algorithm: Jws.Algorithm
  /** `iss` of the token. Without it, keys for a single issuer are no candidates. */
  readonly issuer?: string | undefined
}

/** The key of a JWK Set's `CurrentKeys`. It is internal: programs use `find`. */
export const TypeId = "~effect-mcp-auth/JwkSet" as const

/** The algorithm and the issuer that a key is for. */
interface KeyPurpose {
  readonly algorithm: Algorithm
  /** The only issuer whose tokens the key verifies, or a template of it. `undefined`: every issuer of the JWK Set. */
  readonly issuer: string | undefined
  /** Whether its material turned out to be no key. */
  readonly isBroken: boolean
}

/** What verifiers read of the last JWK Set. Nothing here makes a request. Times are in milliseconds since 1970. */
export interface CurrentKeys {
  /** The keys that match, if they are in memory, imported, and fresh at `now`. */
  readonly peek: (query: KeyQuery, now: number) => ReadonlyArray<Jws.VerifySignature> | undefined
  /** The keys with this key ID, each as its algorithm and its issuer. */
  readonly purposesOf: (kid: string) => ReadonlyArray<KeyPurpose>
  /** Why the key with this key ID cannot be used. `undefined`: it can, or there is no such key. */
  readonly unusableReason: (kid: string) => string | undefined
  /** How long the provider is not asked after a failure, counted from `now`. */
  readonly pause: (now: number) => Duration.Duration
  /**
   * How long after `now` the keys can be fetched again, at least a second. Zero if the keys have been fetched since
   * `publishedBy`: a key that is not among them had not been published by then.
   */
  readonly refetchableIn: (publishedBy: number, now: number) => Duration.Duration
  /** Whether a key that was found is still in the JWK Set, which is in memory and fresh at `now`. */
  readonly contains: (key: Jws.VerifySignature, now: number) => boolean
}

/** The keys that a JWK Set holds now. */
export const currentKeysOf = (keys: { readonly [TypeId]: CurrentKeys }): CurrentKeys => keys[TypeId]

const bytes = Schema.String.check(
  Schema.makeFilter((text) => text !== "" && Result.isSuccess(Base64Url.decode(text)), { expected: "base64url" })
)

const common = {
  kid: Schema.optionalKey(Schema.String),
  alg: Schema.optionalKey(Schema.String),
  use: Schema.optionalKey(Schema.String),
  key_ops: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Entra ID: the issuer of the tokens that the key signs, or a template of it. */
  issuer: Schema.optionalKey(Schema.String),
  /** A key whose private part is published is compromised. */
  d: Schema.optionalKey(Schema.Never)
}

/** A public key (RFC 7518, section 6; RFC 8037, section 2), with the members that are used. */
const Jwk = Schema.Union([
  Schema.Struct({ ...common, kty: Schema.Literal("RSA"), n: bytes, e: bytes }),
  Schema.Struct({ ...common, kty: Schema.Literal("EC"), crv: Schema.String, x: bytes, y: bytes }),
  Schema.Struct({ ...common, kty: Schema.Literal("OKP"), crv: Schema.String, x: bytes })
])

/** A public key that can verify signatures. */
export interface UsableKey {
  readonly kid: string | undefined
  /** The only issuer whose tokens it verifies, or a template of it. `undefined`: every issuer of the JWK Set. */
  readonly issuer: string | undefined
  readonly key: PublicKey
  readonly algorithms: ReadonlySet<Algorithm>
}

const pss: ReadonlyArray<Algorithm> = ["PS256", "PS384", "PS512"]
const pkcs1: ReadonlyArray<Algorithm> = ["RS256", "RS384", "RS512"]
const edwards: ReadonlyArray<Algorithm> = ["EdDSA", "Ed25519"]

const curves: { readonly [curve: string]: ReadonlyArray<Algorithm> } = {
  "EC P-256": ["ES256"],
  "EC P-384": ["ES384"],
  "EC P-521": ["ES512"],
  "OKP Ed25519": edwards
}

const bytesOf = (text: string): Uint8Array => Result.getOrElse(Base64Url.decode(text), () => new Uint8Array())

const bitsOf = (number: Uint8Array): number => {
  const first = number.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (number.length - first) * 8 - (Math.clz32(number[first] ?? 0) - 24)
}

/** RFC 7518, section 3.3: at least 2048 bits. The exponent must be odd; with 1, every message would be its own signature. */
const isStrong = (modulus: Uint8Array, exponent: Uint8Array): boolean =>
  bitsOf(modulus) >= 2048 && bitsOf(exponent) >= 2 && (exponent.at(-1) ?? 0) % 2 === 1

const possibleAlgorithms = (jwk: typeof Jwk.Type): ReadonlyArray<Algorithm> => {
  if (jwk.kty !== "RSA") return curves[`${jwk.kty} ${jwk.crv}`] ?? []
  return isStrong(bytesOf(jwk.n), bytesOf(jwk.e)) ? [...pkcs1, ...pss] : []
}

const decode = Schema.decodeUnknownResult(Jwk)

/** The members with key material, which RFC 7518, section 6 demands in base64url. */
const material = new Set(["n", "e", "x", "y"])

/** Battle.net publishes its keys in standard base64, with padding. */
const toBase64Url = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_").replace(/={1,2}$/, "")

/**
 * A key without members that have no value: libraries of .NET write `null` and empty lists for them. Key material in
 * standard base64 is converted.
 */
const normalized = (value: unknown): unknown =>
  isDecodedObject(value)
    ? Object.fromEntries(
      Object.entries(value).flatMap(([name, member]) => {
        // `issuer` restricts a key, so a value that is not a string must not lift the restriction.
        if (name !== "issuer" && (member === null || Array.isArray(member) && member.length === 0)) return []
        return [[name, material.has(name) && typeof member === "string" ? toBase64Url(member) : member]]
      })
    )
    : value

/**
 * Parses a key with its algorithms. `undefined` if it cannot be read, has another use, or is too weak. Unknown key types
 * are ignored, as RFC 7517 (section 5) recommends.
 *
 * A key without `alg` is used for the algorithms of its type. RSA keys without `alg` are not used for PSS, unless
 * `algorithms` lists PSS: one key, one scheme (RFC 8017, section 8).
 */
export const usableKey = (value: unknown, requested: ReadonlySet<Algorithm>): UsableKey | undefined =>
  Option.getOrUndefined(Result.getSuccess(parseKey(value, requested)))

type Unusable = Pick<PassedOverKey, "hasOtherUse" | "reason">

const unusable = (reason: string): Result.Result<never, Unusable> => Result.fail({ reason, hasOtherUse: false })

/** Parses a key, or returns why it cannot be used. */
const parseKey = (value: unknown, requested: ReadonlySet<Algorithm>): Result.Result<UsableKey, Unusable> => {
  const decoded = decode(normalized(value))
  if (Result.isFailure(decoded)) return unusable("is not a valid public key of type RSA, EC or OKP")
  const { alg, issuer, key_ops, kid, use, ...material } = decoded.success
  if (use !== undefined && use !== "sig") {
    return Result.fail({ reason: `has the use ${quoted(use)}`, hasOtherUse: true })
  }
  if (key_ops !== undefined && !key_ops.includes("verify")) return unusable("has key_ops without \"verify\"")
  const possible = possibleAlgorithms(decoded.success)
  if (possible.length === 0) {
    return unusable(
      material.kty === "RSA" ? "is weaker than RSA with 2048 bits" : `has the curve ${quoted(material.crv)}`
    )
  }
  const algorithms = possible.filter((algorithm) =>
    alg === undefined ? !pss.includes(algorithm) || requested.has(algorithm) : isAlgorithmName(algorithm, alg)
  )
  return algorithms.length === 0
    ? unusable(`has the alg ${quoted(alg ?? "")}`)
    : Result.succeed({ kid, issuer, key: material, algorithms: new Set(algorithms) })
}

const decodeKid = Schema.decodeUnknownOption(Schema.Struct({ kid: Schema.String }))

const isAlgorithmName = (algorithm: Algorithm, alg: string): boolean =>
  algorithm === alg || (edwards.includes(algorithm) && edwards.some((name) => name === alg))

/** A key for one algorithm and issuer. It is imported on first use, because most keys of a long JWK Set are never used. */
interface KeyEntry {
  readonly algorithm: Jws.Algorithm
  /** As in `UsableKey`. */
  readonly issuer: string | undefined
  readonly verify: Effect.Effect<Option.Option<Jws.VerifySignature>>
  /** The same, once it is imported. */
  readonly ready: MutableRef.MutableRef<Option.Option<Jws.VerifySignature> | undefined>
}

/** The keys of a JWK Set by key ID. */
export interface ParsedKeySet {
  readonly byKid: ReadonlyMap<string | undefined, ReadonlySet<KeyEntry>>
  /** All keys, each once. */
  readonly entries: ReadonlySet<KeyEntry>
  /** The key IDs of keys that cannot be used, and the reason. */
  readonly unusable: ReadonlyMap<string, string>
  /** All keys that cannot be used, also those without a key ID. */
  readonly passedOver: ReadonlyArray<PassedOverKey>
  /** All other keys, in their order, with their entries. */
  readonly parsed: ReadonlyArray<Pick<UsableKey, "issuer" | "kid"> & { readonly entries: ReadonlyArray<KeyEntry> }>
}

/**
 * A key of a JWK Set that cannot be used.
 *
 * @category models
 * @since 0.1.0
 */
export interface PassedOverKey {
  readonly kid: string | undefined
  /** Why it cannot be used, as the predicate of a sentence. */
  readonly reason: string
  /** Whether the key is for another use, such as encryption, so that nothing is wrong with it. */
  readonly hasOtherUse: boolean
}

/**
 * A key of a JWK Set that can be used.
 *
 * @category models
 * @since 0.1.0
 */
export interface InspectedKey {
  readonly kid: string | undefined
  /** The only issuer whose tokens the key verifies, or a template of it. `undefined`: every issuer of the JWK Set. */
  readonly issuer: string | undefined
  /** The algorithms of the tokens that it verifies. At least one. */
  readonly algorithms: ReadonlyArray<Algorithm>
}

/**
 * The keys of a JWK Set, judged one by one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inspection {
  readonly usable: ReadonlyArray<InspectedKey>
  readonly passedOver: ReadonlyArray<PassedOverKey>
}

/** Why a key cannot be used whose form is valid. */
export const brokenMaterial = "has key material that cannot be imported"

/** Imports every key, as the first token that it signs would. */
export const inspectKeys = Effect.fnUntraced(
  function*({ parsed, passedOver }: ParsedKeySet): Effect.fn.Return<Inspection> {
    const usable: Array<InspectedKey> = []
    const broken: Array<PassedOverKey> = []
    for (const { entries, issuer, kid } of parsed) {
      const algorithms: Array<Algorithm> = []
      for (const { algorithm, verify } of entries) {
        if (Option.isSome(yield* verify)) algorithms.push(algorithm)
      }
      if (algorithms.length > 0) usable.push({ kid, issuer, algorithms })
      else broken.push({ kid, reason: brokenMaterial, hasOtherUse: false })
    }
    return { usable, passedOver: [...passedOver, ...broken] }
  }
)

/** More keys for one token mean an attack on the verifier, or a mistake of the provider. */
const maxCandidates = 8

/** Parses JWK Sets. A key of the last JWK Set keeps its entry: it is not imported again, and cached tokens stay valid. */
export interface KeySetParser {
  readonly parse: (document: Schema.JsonObject) => Effect.Effect<ParsedKeySet>
  /** The entry of a verifying function. */
  readonly entryOf: (verify: Jws.VerifySignature) => KeyEntry | undefined
}

/** Keys with equal material are one key, whatever their key IDs are. A key for another issuer is another key. */
const identityOf = ({ issuer, key }: UsableKey, algorithm: Jws.Algorithm): string =>
  JSON.stringify([algorithm, issuer, key])

const keysIn = (document: Schema.JsonObject): ReadonlyArray<Schema.Json> =>
  Array.isArray(document["keys"]) ? document["keys"] : []

/** The form of such a key is valid, so nothing is logged before a token needs it. */
const logBroken = ({ kid }: UsableKey, algorithm: Jws.Algorithm) => {
  const name = kid === undefined ? "without a key ID" : quoted(kid)
  return Effect.logWarning(`The key ${name} for ${algorithm} ${brokenMaterial}, and tokens that it signs are refused`)
}

/** Creates the parser of one server's JWK Sets. */
export const makeKeySetParser = Effect.fnUntraced(
  function*(requested: ReadonlySet<Jws.Algorithm>): Effect.fn.Return<KeySetParser> {
    const jws = yield* Jws.Jws
    const entryOfFunction = new WeakMap<Jws.VerifySignature, KeyEntry>()
    const known = MutableRef.make<ReadonlyMap<string, KeyEntry>>(new Map())
    const make = Effect.fnUntraced(function*(key: UsableKey, algorithm: Jws.Algorithm): Effect.fn.Return<KeyEntry> {
      const ready = MutableRef.make<Option.Option<Jws.VerifySignature> | undefined>(undefined)
      // Each entry needs its own function: two entries may share a key, and `jws` may return the same function for both.
      const own = Effect.map(
        jws.prepare(key.key, algorithm),
        (verify): Jws.VerifySignature => (signed) => verify(signed)
      )
      const prepared = Effect.tap(Effect.option(own), (verify) =>
        Effect.suspend(() => {
          MutableRef.set(ready, verify)
          if (Option.isSome(verify)) entryOfFunction.set(verify.value, entry)
          return Option.isSome(verify) ? Effect.void : logBroken(key, algorithm)
        }))
      const entry: KeyEntry = { algorithm, issuer: key.issuer, ready, verify: yield* Effect.cached(prepared) }
      return entry
    })
    const parse = Effect.fnUntraced(function*(document: Schema.JsonObject): Effect.fn.Return<ParsedKeySet> {
      const before = MutableRef.get(known)
      const now = new Map<string, KeyEntry>()
      const byKid = new Map<string | undefined, Set<KeyEntry>>()
      const passedOver: Array<PassedOverKey> = []
      const parsed: Array<ParsedKeySet["parsed"][number]> = []
      for (const value of keysIn(document)) {
        const item = parseKey(value, requested)
        if (Result.isFailure(item)) {
          const kid = Option.getOrUndefined(decodeKid(value))?.kid
          passedOver.push({ kid, ...item.failure })
          continue
        }
        const key = item.success
        const own: Array<KeyEntry> = []
        parsed.push({ kid: key.kid, issuer: key.issuer, entries: own })
        for (const algorithm of key.algorithms) {
          const material = identityOf(key, algorithm)
          const entry = now.get(material) ?? before.get(material) ?? (yield* make(key, algorithm))
          now.set(material, entry)
          own.push(entry)
          const named = byKid.get(key.kid) ?? new Set()
          byKid.set(key.kid, named.add(entry))
        }
      }
      MutableRef.set(known, now)
      const unusable = new Map(passedOver.flatMap(({ kid, reason }) => kid === undefined ? [] : [[kid, reason]]))
      return { byKid, entries: new Set(now.values()), unusable, passedOver, parsed }
    })
    return { parse, entryOf: (verify) => entryOfFunction.get(verify) }
  }
)

const matchesQuery = (entry: KeyEntry, { algorithm, issuer: iss }: KeyQuery): boolean =>
  entry.algorithm === algorithm &&
  (entry.issuer === undefined || (iss !== undefined && isKeyOf(entry.issuer, iss)))

/** The keys with the key ID of the token, otherwise those without a key ID. If the token has no key ID: all keys. */
const matchingEntries = ({ byKid, entries }: ParsedKeySet, query: KeyQuery): ReadonlyArray<KeyEntry> => {
  const named = query.kid === undefined ? entries : byKid.get(query.kid) ?? byKid.get(undefined) ?? []
  return [...named].filter((entry) => matchesQuery(entry, query)).slice(0, maxCandidates)
}

/** The keys for a token, which are imported if necessary. */
export const candidateKeys = (keys: ParsedKeySet, query: KeyQuery): Effect.Effect<ReadonlyArray<Jws.VerifySignature>> =>
  Effect.map(Effect.forEach(matchingEntries(keys, query), ({ verify }) => verify), Arr.getSomes)

/** The keys for a token, if all of them are imported. */
export const readyKeys = (keys: ParsedKeySet, query: KeyQuery): ReadonlyArray<Jws.VerifySignature> | undefined => {
  const ready = matchingEntries(keys, query).map((entry) => MutableRef.get(entry.ready))
  return ready.every((item) => item !== undefined) ? Arr.getSomes(ready) : undefined
}
