/**
 * Authentication of a resource server or a client to an authorization server (RFC 6749, section 2.3; OpenID Connect Core 1.0, section
 * 9): with a secret in a header, with a secret in the form, with an access token, or with a signed assertion that cannot
 * be reused.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Jose from "jose"
import type * as Jws from "./Jws.ts"

/**
 * The headers and form fields that authenticate one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
}

/**
 * A client authentication method.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientAuthentication {
  /** The name of the method, as in authorization server metadata. `Bearer`: an access token (RFC 8414, section 2). */
  readonly method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none" | "Bearer"
  /** Creates the proof for one request to the authorization server with this issuer identifier. */
  readonly prove: (issuer: string) => Effect.Effect<Proof>
}

/**
 * RFC 6749, section 2.3.1: the client ID and the secret are form-encoded before they are joined. Most secrets stay the
 * same.
 */
const formEncoded = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

/**
 * Sends the secret in the Authorization header (RFC 6749, section 2.3.1).
 *
 * **Example** (From configuration)
 *
 * ```ts import.meta.vitest
 * import * as ClientAuthentication from "@effect-mcp-auth/core/ClientAuthentication"
 * import * as Redacted from "effect/Redacted"
 *
 * const basic = ClientAuthentication.clientSecretBasic("notes-server", Redacted.make("s3cret"))
 * basic.method // => "client_secret_basic"
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const clientSecretBasic = (clientId: string, secret: Redacted.Redacted): ClientAuthentication => ({
  method: "client_secret_basic",
  prove: () =>
    Effect.sync(() => {
      const credentials = `${formEncoded(clientId)}:${formEncoded(Redacted.value(secret))}`
      return { headers: { authorization: `Basic ${btoa(credentials)}` }, form: {} }
    })
})

/**
 * Sends the secret in the form (RFC 6749, section 2.3.1), for authorization servers that do not read the header.
 *
 * @category constructors
 * @since 0.1.0
 */
export const clientSecretPost = (clientId: string, secret: Redacted.Redacted): ClientAuthentication => ({
  method: "client_secret_post",
  prove: () =>
    Effect.sync(() => ({ headers: {}, form: { client_id: clientId, client_secret: Redacted.value(secret) } }))
})

/**
 * Sends the client ID alone (RFC 6749, section 2.1: public clients), for clients that cannot keep a secret. Their
 * authorization codes are protected by PKCE (RFC 7636).
 *
 * @category constructors
 * @since 0.2.0
 */
export const none = (clientId: string): ClientAuthentication => ({
  method: "none",
  prove: () => Effect.succeed({ headers: {}, form: { client_id: clientId } })
})

/**
 * Sends an access token of this resource server in the Authorization header (RFC 7662, section 2.1), for authorization
 * servers whose introspection endpoint expects an API key (Ory Network).
 *
 * @category constructors
 * @since 0.1.0
 */
export const bearerToken = (token: Redacted.Redacted): ClientAuthentication => ({
  method: "Bearer",
  prove: () => Effect.sync(() => ({ headers: { authorization: `Bearer ${Redacted.value(token)}` }, form: {} }))
})

/** In seconds (RFC 7523, section 3). Short, because each assertion is used once. */
const lifetime = 60

/**
 * Sends a signed assertion (RFC 7523, section 2.2). No secret leaves the program, and no assertion is valid twice or at
 * another server. Dies if the key cannot sign with the algorithm.
 *
 * @category constructors
 * @since 0.1.0
 */
export const privateKeyJwt = (
  clientId: string,
  key: Redacted.Redacted<Jws.PublicKey & { readonly d: string }>,
  algorithm: Jws.Algorithm
): ClientAuthentication => ({
  method: "private_key_jwt",
  prove: Effect.fnUntraced(function*(issuer) {
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const jwk = Redacted.value(key)
    const header = { alg: algorithm, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) }
    const jwtId = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV4())
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti: jwtId, iat: now, exp: now + lifetime }
    const assertion = yield* Effect.promise(() =>
      Jose.importJWK(jwk, algorithm).then((signer) => new Jose.SignJWT(claims).setProtectedHeader(header).sign(signer))
    )
    return {
      headers: {},
      form: {
        client_id: clientId,
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion
      }
    }
  }, Effect.provide(SecureRandom.layerWebCrypto))
})
