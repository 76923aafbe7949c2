import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type { ClientAuthentication } from "../../token/ClientAuthentication.ts"
import type { StoreFailed, Tokens } from "../CredentialStore.ts"
import { OAuthEvent } from "../OAuthEvent.ts"
import { post } from "./post.ts"
import { clientOf } from "./registration.ts"
import type { Renewal } from "./renewal.ts"
import { findServer, publish, type Settings } from "./settings.ts"

/** The client that may revoke the tokens: the one that they were issued to. */
const authenticationFor = Effect.fnUntraced(function*<R>(settings: Settings<R>, { clientId, issuer }: Tokens) {
  const { grant, store } = settings
  if (grant._tag === "FromEffect") return undefined
  const config = yield* findServer(settings, issuer)
  const client = grant._tag === "AuthorizationCode"
    ? yield* clientOf(store, config, grant.registration.ways, clientId)
    : { authentication: grant.authentication }
  return client?.authentication === undefined ? undefined : { authentication: client.authentication, config }
})

/** Revokes one token (RFC 7009, section 2.1). */
const revoke = Effect.fnUntraced(function*(
  endpoint: string,
  issuer: string,
  authentication: ClientAuthentication,
  token: Redacted.Redacted,
  hint: "access_token" | "refresh_token"
) {
  const { form, headers } = yield* authentication.prove(issuer)
  const { status } = yield* post(
    HttpClientRequest.post(endpoint).pipe(
      HttpClientRequest.setHeaders(headers),
      HttpClientRequest.bodyUrlParams({ token: Redacted.value(token), token_type_hint: hint, ...form })
    ),
    "revocation"
  )
  return status === 200
})

/** Revokes the refresh token, and with it the login, then the access token. At the server that issued them, only. */
const revokeAll = Effect.fnUntraced(function*<R>(settings: Settings<R>, tokens: Tokens) {
  const client = yield* authenticationFor(settings, tokens)
  const endpoint = client?.config.metadata.revocationEndpoint
  if (client === undefined || endpoint === undefined) return false
  const { authentication, config: { issuer } } = client
  const { accessToken, refreshToken } = tokens
  const refreshRevoked = refreshToken === undefined ||
    (yield* revoke(endpoint, issuer, authentication, refreshToken, "refresh_token"))
  // Some servers revoke refresh tokens only, and refuse the other request.
  const accessRevoked = yield* revoke(endpoint, issuer, authentication, accessToken, "access_token")
  return refreshToken === undefined ? accessRevoked : refreshRevoked
})

/** Deletes the tokens, also if they cannot be revoked. */
export const logOut = Effect.fn("McpOAuth.logOut")(function*<R>(
  settings: Settings<R>,
  renewal: Renewal
): Effect.fn.Return<{ readonly revoked: boolean }, StoreFailed, HttpClient.HttpClient> {
  const { server, store } = settings
  return yield* store.transaction(`tokens ${server}`)(Effect.gen(function*() {
    // Another process may have refreshed them since, and has then spent the refresh token in memory.
    const tokens = yield* renewal.newest
    yield* renewal.forget
    const revoked = tokens !== undefined && (yield* Effect.orElseSucceed(revokeAll(settings, tokens), () => false))
    yield* publish(settings, OAuthEvent.LoggedOut({ server, revoked }))
    return { revoked }
  }))
})
