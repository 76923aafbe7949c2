import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import type { Challenge } from "../../token/WwwAuthenticate.ts"
import type { Tokens } from "../CredentialStore.ts"
import type { Asked } from "../Grant.ts"
import {
  LoginRequired,
  type OAuthClientError,
  RegistrationFailed,
  ServerRefused,
  TokenRefused
} from "../OAuthClientError.ts"
import { OAuthEvent } from "../OAuthEvent.ts"
import { logIn } from "./codeFlow.ts"
import { acceptsProofs } from "./dpop.ts"
import { clientOf } from "./registration.ts"
import { type Found, now, publish, type Settings } from "./settings.ts"
import { type Granted, requestToken } from "./tokenEndpoint.ts"

/** What tokens are requested for. */
export interface Request {
  readonly found: Found
  readonly scopes: ReadonlyArray<string>
  readonly challenge: Challenge | undefined
  /** Register anew: a stored registration did not get the scopes. */
  readonly renewRegistration: boolean
}

/** The tokens of a response. A refresh response without a refresh token leaves it as it is (RFC 6749, section 6). */
const tokensOf = (
  { config: { issuer }, resource }: Found,
  clientId: string,
  requested: ReadonlyArray<string>,
  granted: Granted,
  before?: Tokens
): Tokens => {
  const refreshToken = granted.refreshToken ?? before?.refreshToken
  const scopes = granted.scopes ?? before?.granted
  return {
    issuer,
    resource,
    clientId,
    type: granted.type,
    accessToken: granted.accessToken,
    obtainedAt: granted.receivedAt,
    requested,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(granted.expiresAt === undefined ? {} : { expiresAt: granted.expiresAt }),
    ...(scopes === undefined ? {} : { granted: scopes })
  }
}

/** Whether the token is to be bound to a key (RFC 9449). */
const dpopFor = <R>({ dpop, dpopMode }: Settings<R>, { challenge, found }: Pick<Request, "challenge" | "found">) => {
  const isAsked = found.isDpopBound || challenge?.scheme === "dpop"
  const isAccepted = acceptsProofs(found.config.metadata.dpopSigningAlgValuesSupported)
  return dpopMode === "always" || (dpopMode === "when-asked" && isAsked && isAccepted) ? dpop : undefined
}

const scopeText = (scopes: ReadonlyArray<string>): string | undefined =>
  scopes.length === 0 ? undefined : scopes.join(" ")

/** Credentials go to the authorization server that they are for. */
const checkIssuer = (trusted: string | undefined, { config: { issuer } }: Found) =>
  trusted === undefined || trusted === issuer
    ? Effect.void
    : Effect.fail(new RegistrationFailed({ issuer, reason: "registered-elsewhere", detail: trusted }))

/** With a refresh token, the user does not log in again for each access token. */
const withOfflineAccess = ({ config }: Found, scopes: ReadonlyArray<string>): ReadonlyArray<string> =>
  scopes.length > 0 && config.metadata.scopesSupported?.includes("offline_access") === true
    ? [...new Set([...scopes, "offline_access"])]
    : scopes

const byCode = Effect.fnUntraced(function*<R>(
  settings: Settings<R>,
  grant: Extract<Settings<R>["grant"], { readonly _tag: "AuthorizationCode" }>,
  request: Request
): Effect.fn.Return<Tokens, OAuthClientError, HttpClient.HttpClient | R> {
  const { server, userAgent } = settings
  const { found } = request
  if (userAgent === undefined) return yield* new LoginRequired({ server, reason: "no-user-agent" })
  const { issuer } = found.config
  const scopes = withOfflineAccess(found, request.scopes)
  yield* publish(settings, OAuthEvent.LoginStarted({ server, issuer, scopes }))
  const { clientId, granted } = yield* logIn({
    store: settings.store,
    userAgent,
    config: found.config,
    ways: grant.registration.ways,
    resource: found.resource,
    scopes,
    renewRegistration: request.renewRegistration,
    timeout: settings.loginTimeout,
    dpop: dpopFor(settings, request),
    onClient: ({ by, clientId, isStored }) =>
      publish(settings, OAuthEvent.ClientReady({ server, issuer, clientId, by, isStored }))
  })
  return tokensOf(found, clientId, scopes, granted)
})

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/** A server that ignores a proof issues a token for anyone who has it (RFC 9449, section 5). It is not kept. */
const checkBound = <R>({ dpopMode, server }: Settings<R>) => (tokens: Tokens): Effect.Effect<Tokens, ServerRefused> =>
  dpopMode !== "always" || tokens.type === "DPoP"
    ? Effect.succeed(tokens)
    : Effect.fail(
      new ServerRefused({
        issuer: tokens.issuer,
        reason: "token-type",
        detail: `it issued a Bearer token for ${server}, and the option dpop is "always"; bind tokens to keys at the ` +
          "provider, or set dpop to \"when-asked\"",
        retryable: false
      })
    )

const byGrant = Effect.fnUntraced(function*<R>(
  settings: Settings<R>,
  request: Request
): Effect.fn.Return<Tokens, OAuthClientError, HttpClient.HttpClient | R> {
  const { grant } = settings
  const { found, scopes } = request
  const { config, resource } = found
  const asked: Asked = { server: settings.server, resource, issuer: config.issuer, scopes }
  const common = { server: config, dpop: dpopFor(settings, request) }
  switch (grant._tag) {
    case "AuthorizationCode":
      return yield* byCode(settings, grant, request)
    case "ClientCredentials": {
      yield* checkIssuer(grant.issuer, found)
      const granted = yield* requestToken({
        ...common,
        grant: "client_credentials",
        params: { scope: scopeText(scopes), resource },
        authentication: grant.authentication
      })
      return tokensOf(found, grant.clientId, scopes, granted)
    }
    case "JwtBearer": {
      yield* checkIssuer(grant.issuer, found)
      const assertion = yield* grant.assertion(asked)
      const granted = yield* requestToken({
        ...common,
        grant: jwtBearer,
        params: { assertion: Redacted.value(assertion), scope: scopeText(scopes), resource, client_id: grant.clientId },
        authentication: grant.authentication
      })
      return tokensOf(found, grant.clientId ?? "", scopes, granted)
    }
    case "FromEffect": {
      const token = yield* grant.obtain(asked)
      return tokensOf(found, "", scopes, {
        accessToken: token.accessToken,
        type: "Bearer",
        refreshToken: undefined,
        receivedAt: yield* now,
        expiresAt: token.expiresAt,
        scopes: token.scopes,
        issuedTokenType: undefined
      })
    }
  }
})

/** Gets tokens by the grant. */
export const obtain = Effect.fn("McpOAuth.obtain")(<R>(
  settings: Settings<R>,
  request: Request
): Effect.Effect<Tokens, OAuthClientError, HttpClient.HttpClient | R> =>
  Effect.flatMap(byGrant(settings, request), checkBound(settings))
)

/** Refreshes tokens (RFC 6749, section 6) at the authorization server that issued them, for the same resource. */
export const refresh = Effect.fn("McpOAuth.refresh")(function*<R>(
  settings: Settings<R>,
  found: Found,
  current: Tokens
): Effect.fn.Return<Tokens, OAuthClientError, HttpClient.HttpClient> {
  const { grant } = settings
  const { config, resource } = found
  const { clientId, refreshToken } = current
  const client = grant._tag === "AuthorizationCode"
    ? yield* clientOf(settings.store, config, grant.registration.ways, clientId)
    : grant._tag !== "FromEffect" && grant.authentication !== undefined && grant.clientId === clientId
    ? { authentication: grant.authentication }
    : undefined
  if (client === undefined || refreshToken === undefined) {
    // The client is not known any more, so the refresh token is of no use.
    return yield* new TokenRefused({
      issuer: config.issuer,
      grant: "refresh_token",
      status: 400,
      error: "invalid_client"
    })
  }
  const granted = yield* requestToken({
    server: config,
    grant: "refresh_token",
    params: { refresh_token: Redacted.value(refreshToken), resource },
    authentication: client.authentication,
    dpop: current.type === "DPoP" ? settings.dpop : undefined
  })
  return yield* checkBound(settings)(tokensOf(found, clientId, current.requested, granted, current))
})
