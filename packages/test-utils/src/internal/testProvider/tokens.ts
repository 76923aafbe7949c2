import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Jose from "jose"

/** The input for minting a token. */
export interface Mint {
  readonly key: Jose.JWK
  readonly algorithm: string
  readonly header: Schema.JsonObject
  readonly claims: { readonly [claim: string]: Schema.Json | undefined }
}

/** The seconds since 1970 by the `Clock`, as in JWTs (RFC 7519, section 2). */
export const now: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

/** Signs a token. The keys are constants of this package, so a failure to sign is a defect. */
export const sign = ({ algorithm, claims, header, key }: Mint): Effect.Effect<string> =>
  Effect.promise(() =>
    Jose.importJWK(key, algorithm).then((imported) =>
      new Jose.SignJWT(Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)))
        .setProtectedHeader({ alg: algorithm, kid: key.kid ?? "", ...header })
        .sign(imported)
    )
  )

/** The public half of a key. */
export const publicJwk = ({ d: _d, dp: _dp, dq: _dq, p: _p, q: _q, qi: _qi, ...jwk }: Jose.JWK): Jose.JWK => jwk
