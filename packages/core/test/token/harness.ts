/** Shared by the tests of tokens: keys, raw tokens that no library would sign, and verifiers for them. */
import { type AuthInfo, AuthorizationServer, type TokenError, type TokenVerifier } from "@effect-mcp-auth/core"
import { Cause, DateTime, Effect, Exit, Formatter, Inspectable, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Crypto from "node:crypto"
import { inspect } from "node:util"

export const resource = "https://api.test/mcp"

export const issuer = "https://as.test"

/** A key pair, with the public key as a JWK. */
export interface Key {
  readonly privateKey: Crypto.KeyObject
  readonly publicKey: Crypto.KeyObject
  readonly jwk: Schema.JsonObject
}

const keyOf = ({ privateKey, publicKey }: Crypto.KeyPairKeyObjectResult): Key => {
  // A public JWK of these types has string members only; the library's type allows more.
  const jwk = publicKey.export({ format: "jwk" }) as Schema.JsonObject
  return { privateKey, publicKey, jwk }
}

export const makeRsa = (modulusLength = 2048): Key => keyOf(Crypto.generateKeyPairSync("rsa", { modulusLength }))

export const makeEc = (namedCurve: "P-256" | "P-384" | "P-521" | "secp256k1"): Key =>
  keyOf(Crypto.generateKeyPairSync("ec", { namedCurve }))

export const makeEd25519 = (): Key => keyOf(Crypto.generateKeyPairSync("ed25519"))

/** The key of RFC 8037, appendix A.1: its tokens are the same in each run. */
export const exampleEd25519 = (): Key => {
  const jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }
  const d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
  const privateKey = Crypto.createPrivateKey({ key: { ...jwk, d }, format: "jwk" })
  return keyOf({ privateKey, publicKey: Crypto.createPublicKey(privateKey) })
}

const pss = { padding: Crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: Crypto.constants.RSA_PSS_SALTLEN_DIGEST }

/** Signs any payload without validating it. */
export type Signer = (input: string) => Uint8Array

/** A signature by an algorithm of RFC 7518 or RFC 8037, even with a key that does not match it. */
export const signer = (key: Key, algorithm: string): Signer => (input) => {
  const { privateKey } = key
  const hash = algorithm.startsWith("Ed") ? null : `sha${algorithm.slice(2)}`
  const options = algorithm.startsWith("PS") ? pss : algorithm.startsWith("ES") ? { dsaEncoding: "ieee-p1363" } : {}
  return Crypto.sign(hash, Buffer.from(input), { key: privateKey, ...options } as Crypto.SignKeyObjectInput)
}

/** A signature with a secret, as attackers make it from a public key. */
export const hmac = (secret: string | Uint8Array, algorithm = "HS256"): Signer => (input) =>
  Crypto.createHmac(`sha${algorithm.slice(2)}`, secret).update(input).digest()

export const encode = (part: unknown): string =>
  Buffer.from(part instanceof Uint8Array ? part : typeof part === "string" ? part : JSON.stringify(part))
    .toString("base64url")

/** A token in the compact form. Parts that are objects become JSON; strings and bytes stay as they are. */
export const compact = (header: unknown, payload: unknown, sign: Signer): string => {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${encode(sign(input))}`
}

/** The time of the tests, in seconds. */
export const now = 1_800_000_000

/** The same time as a `Date`. */
export const today = DateTime.toDateUtc(DateTime.makeUnsafe(now * 1000))

/** The claims of a token that is valid for an hour from `now`. */
export const claims: Schema.JsonObject = {
  iss: issuer,
  sub: "user-1",
  aud: resource,
  client_id: "client-1",
  scope: "notes:read",
  iat: now,
  exp: now + 3600,
  jti: "jti-0"
}

/** A verifier for `resource`, as `McpAuth.layer` builds it, for discovered servers. The clock is at `now`. */
export const verifier = Effect.fnUntraced(function*<R>(
  method: TokenVerifier.Method<R>,
  issuers: ReadonlyArray<string> = [issuer]
) {
  yield* TestClock.setTime(now * 1000)
  const authorizationServers = yield* Effect.forEach(
    issuers,
    (one) => AuthorizationServer.discover(one, { type: "oauth", allowInsecureLoopback: true })
  )
  const verify = yield* method.make({ resource, authorizationServers })
  return (token: string) => verify(Redacted.make(token))
})

type Verified = Effect.Effect<AuthInfo.AuthInfo["Service"], TokenError.TokenError>

/** The result for a token in a few words: the reason, and the claim if there is one. */
export const outcome = (verified: Verified): Effect.Effect<string> =>
  Effect.match(verified, {
    onSuccess: () => "accepted",
    onFailure: (error) =>
      error._tag !== "InvalidToken" ? error._tag : [error.reason, ...(error.claim === undefined ? [] : [error.claim])]
        .join(" ")
  })

/** Every text that a failure can print: the ways in which errors reach logs. */
export const printed = (failure: unknown): string => {
  const ways = [
    String(failure),
    JSON.stringify(failure),
    Inspectable.toStringUnknown(failure),
    Formatter.format(failure),
    inspect(failure, { depth: null }),
    failure instanceof Error ? `${failure.name} ${failure.message} ${failure.stack}` : "",
    Cause.pretty(Cause.fail(failure)),
    JSON.stringify(Exit.fail(failure))
  ]
  return failure instanceof Error && failure.cause !== undefined
    ? [...ways, printed(failure.cause)].join("\n")
    : ways.join("\n")
}
