import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Algorithm, PublicKey } from "../Jws.ts"

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
  /** A key whose private half is published is nobody's any more. */
  d: Schema.optionalKey(Schema.Never)
}

/** A public key (RFC 7518, section 6; RFC 8037, section 2), by the members that are used. */
const Jwk = Schema.Union([
  Schema.Struct({ ...common, kty: Schema.Literal("RSA"), n: bytes, e: bytes }),
  Schema.Struct({ ...common, kty: Schema.Literal("EC"), crv: Schema.String, x: bytes, y: bytes }),
  Schema.Struct({ ...common, kty: Schema.Literal("OKP"), crv: Schema.String, x: bytes })
])

/** A public key that may be used. */
export interface UsableKey {
  readonly kid: string | undefined
  /** The only issuer whose tokens it verifies, or the template of such issuers. `undefined`: any that the set is for. */
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

/** RFC 7518, section 3.3: 2048 bits or more. An exponent is odd, and with 1 every message would be its own signature. */
const isStrong = (modulus: Uint8Array, exponent: Uint8Array): boolean =>
  bitsOf(modulus) >= 2048 && bitsOf(exponent) >= 2 && (exponent.at(-1) ?? 0) % 2 === 1

const byKind = (jwk: typeof Jwk.Type): ReadonlyArray<Algorithm> => {
  if (jwk.kty !== "RSA") return curves[`${jwk.kty} ${jwk.crv}`] ?? []
  return isStrong(bytesOf(jwk.n), bytesOf(jwk.e)) ? [...pkcs1, ...pss] : []
}

const decode = Schema.decodeUnknownResult(Jwk)

/**
 * A key, and for what it may be used; nothing when it cannot be read, is meant for something else, or is too weak. A set
 * may hold keys of kinds that nobody here has heard of, and they spoil nothing.
 *
 * A key without `alg` is used by its type, but an RSA key then not for PSS: one key, one scheme (RFC 8017, section 8),
 * unless PSS was asked for by name.
 */
export const usable = (value: unknown, asked: ReadonlySet<Algorithm>): UsableKey | undefined => {
  const decoded = decode(value)
  if (Result.isFailure(decoded)) return undefined
  const { alg, issuer, key_ops, kid, use, ...material } = decoded.success
  if (use !== undefined && use !== "sig") return undefined
  if (key_ops !== undefined && !key_ops.includes("verify")) return undefined
  const algorithms = byKind(decoded.success).filter((algorithm) =>
    alg === undefined ? !pss.includes(algorithm) || asked.has(algorithm) : isNamed(algorithm, alg)
  )
  return algorithms.length === 0 ? undefined : { kid, issuer, key: material, algorithms: new Set(algorithms) }
}

const isNamed = (algorithm: Algorithm, alg: string): boolean =>
  algorithm === alg || (edwards.includes(algorithm) && edwards.some((name) => name === alg))
