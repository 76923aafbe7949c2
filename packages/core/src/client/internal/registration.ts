import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { memberOf } from "../../fetch/internal/documentBody.ts"
import * as ServerMetadata from "../../metadata/AuthorizationServerMetadata.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import { scopeToken } from "../../token/internal/claims.ts"
import * as ClientMetadata from "../ClientMetadata.ts"
import type { Dynamic, Way } from "../ClientRegistration.ts"
import type { Registration, Shape as CredentialStore, StoreFailed } from "../CredentialStore.ts"
import { type OAuthClientError, RegistrationFailed } from "../OAuthClientError.ts"
import { post } from "./post.ts"

/** A client at one authorization server. */
export interface Client {
  readonly clientId: string
  readonly authentication: ClientAuthentication.ClientAuthentication
  readonly by: Way["_tag"]
  /** Whether a stored registration was used, which the authorization server may have forgotten. */
  readonly isStored: boolean
}

const methods = ["none", "client_secret_basic", "client_secret_post"] as const

/** The method of a registration: what the response says, or what the server offers for a secret. */
const authenticationOf = (
  { issuer, metadata }: ServerConfig,
  { authenticationMethod, clientId, clientSecret }: Registration
): Effect.Effect<ClientAuthentication.ClientAuthentication, RegistrationFailed> => {
  const offered = metadata.tokenEndpointAuthMethodsSupported
  // A server that only has public clients can still send a secret.
  const method = authenticationMethod ?? (clientSecret === undefined
    ? "none"
    : ["client_secret_basic", "client_secret_post", "none"].find((one) =>
      offered === undefined || offered.includes(one)
    ))
  if (clientSecret !== undefined && method === "client_secret_basic") {
    return Effect.succeed(ClientAuthentication.clientSecretBasic(clientId, clientSecret))
  }
  if (clientSecret !== undefined && method === "client_secret_post") {
    return Effect.succeed(ClientAuthentication.clientSecretPost(clientId, clientSecret))
  }
  return method === "none"
    ? Effect.succeed(ClientAuthentication.none(clientId))
    : Effect.fail(new RegistrationFailed({ issuer, reason: "no-method", detail: method ?? "a secret" }))
}

const text = (body: Schema.JsonObject, member: string): string | undefined => {
  const value = memberOf(body, member)
  return typeof value === "string" && value !== "" ? value : undefined
}

/** RFC 7591, section 3.2.1. Seconds since 1970; 0 means never. A larger number could not be stored in milliseconds. */
const secretExpiry = (body: Schema.JsonObject): number | undefined => {
  const value = memberOf(body, "client_secret_expires_at")
  return typeof value === "number" && value > 0 && value < 10 ** 10 ? value * 1000 : undefined
}

const registrationOf = (
  issuer: string,
  body: Schema.JsonObject,
  { redirectUri, scopes }: { readonly redirectUri: string; readonly scopes: ReadonlyArray<string> }
): Registration | undefined => {
  const clientId = text(body, "client_id")
  if (clientId === undefined) return undefined
  const secret = text(body, "client_secret")
  const secretExpiresAt = secretExpiry(body)
  const authenticationMethod = text(body, "token_endpoint_auth_method")
  return {
    issuer,
    clientId,
    redirectUri,
    scopes: text(body, "scope")?.split(" ").filter((scope) => scopeToken.test(scope)) ?? scopes,
    ...(secret === undefined ? {} : { clientSecret: Redacted.make(secret) }),
    ...(secretExpiresAt === undefined ? {} : { secretExpiresAt }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod })
  }
}

const encode = Schema.encodeEffect(ClientMetadata.ClientMetadata)

/** Registers a client (RFC 7591, section 3.1). */
const register = Effect.fn("McpOAuth.register")(function*(
  { issuer, metadata }: ServerConfig,
  endpoint: string,
  given: Dynamic["metadata"],
  { redirectUri, scopes }: { readonly redirectUri: string; readonly scopes: ReadonlyArray<string> }
): Effect.fn.Return<Registration, RegistrationFailed, HttpClient.HttpClient> {
  yield* Effect.annotateCurrentSpan({ issuer })
  const fail = (reason: RegistrationFailed["reason"], detail?: string) =>
    new RegistrationFailed({ issuer, reason, ...(detail === undefined ? {} : { detail }) })
  const offered = ServerMetadata.tokenEndpointAuthMethods(metadata)
  const method = methods.find((one) => offered.includes(one))
  if (method === undefined) return yield* fail("no-method", offered.join(", "))
  const introduction = yield* Effect.orDie(encode({
    grantTypes: ["authorization_code", "refresh_token"],
    responseTypes: ["code"],
    applicationType: ClientMetadata.applicationType(redirectUri),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    ...given,
    tokenEndpointAuthMethod: method,
    redirectUris: [redirectUri]
  }))
  const { body, status } = yield* Effect.mapError(
    post(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(endpoint), introduction), "registration"),
    (error) => fail("unavailable", error.message)
  )
  // RFC 7591 says 201. Some servers say 200.
  if (status !== 201 && status !== 200) {
    const code = body === undefined ? undefined : text(body, "error")
    const shown = [`HTTP ${status}`, code, body === undefined ? undefined : text(body, "error_description")]
    return yield* fail(
      status >= 500 || status === 429 ? "unavailable" : "refused",
      shown.filter((one) => one !== undefined).join(": ").slice(0, 500)
    )
  }
  const registration = body === undefined ? undefined : registrationOf(issuer, body, { redirectUri, scopes })
  return registration ?? (yield* fail("malformed"))
})

/** What a client is needed for. */
interface Needed {
  readonly redirectUri: string
  readonly scopes: ReadonlyArray<string>
  /** Do not use a stored registration: it does not work, or lacks the scopes. */
  readonly renew: boolean
}

/** A secret that is about to expire could expire during the login. */
const secretMargin = 60_000

const isAlive = ({ secretExpiresAt }: Registration, now: number): boolean =>
  secretExpiresAt === undefined || secretExpiresAt > now + secretMargin

const isStoredWay = ({ _tag }: Way<unknown>): boolean => _tag === "Dynamic" || _tag === "Prompted"

/** A stored registration for the redirect URI. Authorization servers compare it character by character. */
const storedClient = Effect.fnUntraced(function*(
  store: CredentialStore,
  config: ServerConfig,
  by: Way["_tag"],
  needed: Needed
) {
  const now = yield* Clock.currentTimeMillis
  const found = (yield* store.registrations(config.issuer)).find((one) =>
    one.redirectUri === needed.redirectUri && isAlive(one, now)
  )
  if (found === undefined || needed.renew) return undefined
  const authentication = yield* authenticationOf(config, found)
  return { clientId: found.clientId, authentication, by, isStored: true } satisfies Client
})

/** The redirect URI of the newest stored registration, which a user agent can use again. */
export const storedRedirectUri = (
  store: CredentialStore,
  issuer: string
): Effect.Effect<string | undefined, StoreFailed> =>
  Effect.map(
    store.registrations(issuer),
    (all) => all.find(({ redirectUri }) => redirectUri !== undefined)?.redirectUri
  )

/**
 * Retires a registration: without its redirect URI, no login uses it again. Refresh tokens of other MCP servers that were
 * issued to it stay of use, because a hostile one can make a login fail.
 */
export const retire = Effect.fnUntraced(function*(
  store: CredentialStore,
  issuer: string,
  clientId: string
): Effect.fn.Return<void, StoreFailed> {
  const found = (yield* store.registrations(issuer)).find((one) => one.clientId === clientId)
  if (found === undefined) return
  const { redirectUri: _, ...retired } = found
  yield* store.setRegistration(retired)
})

const keep = Effect.fnUntraced(function*(
  store: CredentialStore,
  config: ServerConfig,
  by: Way["_tag"],
  registration: Registration
) {
  const authentication = yield* authenticationOf(config, registration)
  yield* store.setRegistration(registration)
  return { clientId: registration.clientId, authentication, by, isStored: false } satisfies Client
})

const byWay = Effect.fnUntraced(function*<R>(
  store: CredentialStore,
  config: ServerConfig,
  way: Way<R>,
  needed: Needed
): Effect.fn.Return<Client | undefined, OAuthClientError, HttpClient.HttpClient | R> {
  const { issuer, metadata } = config
  switch (way._tag) {
    case "Preregistered":
      return way.issuer === issuer ? { ...way, by: way._tag, isStored: false } : undefined
    case "MetadataDocument":
      return metadata.clientIdMetadataDocumentSupported === true ? { ...way, by: way._tag, isStored: false } : undefined
    case "Dynamic": {
      const endpoint = metadata.registrationEndpoint
      if (endpoint === undefined) return undefined
      const stored = yield* storedClient(store, config, way._tag, needed)
      return stored ?? (yield* keep(store, config, way._tag, yield* register(config, endpoint, way.metadata, needed)))
    }
    case "Prompted": {
      const stored = yield* storedClient(store, config, way._tag, needed)
      if (stored !== undefined) return stored
      const { clientId, clientSecret } = yield* way.ask({ issuer, redirectUri: needed.redirectUri })
      const secret = clientSecret === undefined ? {} : { clientSecret }
      return yield* keep(store, config, way._tag, { issuer, clientId, redirectUri: needed.redirectUri, ...secret })
    }
  }
})

/** The client for a login: the first way that the authorization server supports. */
export const clientFor = Effect.fnUntraced(function*<R>(
  store: CredentialStore,
  config: ServerConfig,
  ways: ReadonlyArray<Way<R>>,
  needed: Needed
): Effect.fn.Return<Client, OAuthClientError, HttpClient.HttpClient | R> {
  for (const way of ways) {
    const client = yield* byWay(store, config, way, needed)
    if (client !== undefined) return client
  }
  const elsewhere = ways.flatMap((way) => way._tag === "Preregistered" ? [way.issuer] : [])
  return yield* new RegistrationFailed({
    issuer: config.issuer,
    ...(elsewhere.length === 0
      ? { reason: "no-way" }
      : { reason: "registered-elsewhere", detail: elsewhere.join(", ") })
  })
})

/** The client that tokens were issued to, if it is still known. */
export const clientOf = Effect.fnUntraced(function*(
  store: CredentialStore,
  config: ServerConfig,
  ways: ReadonlyArray<Way<unknown>>,
  clientId: string
): Effect.fn.Return<Client | undefined, RegistrationFailed | StoreFailed> {
  for (const way of ways) {
    if (way._tag === "Preregistered" && way.issuer === config.issuer && way.clientId === clientId) {
      return { ...way, by: way._tag, isStored: false }
    }
    if (way._tag === "MetadataDocument" && way.clientId === clientId) return { ...way, by: way._tag, isStored: false }
  }
  if (!ways.some(isStoredWay)) return undefined
  const registration = (yield* store.registrations(config.issuer)).find((one) => one.clientId === clientId)
  return registration === undefined
    ? undefined
    : { clientId, authentication: yield* authenticationOf(config, registration), by: "Dynamic", isStored: true }
})
