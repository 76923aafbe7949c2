/**
 * OAuth for Effect's `McpClient`, and for any other program that sends requests to one protected MCP server.
 *
 * `McpOAuth.layer` is an `HttpClient` that attaches the access token, logs in after a 401, requests more scopes after a 403,
 * and sends the request again. It goes under `McpClient.layerHttp`. The token goes to the URL of the server only.
 *
 * **Example** (A client that a user logs in to)
 *
 * ```ts import.meta.vitest
 * import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as Grant from "@effect-mcp-auth/core/Grant"
 * import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
 * import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
 * import * as McpClient from "effect/ai/McpClient"
 * import * as McpProtocol from "effect/ai/McpProtocol"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 *
 * const url = "https://api.example.com/mcp"
 *
 * const OAuth = McpOAuth.layer({
 *   server: url,
 *   grant: Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "Notes CLI" }) })
 * })
 *
 * // Node: `NodeUserAgent` opens a browser, and `NodeCredentialStore` keeps the tokens in a file.
 * const Client = McpClient.layerHttp({ name: "notes-cli", version: "1.0.0", url, protocol: McpProtocol.v2026_07_28 }).pipe(
 *   Layer.provide(OAuth),
 *   Layer.provide([CredentialStore.layerMemory, FetchHttpClient.layer])
 * )
 *
 * Layer.isLayer(Client) // => true
 * ```
 *
 * @since 0.2.0
 */
import * as McpClient from "effect/ai/McpClient"
import type { McpClientError } from "effect/ai/McpClientError"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Discovery from "../discovery/Discovery.ts"
import { AllowInsecureLoopback } from "../metadata/InsecureLoopback.ts"
import { printable } from "../metadata/internal/printable.ts"
import * as ResourceIdentifier from "../metadata/ResourceIdentifier.ts"
import { CredentialStore, type StoreFailed, type Tokens } from "./CredentialStore.ts"
import type { Grant } from "./Grant.ts"
import { makeDpop } from "./internal/dpop.ts"
import { configured } from "./internal/environment.ts"
import { makeRenewal } from "./internal/renewal.ts"
import { makeResourceClient } from "./internal/resourceClient.ts"
import { logOut } from "./internal/revocation.ts"
import { now, type ScopesAsked, type Settings } from "./internal/settings.ts"
import * as OAuthClientError from "./OAuthClientError.ts"
import type { OAuthEvent } from "./OAuthEvent.ts"
import type { HintPolicy, ResourceMatch } from "./ResourceDiscovery.ts"
import { UserAgent } from "./UserAgent.ts"

/**
 * Options for a client of one MCP server. `R` has the services that its grant needs.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options<R = never> {
  /** The URL of the MCP server. No other URL gets its token. */
  readonly server: string
  /** How the client gets access tokens. */
  readonly grant: Grant<R>
  /**
   * Whether a user may be asked to log in. `never`: fails with `LoginRequired` instead, for background work. Default:
   * `when-needed`.
   */
  readonly interactive?: "when-needed" | "never" | undefined
  /**
   * The scopes of the first login. Default: those of the challenge, else `scopes_supported` of the server's metadata, else
   * none. `offline_access` is added if the authorization server lists it.
   */
  readonly scopes?: ReadonlyArray<string> | ((asked: ScopesAsked) => ReadonlyArray<string>) | undefined
  /** What happens when the server requires more scopes. */
  readonly stepUp?: StepUpOptions | undefined
  /**
   * Whether tokens are bound to a key of this process (RFC 9449). `when-asked`: if the MCP server asks for it and the
   * authorization server supports it. `always`: Bearer tokens are refused. Bound tokens are not stored. Default:
   * `when-asked`.
   */
  readonly dpop?: "when-asked" | "always" | "never" | undefined
  /** Which metadata is about the server. Default: `ResourceDiscovery.covers`. */
  readonly resourceMatch?: ResourceMatch | undefined
  /** Where metadata may be fetched from, if a challenge names a URL. Default: `ResourceDiscovery.sameOrigin`. */
  readonly hintPolicy?: HintPolicy | undefined
  /** Repairs, the issuer policy and rules for the metadata of the authorization server. */
  readonly discovery?: Omit<Discovery.FetchOptions, "purpose" | "type"> | undefined
  /** Accepts servers of MCP 2025-03-26, which have no metadata: their origin is their authorization server. Default: `false`. */
  readonly legacy?: boolean | undefined
  /** How long a user may take to log in. Default: 5 minutes. */
  readonly loginTimeout?: Duration.Input | undefined
  /**
   * How long before its end an access token is renewed, at most. It is never more than a tenth of the token's life. Default:
   * 30 seconds.
   */
  readonly refreshAhead?: Duration.Input | undefined
  /** Accepts `http` URLs of loopback hosts, for development. Default: `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * Options for requests of more scopes.
 *
 * @category models
 * @since 0.2.0
 */
export interface StepUpOptions {
  /** How often the same scopes are requested, if they are not granted. Default: 2. */
  readonly attempts?: number | undefined
  /** Whether to request the scopes that a server requires. Default: always. */
  readonly approve?: ((scopes: ReadonlyArray<string>) => Effect.Effect<boolean>) | undefined
}

/**
 * The options of a client are invalid.
 *
 * @category errors
 * @since 0.2.0
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>()("InvalidOptions", {
  option: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `The option ${this.option} of McpOAuth is invalid: ${printable(this.detail)}`
  }
}

/**
 * The login to one MCP server.
 *
 * @category models
 * @since 0.2.0
 */
export interface Shape {
  /** The `HttpClient` that attaches the token. */
  readonly client: HttpClient.HttpClient
  /** The current tokens, if there are any. They may have expired. */
  readonly tokens: Effect.Effect<Option.Option<Tokens>, StoreFailed>
  /** Gets tokens ahead of the first request, without a time limit of a request. Keeps tokens that have not expired. */
  readonly authorize: Effect.Effect<Tokens, OAuthClientError.OAuthClientError>
  /** Deletes the tokens, and revokes them if the authorization server supports it (RFC 7009). */
  readonly logout: Effect.Effect<{ readonly revoked: boolean }, StoreFailed>
  /** What the client does, from now on. */
  readonly events: Stream.Stream<OAuthEvent>
}

/**
 * The login to one MCP server.
 *
 * @category services
 * @since 0.2.0
 */
export class McpOAuth extends Context.Service<McpOAuth, Shape>()("@effect-mcp-auth/core/client/McpOAuth") {}

/** The latest events for subscribers that are slow. */
const eventCapacity = 256

const positive = (option: string, input: Duration.Input) => {
  const duration = Duration.fromInput(input)
  return Option.isSome(duration) && Duration.toMillis(duration.value) >= 0
    ? Effect.succeed(duration.value)
    : Effect.fail(new InvalidOptions({ option, detail: "it is no duration" }))
}

const scopesOf = (scopes: Options["scopes"]): Settings<never>["scopes"] => {
  if (typeof scopes === "function") return scopes
  return scopes === undefined
    ? ({ challenged, supported }) => challenged ?? supported ?? []
    : () => scopes
}

const makeSettings = Effect.fnUntraced(function*<R>(options: Options<R>) {
  const insecure = options.allowInsecureLoopback === true || (yield* AllowInsecureLoopback)
  const server = ResourceIdentifier.makeResult(options.server, { allowInsecureLoopback: insecure })
  if (Result.isFailure(server)) {
    return yield* new InvalidOptions({ option: "server", detail: server.failure.message })
  }
  const { attempts = 2, approve } = options.stepUp ?? {}
  if (!Number.isSafeInteger(attempts) || attempts < 0) {
    return yield* new InvalidOptions({ option: "stepUp.attempts", detail: "it is no whole number from 0" })
  }
  const settings: Settings<R> = {
    server: options.server,
    grant: options.grant,
    interactive: options.interactive !== "never",
    scopes: scopesOf(options.scopes),
    maxStepUps: attempts,
    approveStepUp: approve ?? (() => Effect.succeed(true)),
    dpopMode: options.dpop ?? "when-asked",
    resource: { resourceMatch: options.resourceMatch, hintPolicy: options.hintPolicy },
    discovery: options.discovery ?? {},
    legacy: options.legacy === true,
    loginTimeout: yield* positive("loginTimeout", options.loginTimeout ?? "5 minutes"),
    refreshAhead: Duration.toMillis(yield* positive("refreshAhead", options.refreshAhead ?? "30 seconds")),
    store: yield* CredentialStore,
    userAgent: Option.getOrUndefined(yield* Effect.serviceOption(UserAgent)),
    dpop: yield* makeDpop,
    events: yield* PubSub.sliding<OAuthEvent>(eventCapacity)
  }
  return { settings, insecure }
})

const makeService = Effect.fnUntraced(function*<R>(
  options: Options<R>
): Effect.fn.Return<Shape, InvalidOptions, HttpClient.HttpClient | CredentialStore | Scope.Scope | R> {
  const { insecure, settings } = yield* makeSettings(options)
  const http = yield* HttpClient.HttpClient
  // An address guard reads the switch for each request.
  const base = insecure
    ? HttpClient.transformResponse(http, Effect.provideService(AllowInsecureLoopback, true))
    : http
  const development = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, AllowInsecureLoopback, insecure)
  const renewal = yield* Effect.provideService(makeRenewal(settings), HttpClient.HttpClient, base).pipe(development)
  const { dpop, events, server } = settings
  return {
    client: makeResourceClient({ base, server, renewal, dpop }),
    tokens: Effect.map(renewal.current, Option.fromUndefinedOr),
    authorize: Effect.gen(function*() {
      const used = yield* renewal.current
      if (used !== undefined && (used.expiresAt ?? Infinity) > (yield* now)) return used
      return yield* renewal.renew({ used, challenge: undefined, isStepUp: false, isFresh: false })
    }),
    logout: logOut(settings, renewal).pipe(Effect.provideService(HttpClient.HttpClient, base), development),
    events: Stream.fromPubSub(events)
  }
})

/**
 * An `HttpClient` that logs in to one MCP server, over the `HttpClient` in context. Without users, as with
 * `interactive: "never"`, no `UserAgent` is needed.
 *
 * **Details**
 *
 * - All requests that need a token wait for one login or one refresh. It belongs to the layer: a request that ends, for
 *   example by the timeout of `McpClient`, does not end it.
 * - A refresh runs in a transaction of the `CredentialStore`, so that several processes on one store refresh once. A
 *   failure of the network never costs a refresh token.
 * - Errors are `HttpClientError`s with an `OAuthClientError` as their cause: see `errorOf`.
 *
 * **Gotchas**
 *
 * The `HttpClient` in context must not follow redirects by itself (`HttpClient.followRedirects`), because it would take
 * the token along. `fetch` is told not to.
 *
 * @category layers
 * @since 0.2.0
 */
export const layer: {
  <R = never>(
    options: Options<R> & { readonly interactive: "never" }
  ): Layer.Layer<
    McpOAuth | HttpClient.HttpClient,
    InvalidOptions,
    HttpClient.HttpClient | CredentialStore | Exclude<R, UserAgent>
  >
  <R = never>(
    options: Options<R>
  ): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions, HttpClient.HttpClient | CredentialStore | R>
} = <R = never>(
  options: Options<R>
): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions, HttpClient.HttpClient | CredentialStore | R> =>
  Layer.effectContext(
    Effect.map(
      makeService(options),
      (service) => Context.make(McpOAuth, service).pipe(Context.add(HttpClient.HttpClient, service.client))
    )
  )

/**
 * The same as `layer`, with options from the environment, by the `ConfigProvider` in context. The options of the program
 * replace those of the environment. All variables are in docs/options.md; the most important ones are:
 *
 * - `MCP_OAUTH_SERVER`: the URL of the MCP server.
 * - `MCP_OAUTH_CLIENT_NAME`: the name under which the client registers itself. Or `MCP_OAUTH_CLIENT_METADATA_URL`: its
 *   metadata document. Or `MCP_OAUTH_CLIENT_ID` and `MCP_OAUTH_ISSUER`: the client is registered by hand there.
 * - `MCP_OAUTH_GRANT`: `client_credentials` for a service without a user, together with `MCP_OAUTH_CLIENT_SECRET`.
 *
 * Fails with a `ConfigError` that lists every variable that is empty, unknown (with the closest known name), or required and
 * not set.
 *
 * **Example** (A service without users)
 *
 * ```ts import.meta.vitest
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
 * import * as ConfigProvider from "effect/ConfigProvider"
 * import * as Effect from "effect/Effect"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 *
 * const env = {
 *   MCP_OAUTH_SERVER: "https://api.example.com/mcp",
 *   MCP_OAUTH_GRANT: "client_credentials",
 *   MCP_OAUTH_ISSUER: "https://as.example.com",
 *   MCP_OAUTH_CLIENT_ID: "notes-sync",
 *   MCP_OAUTH_CLIENT_SECRETS: "misspelt"
 * }
 *
 * const service = McpOAuth.layerFromConfig({ interactive: "never" }).pipe(
 *   Layer.provide([CredentialStore.layerMemory, FetchHttpClient.layer]),
 *   Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
 * )
 * const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(service))))
 *
 * error.message.includes("rename it to MCP_OAUTH_CLIENT_SECRET") // => true
 * ```
 *
 * @category layers
 * @since 0.2.0
 */
export const layerFromConfig: {
  <R = never>(
    overrides: Partial<Options<R>> & { readonly interactive: "never" }
  ): Layer.Layer<
    McpOAuth | HttpClient.HttpClient,
    InvalidOptions | Config.ConfigError,
    HttpClient.HttpClient | CredentialStore | Exclude<R, UserAgent>
  >
  <R = never>(
    overrides?: Partial<Options<R>>
  ): Layer.Layer<
    McpOAuth | HttpClient.HttpClient,
    InvalidOptions | Config.ConfigError,
    HttpClient.HttpClient | CredentialStore | UserAgent | R
  >
} = <R = never>(
  overrides: Partial<Options<R>> = {}
): Layer.Layer<
  McpOAuth | HttpClient.HttpClient,
  InvalidOptions | Config.ConfigError,
  HttpClient.HttpClient | CredentialStore | UserAgent | R
> =>
  Layer.unwrap(Effect.map(
    configured(overrides),
    ({ grant, server, ...options }) => layer<R | UserAgent>({ ...options, ...overrides, server, grant })
  ))

/**
 * The reason of a failed request or of a failed `McpClient`: the typed error that their errors carry as a cause.
 * `undefined` if the reason is another one.
 *
 * **Example** (Telling the user to log in)
 *
 * ```ts import.meta.vitest
 * import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
 * import { LoginRequired } from "@effect-mcp-auth/core/OAuthClientError"
 *
 * const wrapped = { cause: new LoginRequired({ server: "https://api.example.com/mcp", reason: "not-interactive" }) }
 *
 * McpOAuth.errorOf(wrapped)?._tag // => "LoginRequired"
 * ```
 *
 * @category guards
 * @since 0.2.0
 */
export const errorOf = (error: unknown): OAuthClientError.OAuthClientError | undefined => OAuthClientError.find(error)

/**
 * Options for a client and its login together.
 *
 * @category models
 * @since 0.2.0
 */
export interface McpClientOptions<R = never>
  extends Options<R>, Omit<Parameters<typeof McpClient.layerHttp>[0], "url" | "headers">
{}

/**
 * Sends a request that every protected server refuses without a token, so that the login begins with its challenge. It
 * changes nothing at the server, and its result does not matter.
 */
const probe = Effect.fnUntraced(function*({ protocol, server }: McpClientOptions<unknown>, { client, tokens }: Shape) {
  if (Option.isSome(yield* tokens)) return
  const request = HttpClientRequest.post(server).pipe(
    HttpClientRequest.setHeaders({
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": protocol.protocolVersion,
      "mcp-method": "ping"
    }),
    HttpClientRequest.bodyText(`{"jsonrpc":"2.0","id":0,"method":"ping"}`, "application/json")
  )
  yield* HttpClient.withScope(client).execute(request).pipe(
    Effect.scoped,
    Effect.catch((error) => {
      const reason = errorOf(error)
      return reason === undefined ? Effect.void : Effect.fail(reason)
    })
  )
})

/**
 * An `McpClient` that logs in before it connects, so that the time that a user takes is not limited by the client's timeout.
 * Afterwards it is `McpClient.layerHttp` over `layer`.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerMcpClient = <R = never>(
  options: McpClientOptions<R>
): Layer.Layer<
  McpClient.McpClient | McpOAuth,
  InvalidOptions | OAuthClientError.OAuthClientError | McpClientError,
  HttpClient.HttpClient | CredentialStore | R
> =>
  Layer.unwrap(
    Effect.map(McpOAuth, (service) =>
      Layer.unwrap(Effect.as(probe(options, service), McpClient.layerHttp({ ...options, url: options.server }))))
  ).pipe(Layer.provideMerge(layer(options)), (merged) =>
    // The `HttpClient` with the token stays inside.
    Layer.effectContext(
      Effect.map(Layer.build(merged), (context) =>
        Context.pick(McpClient.McpClient, McpOAuth)(context))
    ))
