import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { documentOf, memberOf } from "../../fetch/internal/documentBody.ts"
import { checkUrl } from "../../fetch/internal/exchange.ts"
import { fetchDocument } from "../../fetch/internal/fetchDocument.ts"
import { withRetries } from "../../fetch/internal/retry.ts"
import { isTransient } from "../../fetch/MetadataFetchError.ts"
import * as ServerMetadata from "../../metadata/AuthorizationServerMetadata.ts"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"
import * as Issuer from "../../metadata/Issuer.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import type { Way } from "../ClientRegistration.ts"
import type { Shape as CredentialStore } from "../CredentialStore.ts"
import { AuthorizationRejected, type OAuthClientError, ServerRefused, TokenRefused } from "../OAuthClientError.ts"
import * as UserAgent from "../UserAgent.ts"
import { judgeResponse } from "./authorizationResponse.ts"
import type { Dpop } from "./dpop.ts"
import { codeChallenge, randomText } from "./random.ts"
import { type Client, clientFor, retire, storedRedirectUri } from "./registration.ts"
import { type Granted, requestToken } from "./tokenEndpoint.ts"

/** A login that is about to begin. */
export interface Login<R> {
  readonly store: CredentialStore
  readonly userAgent: UserAgent.Shape
  readonly config: ServerConfig
  readonly ways: ReadonlyArray<Way<R>>
  /** RFC 8707. `undefined`: the authorization server chooses what the token is for. */
  readonly resource: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** Register anew: the stored registration did not get the scopes. */
  readonly renewRegistration: boolean
  readonly timeout: Duration.Duration
  readonly dpop: Dpop | undefined
  readonly onClient: (client: Client) => Effect.Effect<void>
}

/** The result of a login. */
export interface LoggedIn {
  readonly clientId: string
  readonly scopes: ReadonlyArray<string>
  readonly granted: Granted
}

/** In bytes. RFC 7636, section 4.1 wants 43 characters of verifier at least, which 32 bytes are. */
const randomBytes = 32

/** The URL of the authorization page (RFC 6749, section 4.1.1), whose query the server may have begun. */
const pageOf = (endpoint: string, parameters: Readonly<Record<string, string | undefined>>): URL => {
  const url = new URL(endpoint)
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url
}

/** Only pages of the web are opened: any other scheme could start a program of the user's machine. */
const checkedEndpoint = Effect.fnUntraced(function*({ issuer, metadata: { authorizationEndpoint } }: ServerConfig) {
  const refuse = (detail: string) => new ServerRefused({ issuer, reason: "endpoint", detail, retryable: false })
  if (authorizationEndpoint === undefined) return yield* refuse("its metadata has no authorization_endpoint")
  yield* Effect.mapError(
    checkUrl(authorizationEndpoint, yield* AllowInsecureLoopback),
    () => refuse("its authorization_endpoint is no https URL, so it is not opened; correct it at the provider")
  )
  return authorizationEndpoint
})

/** Deeper paths of an authorization endpoint are not searched for its issuer. */
const maxFolders = 5

/** The folders of a URL that could be its issuer: the origin first, then each folder of the path. */
const foldersOf = ({ origin, pathname }: URL): ReadonlyArray<string> => {
  const segments = pathname.split("/").slice(1, -1)
  return Array.from(
    { length: Math.min(segments.length + 1, maxFolders) },
    (_, depth) => [origin, ...segments.slice(0, depth)].join("/")
  )
}

/** The place of a page, in a form that servers do not tell apart: without query, case and slashes that are too many. */
const pageName = (url: string): string => {
  const { origin, pathname } = new URL(url)
  const path = Result.getOrElse(Result.try(() => decodeURIComponent(pathname)), () => pathname)
  return [origin, ...path.toLowerCase().split("/").filter((segment) => segment !== "")].join("/")
}

/** The issuer in the metadata at a URL, if it is the issuer of this page. */
const issuerOfPage = Effect.fnUntraced(function*(url: string, page: string) {
  const loaded = yield* Effect.catch(
    Effect.asSome(withRetries(url, (limits) =>
      fetchDocument(url, {
        limits,
        mapRequest: identity,
        allowInsecureLoopback: false,
        shape: documentOf,
        asked: "metadata"
      }))),
    (error) => isTransient(error) ? Effect.fail(error) : Effect.succeedNone
  )
  if (Option.isNone(loaded)) return undefined
  const [issuer, endpoint] = ["issuer", "authorization_endpoint"].map((name) => memberOf(loaded.value.document, name))
  const isPage = typeof endpoint === "string" && URL.canParse(endpoint) && pageName(endpoint) === pageName(page)
  return isPage && typeof issuer === "string" ? issuer : undefined
})

/**
 * A server could name the page of another one, to get a code that the other one issued (RFC 9700, section 4.4). With `iss`
 * in its responses, the response shows it. Without, a page on another origin must not be that of another issuer.
 */
const checkPageOwner = Effect.fn("McpOAuth.checkPageOwner")(function*(
  { issuer, metadata }: ServerConfig,
  endpoint: string
): Effect.fn.Return<void, ServerRefused, HttpClient.HttpClient> {
  const page = new URL(endpoint)
  if (ServerMetadata.authorizationResponseIss(metadata) || page.origin === new URL(issuer).origin) return
  const refuse = (detail: string, retryable: boolean) =>
    new ServerRefused({ issuer, reason: "endpoint", detail, retryable })
  const issuers = yield* Effect.forEach(foldersOf(page), (folder) => Effect.option(Issuer.make(folder)))
  const urls = new Set(issuers.flatMap((found) => Option.isSome(found) ? WellKnown.candidates(found.value) : []))
  const owners = yield* Effect.mapError(
    Effect.forEach(urls, (url) => issuerOfPage(url, endpoint), { concurrency: 4 }),
    (error) =>
      refuse(
        `its authorization_endpoint is on another origin, whose metadata could not be fetched: ${error.message}`,
        true
      )
  )
  const owner = owners.find((one) => one !== undefined && one !== issuer)
  if (owner !== undefined) {
    return yield* refuse(
      `its authorization_endpoint is that of another issuer, ${
        owner.slice(0, 200)
      } (mix-up); name that issuer in the ` +
        "metadata of the MCP server, or announce authorization_response_iss_parameter_supported at the provider",
      false
    )
  }
})

/** One attempt: the page, the response, the code for tokens. */
const attempt = Effect.fnUntraced(function*<R>(
  login: Login<R>,
  session: UserAgent.Session,
  client: Client
): Effect.fn.Return<LoggedIn, OAuthClientError, HttpClient.HttpClient> {
  const { config, dpop, resource, scopes } = login
  const endpoint = yield* checkedEndpoint(config)
  yield* login.onClient(client)
  const [state, verifier] = [yield* randomText(randomBytes), yield* randomText(randomBytes)]
  const page = pageOf(endpoint, {
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: session.redirectUri,
    state,
    code_challenge: yield* codeChallenge(verifier),
    code_challenge_method: "S256",
    resource,
    scope: scopes.length === 0 ? undefined : scopes.join(" "),
    // OpenID Connect Core 1.0, section 11: without consent, offline_access is to be ignored.
    prompt: scopes.includes("offline_access") ? "consent" : undefined
  })
  const response = yield* Effect.timeoutOrElse(session.authorize(page), {
    duration: login.timeout,
    orElse: () => Effect.fail(new UserAgent.UserAgentFailed({ reason: "no-answer" }))
  })
  const code = yield* Effect.fromResult(judgeResponse({
    issuer: config.issuer,
    namesIssuer: ServerMetadata.authorizationResponseIss(config.metadata),
    state
  }, response))
  const granted = yield* requestToken({
    server: config,
    grant: "authorization_code",
    params: { code, redirect_uri: session.redirectUri, code_verifier: verifier, resource },
    authentication: client.authentication,
    dpop
  })
  return { clientId: client.clientId, scopes, granted }
})

/** Codes that say that the client is unknown, or not registered for what it asks. */
const registrationErrors = new Set(["invalid_client", "unauthorized_client", "invalid_scope", "invalid_redirect_uri"])

/** Whether a new registration could help: the server has forgotten the client, or holds it to what it registered for. */
const isDeadClient = (error: OAuthClientError): boolean =>
  (error instanceof TokenRefused && registrationErrors.has(error.error)) ||
  (error instanceof AuthorizationRejected && error.error !== undefined && registrationErrors.has(error.error))

/** A user who does not come back may have seen an error page about the client. Other failures are those of the program. */
const isAbandoned = (error: OAuthClientError): boolean =>
  error instanceof UserAgent.UserAgentFailed && (error.reason === "no-answer" || error.reason === "cancelled")

/**
 * Logs a user in. A stored registration that does not work is renewed once. If a user does not come back from a login with
 * one, the next login registers anew, because authorization servers show that error to the user only. What a person
 * has typed stays if it ever worked.
 */
export const logIn = Effect.fn("McpOAuth.logIn")(function*<R>(
  login: Login<R>
): Effect.fn.Return<LoggedIn, OAuthClientError, HttpClient.HttpClient | R> {
  const { config, scopes, store, ways } = login
  const { issuer } = config
  yield* Effect.annotateCurrentSpan({ issuer })
  // Before a client is registered and a port is opened.
  yield* checkPageOwner(config, yield* checkedEndpoint(config))
  return yield* Effect.scoped(Effect.gen(function*() {
    const session = yield* login.userAgent.open(yield* storedRedirectUri(store, issuer))
    const { redirectUri } = session
    const client = yield* clientFor(store, config, ways, { redirectUri, scopes, renew: login.renewRegistration })
    if (!client.isStored) {
      // A person can mistype.
      const isWrong = (error: OAuthClientError) =>
        client.by === "Prompted" && (isAbandoned(error) || isDeadClient(error))
      return yield* Effect.tapError(
        attempt(login, session, client),
        (error) => isWrong(error) ? retire(store, issuer, client.clientId) : Effect.void
      )
    }
    const retired = client.by === "Dynamic" ? retire(store, issuer, client.clientId) : Effect.void
    return yield* Effect.catchIf(
      attempt(login, session, client).pipe(
        Effect.tapError((error) => isAbandoned(error) ? retired : Effect.void)
      ),
      isDeadClient,
      () =>
        Effect.gen(function*() {
          const renewed = yield* clientFor(store, config, ways, { redirectUri, scopes, renew: true })
          if (renewed.clientId === client.clientId) return yield* attempt(login, session, renewed)
          // The registration was not the reason if another one fares no better, so the first one stays in use.
          const unused = renewed.by === "Dynamic"
            ? store.removeRegistration(issuer, renewed.clientId)
            : retire(store, issuer, renewed.clientId)
          const loggedIn = yield* Effect.onError(attempt(login, session, renewed), () => Effect.ignore(unused))
          yield* Effect.ignore(retired)
          return loggedIn
        })
    )
  }))
})
