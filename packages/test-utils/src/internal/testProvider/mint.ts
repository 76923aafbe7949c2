import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { JWK } from "jose"
import { change } from "./document.ts"
import type { Algorithm, MintOptions, OpaqueOptions } from "./model.ts"
import { now, sign } from "./tokens.ts"

/** What a mint needs of its provider. */
interface Provider {
  readonly issuer: string
  readonly nextSerial: Effect.Effect<number>
  readonly issued: (token: string, claims: Schema.JsonObject) => Effect.Effect<void>
  readonly signingKey: (algorithm: Algorithm) => Effect.Effect<{ readonly key: JWK; readonly other: JWK }>
}

/** The claims of a token that conforms to RFC 9068, with the changes. */
const claimsOf = Effect.fnUntraced(function*(
  issuer: string,
  serial: number,
  { claims = {}, expiresIn = 3600 }: OpaqueOptions
): Effect.fn.Return<Schema.JsonObject> {
  const issuedAt = yield* now
  return change({
    iss: issuer,
    sub: "user-1",
    aud: "https://api.test/mcp",
    client_id: "client-1",
    scope: "notes:read",
    iat: issuedAt,
    exp: issuedAt + expiresIn,
    jti: `jti-${serial}`
  }, claims)
})

/** Mints JWTs. Forged ones are not recorded as issued. */
export const mintFor = ({ issued, issuer, nextSerial, signingKey }: Provider) =>
  Effect.fnUntraced(function*(options: MintOptions = {}) {
    const { algorithm = "RS256", forged = false, header = {} } = options
    const { key, other } = yield* signingKey(algorithm)
    const claims = yield* claimsOf(issuer, yield* nextSerial, options)
    const token = yield* sign({
      key: forged ? { ...other, kid: key.kid ?? "" } : key,
      algorithm,
      header: { typ: "at+jwt", ...header },
      claims
    })
    if (!forged) yield* issued(token, claims)
    return token
  })

/** Mints opaque tokens. */
export const mintOpaqueFor = ({ issued, issuer, nextSerial }: Omit<Provider, "signingKey">) =>
  Effect.fnUntraced(function*(options: OpaqueOptions = {}) {
    const serial = yield* nextSerial
    const token = `opaque-token-${serial}`
    yield* issued(token, yield* claimsOf(issuer, serial, options))
    return token
  })
