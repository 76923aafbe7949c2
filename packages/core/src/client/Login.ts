/**
 * One login at an authorization server, without an MCP server: for command line tools of developers, and for programs that
 * know their authorization server. `McpOAuth` does more: it finds the authorization server, and keeps and refreshes tokens.
 *
 * **Example** (A token for a resource)
 *
 * ```ts no-check
 * const program = Login.logIn({
 *   issuer: "https://as.example.com",
 *   resource: "https://api.example.com/mcp",
 *   scopes: ["notes:read"],
 *   registration: ClientRegistration.dynamic({ clientName: "Notes CLI" })
 * })
 *
 * const { accessToken } = yield* Effect.provide(program, NodeUserAgent.layer())
 * ```
 *
 * @since 0.2.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import * as Discovery from "../discovery/Discovery.ts"
import * as Purpose from "../discovery/Purpose.ts"
import { AllowInsecureLoopback } from "../metadata/InsecureLoopback.ts"
import type { ClientRegistration } from "./ClientRegistration.ts"
import * as CredentialStore from "./CredentialStore.ts"
import * as CodeFlow from "./internal/codeFlow.ts"
import { discoveryRefused } from "./internal/settings.ts"
import type { OAuthClientError } from "./OAuthClientError.ts"
import { UserAgent } from "./UserAgent.ts"

/**
 * Options for a login. `R` has the services that the registration needs.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options<R = never> {
  /** The issuer identifier of the authorization server. */
  readonly issuer: string
  /** How the client gets its client ID. A dynamic registration is used once. */
  readonly registration: ClientRegistration<R>
  /** What the token is for (RFC 8707). Default: what the authorization server chooses. */
  readonly resource?: string | undefined
  /** The scopes to request. Default: none, so that the authorization server chooses them. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Repairs, the issuer policy and rules for the metadata of the authorization server. */
  readonly discovery?: Omit<Discovery.FetchOptions, "purpose"> | undefined
  /** How long the user may take. Default: 5 minutes. */
  readonly timeout?: Duration.Input | undefined
  /** Accepts `http` URLs of loopback hosts, for development. Default: `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * The result of a login.
 *
 * @category models
 * @since 0.2.0
 */
export interface LoggedIn {
  readonly clientId: string
  readonly accessToken: Redacted.Redacted
  readonly refreshToken: Redacted.Redacted | undefined
  /** When the access token expires, in milliseconds since 1970. `undefined`: the authorization server does not say it. */
  readonly expiresAt: number | undefined
  /** The scopes that were granted, or those that were requested if the response names none (RFC 6749, section 5.1). */
  readonly scopes: ReadonlyArray<string>
}

/**
 * Logs a user in: authorization code flow with PKCE (`S256`), `state` and the check of `iss` (RFC 9207). The metadata must
 * advertise PKCE. Fails with the errors of `McpOAuth`.
 *
 * @category logging in
 * @since 0.2.0
 */
export const logIn: <R = never>(
  options: Options<R>
) => Effect.Effect<LoggedIn, OAuthClientError, HttpClient.HttpClient | UserAgent | R> = Effect.fn("Login.logIn")(
  function*<R = never>(
    { allowInsecureLoopback, discovery, issuer, registration, resource, scopes = [], timeout = "5 minutes" }: Options<R>
  ): Effect.fn.Return<LoggedIn, OAuthClientError, HttpClient.HttpClient | UserAgent | R> {
    const insecure = allowInsecureLoopback === true || (yield* AllowInsecureLoopback)
    const userAgent = yield* UserAgent
    const { clientId, granted } = yield* Effect.gen(function*() {
      const config = yield* Effect.mapError(
        Discovery.fetchServerConfig(issuer, { ...discovery, purpose: Purpose.authorization }),
        discoveryRefused(issuer)
      )
      return yield* CodeFlow.logIn({
        store: yield* CredentialStore.CredentialStore,
        userAgent,
        config,
        ways: registration.ways,
        resource,
        scopes,
        renewRegistration: false,
        timeout: Duration.fromInputUnsafe(timeout),
        dpop: undefined,
        onClient: () => Effect.void
      })
    }).pipe(
      Effect.provide(CredentialStore.layerMemory),
      Effect.provideService(AllowInsecureLoopback, insecure)
    )
    const { accessToken, expiresAt, refreshToken } = granted
    return { clientId, accessToken, refreshToken, expiresAt, scopes: granted.scopes ?? scopes }
  }
)
