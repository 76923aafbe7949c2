/**
 * How a client gets access tokens: by the login of a user, by its own credentials, by an assertion of the platform that it
 * runs on, by the login of an employee at the company's identity provider, or in a way of its own.
 *
 * **Example** (A login of a user, and a service without users)
 *
 * ```ts import.meta.vitest
 * import * as ClientAuthentication from "@effect-mcp-auth/core/ClientAuthentication"
 * import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
 * import * as Grant from "@effect-mcp-auth/core/Grant"
 * import * as Redacted from "effect/Redacted"
 *
 * const user = Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "Notes CLI" }) })
 *
 * const service = Grant.clientCredentials({
 *   issuer: "https://as.example.com",
 *   clientId: "notes-sync",
 *   authentication: ClientAuthentication.clientSecretBasic("notes-sync", Redacted.make("s3cret"))
 * })
 *
 * user._tag // => "AuthorizationCode"
 * service._tag // => "ClientCredentials"
 * ```
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Discovery from "../discovery/Discovery.ts"
import * as Purpose from "../discovery/Purpose.ts"
import type { ServerConfig } from "../discovery/ServerConfig.ts"
import type { ClientAuthentication } from "../token/ClientAuthentication.ts"
import type { ClientRegistration } from "./ClientRegistration.ts"
import { requestToken } from "./internal/tokenEndpoint.ts"
import { type OAuthClientError, ServerRefused, TokenUnavailable } from "./OAuthClientError.ts"
import type { UserAgent } from "./UserAgent.ts"

/**
 * What a token is needed for.
 *
 * @category models
 * @since 0.2.0
 */
export interface Asked {
  /** The URL of the MCP server. */
  readonly server: string
  /** The resource identifier of the MCP server. */
  readonly resource: string
  /** The authorization server that the MCP server names. */
  readonly issuer: string
  readonly scopes: ReadonlyArray<string>
}

/**
 * The authorization servers that may get the client's credentials.
 *
 * An MCP server names its authorization server by itself. Without a limit, a server that is taken over could have the
 * client's secret sent to any host.
 *
 * @category models
 * @since 0.2.0
 */
export type TrustedIssuer =
  | {
    /** The issuer of the only authorization server that gets the credentials. */
    readonly issuer: string
  }
  | {
    /** Sends the credentials to any authorization server that the MCP server names. Only for servers of your own. */
    readonly unsafeAnyIssuer: true
  }

/**
 * The login of a user, with PKCE (RFC 7636) and resource indicators (RFC 8707).
 *
 * @category models
 * @since 0.2.0
 */
export interface AuthorizationCode<out R = never> {
  readonly _tag: "AuthorizationCode"
  readonly registration: ClientRegistration<R>
}

/**
 * The client's own credentials (RFC 6749, section 4.4).
 *
 * @category models
 * @since 0.2.0
 */
export interface ClientCredentials {
  readonly _tag: "ClientCredentials"
  readonly clientId: string
  readonly authentication: ClientAuthentication
  /** `undefined`: any authorization server. */
  readonly issuer: string | undefined
}

/**
 * An assertion of another party (RFC 7523, section 2.1).
 *
 * @category models
 * @since 0.2.0
 */
export interface JwtBearer<out R = never> {
  readonly _tag: "JwtBearer"
  readonly assertion: (asked: Asked) => Effect.Effect<Redacted.Redacted, OAuthClientError, R>
  readonly clientId: string | undefined
  readonly authentication: ClientAuthentication | undefined
  /** `undefined`: any authorization server. */
  readonly issuer: string | undefined
}

/**
 * A token that was obtained in a way of its own.
 *
 * @category models
 * @since 0.2.0
 */
export interface ObtainedToken {
  readonly accessToken: Redacted.Redacted
  /** In milliseconds since 1970. Default: unknown. */
  readonly expiresAt?: number | undefined
  /** The scopes that were granted. Default: those that were asked for. */
  readonly scopes?: ReadonlyArray<string> | undefined
}

/**
 * A grant that is an effect.
 *
 * @category models
 * @since 0.2.0
 */
export interface FromEffect<out R = never> {
  readonly _tag: "FromEffect"
  readonly obtain: (asked: Asked) => Effect.Effect<ObtainedToken, OAuthClientError, R>
}

/**
 * How a client gets access tokens. `R` has the services that this needs.
 *
 * @category models
 * @since 0.2.0
 */
export type Grant<R = never> = AuthorizationCode<R> | ClientCredentials | JwtBearer<R> | FromEffect<R>

/**
 * A user logs in at the authorization server, in a `UserAgent`.
 *
 * @category constructors
 * @since 0.2.0
 */
export const authorizationCode = <R = never>(
  options: {
    /** How the authorization server knows the client. */
    readonly registration: ClientRegistration<R>
  }
): AuthorizationCode<R | UserAgent> => ({ _tag: "AuthorizationCode", registration: options.registration })

const issuerOf = (trusted: TrustedIssuer): string | undefined => "issuer" in trusted ? trusted.issuer : undefined

/**
 * The client is the caller: services and background workers without a user.
 *
 * @category constructors
 * @since 0.2.0
 */
export const clientCredentials = (
  options: {
    readonly clientId: string
    /** How the client authenticates: `ClientAuthentication.clientSecretBasic`, `clientSecretPost` or `privateKeyJwt`. */
    readonly authentication: ClientAuthentication
  } & TrustedIssuer
): ClientCredentials => ({
  _tag: "ClientCredentials",
  clientId: options.clientId,
  authentication: options.authentication,
  issuer: issuerOf(options)
})

/**
 * An assertion that the platform issues is exchanged for an access token: workload identity of a cloud or a cluster.
 *
 * @category constructors
 * @since 0.2.0
 */
export const jwtBearer = <R = never>(
  options: {
    /** Creates or reads the assertion. It must be for the authorization server (`aud`), and is used once. */
    readonly assertion: JwtBearer<R>["assertion"]
    /** The client ID, if the authorization server needs one besides the assertion. */
    readonly clientId?: string | undefined
    readonly authentication?: ClientAuthentication | undefined
  } & TrustedIssuer
): JwtBearer<R> => ({
  _tag: "JwtBearer",
  assertion: options.assertion,
  clientId: options.clientId,
  authentication: options.authentication,
  issuer: issuerOf(options)
})

/**
 * A company's identity provider.
 *
 * @category models
 * @since 0.2.0
 */
export interface IdentityProvider<out R = never> {
  readonly issuer: string
  /** Default: that of its metadata. */
  readonly tokenEndpoint?: string | undefined
  /** How the client authenticates at the identity provider. */
  readonly authentication: ClientAuthentication
  /** The ID token of the user's login, in an effect that renews it when it has expired. */
  readonly idToken: Effect.Effect<Redacted.Redacted, OAuthClientError, R>
}

const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
const identityAssertion = "urn:ietf:params:oauth:token-type:id-jag"

const discovered = (issuer: string): Effect.Effect<
  Pick<ServerConfig, "issuer" | "metadata">,
  ServerRefused,
  HttpClient.HttpClient
> =>
  Effect.mapError(
    Discovery.fetchServerConfig(issuer, {
      purpose: Purpose.make("tokens", ({ tokenEndpoint }) => tokenEndpoint === undefined ? ["token_endpoint"] : [])
    }),
    (error) =>
      new ServerRefused({
        issuer,
        reason: "discovery",
        detail: error.message,
        retryable: error._tag === "DiscoveryFailed" && error.outcome === "Transient"
      })
  )

/** Asks the identity provider for an assertion for one authorization server (RFC 8693; draft ID-JAG, section 4). */
const exchange = Effect.fnUntraced(function*<R>(idp: IdentityProvider<R>, asked: Asked) {
  const { issuer, tokenEndpoint } = idp
  const server = tokenEndpoint === undefined
    ? yield* discovered(issuer)
    : { issuer, metadata: { issuer, tokenEndpoint } }
  const granted = yield* requestToken({
    server,
    grant: tokenExchange,
    params: {
      requested_token_type: identityAssertion,
      audience: asked.issuer,
      resource: asked.resource,
      scope: asked.scopes.length === 0 ? undefined : asked.scopes.join(" "),
      subject_token: Redacted.value(yield* idp.idToken),
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token"
    },
    authentication: idp.authentication
  })
  if (granted.issuedTokenType !== identityAssertion) {
    const detail = "the issued token is no identity assertion (ID-JAG)"
    return yield* new TokenUnavailable({ issuer, grant: tokenExchange, detail })
  }
  return granted.accessToken
})

/**
 * Enterprise-managed authorization: the company's identity provider decides which MCP servers an employee may use, and
 * issues an assertion (ID-JAG) for the authorization server of each. No further login is needed.
 *
 * @category constructors
 * @since 0.2.0
 */
export const enterpriseManaged = <R = never>(
  options: {
    readonly identityProvider: IdentityProvider<R>
    /** The client, as the authorization server of the MCP server knows it. */
    readonly clientId: string
    readonly authentication: ClientAuthentication
  } & TrustedIssuer
): JwtBearer<R | HttpClient.HttpClient> => ({
  _tag: "JwtBearer",
  assertion: (asked) => exchange(options.identityProvider, asked),
  clientId: options.clientId,
  authentication: options.authentication,
  issuer: issuerOf(options)
})

/**
 * Gets tokens by an effect: a token service of your own, or a command of a cloud. It runs again when the server refuses the
 * token or requires more scopes.
 *
 * @category constructors
 * @since 0.2.0
 */
export const fromEffect = <R = never>(obtain: FromEffect<R>["obtain"]): FromEffect<R> => ({
  _tag: "FromEffect",
  obtain
})
