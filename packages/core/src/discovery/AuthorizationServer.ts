/**
 * An authorization server that a protected resource trusts.
 *
 * `discover` fetches the metadata when it is first needed. `fetch` fetches it at once, so that a program with a wrong
 * provider does not start. `make` makes no request. The first two keep the metadata fresh: single flight, background
 * refresh, bounded use of stale metadata while the provider is down. An invalid document never replaces a valid one.
 *
 * **Example** (Metadata from configuration)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Effect.gen(function*() {
 *   const server = yield* AuthorizationServer.make({
 *     type: "oauth",
 *     metadata: { issuer: "https://as.example.com", jwksUri: "https://as.example.com/jwks" }
 *   })
 *   const config = yield* server.config
 *   return config.issuer
 * })
 *
 * Effect.runSync(issuer) // => "https://as.example.com"
 * ```
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts"
import * as Issuer from "../metadata/Issuer.ts"
import * as Discovery from "./Discovery.ts"
import type { DiscoveryFailed } from "./DiscoveryError.ts"
import { knownSource, makeSource, type MetadataSource, TypeId, withKeys } from "./internal/metadataSource.ts"
import * as IssuerPolicy from "./IssuerPolicy.ts"
import * as Purpose from "./Purpose.ts"
import type { ServerConfig, ServerType } from "./ServerConfig.ts"
import * as Transpiler from "./Transpiler.ts"

/**
 * An authorization server. `E` is the error of fetching its metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationServer<out E = DiscoveryFailed<unknown>> {
  readonly [TypeId]: MetadataSource<E>
  /** The issuer, as configured. `config` has the issuer of the document. */
  readonly issuer: Issuer.Issuer
  /** The policy for the issuer in its documents, and in its tokens unless `tokenIssuers` names others. */
  readonly issuerPolicy: IssuerPolicy.IssuerPolicy
  /** The only issuers (`iss`) of its access tokens. `undefined`: that of its metadata. */
  readonly tokenIssuers?: TokenIssuers | undefined
  /** The URLs that replace those of its metadata. */
  readonly unsafeInternalUrls?: UnsafeInternalUrls | undefined
  /** The current metadata. */
  readonly config: Effect.Effect<ServerConfig, E>
}

/**
 * Issuers of access tokens, at least one.
 *
 * @category models
 * @since 0.1.0
 */
export type TokenIssuers = readonly [string, ...ReadonlyArray<string>]

/**
 * Options for access tokens whose issuer is not that of the metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenIssuerOptions {
  /**
   * The only issuers (`iss`) that access tokens of this server may have, compared character by character. The keys are
   * those of the metadata. For AD FS, whose access tokens name `access_token_issuer` ([MS-OIDCE], section 2.2.3.2):
   * `["http://adfs.example.com/adfs/services/trust"]`. A provider that is changing its issuer needs both, the old and
   * the new one. Nothing in a document or a token adds an issuer. Default: the issuer of the metadata (RFC 9068,
   * section 4).
   */
  readonly tokenIssuers?: TokenIssuers | undefined
}

/**
 * URLs inside the own network that replace those of the metadata. They can be plain http.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnsafeInternalUrls {
  /** The URL of the key set, in place of `jwks_uri`. */
  readonly jwks?: string | undefined
  /** The URL of the introspection endpoint, in place of `introspection_endpoint`. */
  readonly introspection?: string | undefined
}

/**
 * Options for a provider that is reached inside the own network, while its issuer is public.
 *
 * @category models
 * @since 0.1.0
 */
export interface InternalUrlOptions {
  /**
   * Request keys and introspection at these URLs only. Unsafe outside a private network: without TLS, anyone who can
   * answer in place of these URLs can forge tokens. The issuer in documents and tokens is checked as without the option,
   * and clients are still sent to the public URLs. `NodeMcpAuth` connects to the origins of these URLs without a proxy,
   * also if their addresses are private. Default: the URLs of the metadata.
   */
  readonly unsafeInternalUrls?: UnsafeInternalUrls | undefined
}

/**
 * Options for caching metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface CacheOptions {
  /**
   * How long metadata is fresh if the `Cache-Control` of its response says nothing about it. What it says counts between 1
   * minute and 24 hours. Default: 1 hour.
   */
  readonly lifetime?: Duration.Input | undefined
  /** How long after a successful fetch metadata may be used while the provider is down. Default: 24 hours. */
  readonly staleFor?: Duration.Input | undefined
}

/**
 * Options for a server that is discovered. The default purpose follows from the verifiers: `Purpose.jwtVerification`
 * for `TokenVerifier.jwt`, `Purpose.introspection` for `TokenVerifier.introspection`, and both for `firstOf` of the
 * two. If the provider supports only one of the two, that one is enough for a server that is discovered on first use.
 * Without a verifier, the default is `Purpose.verification`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R = never> extends Discovery.FetchOptions<R>, CacheOptions, TokenIssuerOptions {
  /**
   * As in `InternalUrlOptions`; `metadata` is the only URL at which the metadata is requested. Default: the public URLs.
   */
  readonly unsafeInternalUrls?: UnsafeInternalUrls & { readonly metadata?: string | undefined } | undefined
}

/** The strategy for the options, at the internal URL of the metadata if there is one. */
const strategyFor = <R>(options: Options<R>) => {
  const { type, unsafeInternalUrls: { metadata } = {} } = options
  return metadata === undefined
    ? Discovery.strategyOf(options)
    : Discovery.strategyOf(
      options,
      Discovery.unsafeInternalUrl(metadata, { type: type === "auto" ? undefined : type })
    )
}

/**
 * Options for a server that a strategy finds.
 *
 * @category models
 * @since 0.1.0
 */
export interface StrategyOptions extends Discovery.SearchOptions, CacheOptions, TokenIssuerOptions, InternalUrlOptions {
  /** The policy for the issuer in tokens before the metadata is known. Default: `IssuerPolicy.exact`. */
  readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined
}

const discovered = Effect.fnUntraced(function*<E, R>(
  strategy: Discovery.Strategy<E, R>,
  issuer: string,
  options: StrategyOptions,
  isEager: boolean
): Effect.fn.Return<AuthorizationServer<DiscoveryFailed<E>>, Issuer.InvalidIssuer, R | Scope.Scope> {
  const checked = yield* Issuer.make(issuer, options)
  const source = yield* makeSource(strategy, checked, options, isEager)
  return {
    [TypeId]: source,
    issuer: checked,
    issuerPolicy: options.issuerPolicy ?? IssuerPolicy.exact,
    tokenIssuers: options.tokenIssuers,
    unsafeInternalUrls: options.unsafeInternalUrls,
    config: source.config
  }
})

/**
 * Creates a server that a strategy finds when its metadata is first needed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromStrategy = <E, R>(
  strategy: Discovery.Strategy<E, R>,
  issuer: string,
  options: StrategyOptions = {}
): Effect.Effect<AuthorizationServer<DiscoveryFailed<E>>, Issuer.InvalidIssuer, R | Scope.Scope> =>
  discovered(strategy, issuer, options, false)

/**
 * Creates a server that is discovered when its metadata is first needed. Makes no request before that, so that a
 * program can start while its provider is down.
 *
 * @category constructors
 * @since 0.1.0
 */
export const discover = <R = never>(
  issuer: string,
  options: Options<R> = {}
): Effect.Effect<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer,
  HttpClient.HttpClient | R | Scope.Scope
> => fromStrategy(strategyFor(options), issuer, options)

/**
 * Discovers a server at once. Fails if discovery fails, so that a program with a wrong provider does not start. Its
 * keys are fetched when a verifier is built, so that no request waits for them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fetch = <R = never>(
  issuer: string,
  options: Options<R> = {}
): Effect.Effect<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer | DiscoveryFailed,
  HttpClient.HttpClient | R | Scope.Scope
> => Effect.tap(discovered(strategyFor(options), issuer, options, true), ({ config }) => config)

/**
 * Options for a server whose metadata is at a known URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface ByUrlOptions<R = never>
  extends Discovery.FetchByUrlOptions<R>, CacheOptions, TokenIssuerOptions, InternalUrlOptions
{}

const strategyByUrl = <R>(url: string, issuer: string, options: ByUrlOptions<R>) => {
  const { allowInsecureLoopback, transpileData = Transpiler.identity, type, validation } = options
  const strategy = Discovery.wellKnownUrl(url, issuer, {
    type: type === "auto" ? undefined : type,
    allowInsecureLoopback
  }).pipe(Discovery.transpile(transpileData))
  return validation === undefined ? strategy : Discovery.validate(strategy, validation)
}

/**
 * Creates a server whose metadata URL does not follow from its issuer. The metadata is fetched when it is first needed.
 * The issuer of the document must be `expectedIssuer`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const discoverByUrl = <R = never>(
  url: string,
  options: ByUrlOptions<R> & { readonly expectedIssuer: string }
): Effect.Effect<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer,
  HttpClient.HttpClient | R | Scope.Scope
> => fromStrategy(strategyByUrl(url, options.expectedIssuer, options), options.expectedIssuer, options)

/**
 * Fetches the metadata of a server at once, from a URL that does not follow from its issuer. Fails if the fetch fails.
 *
 * **Details**
 *
 * The issuer of the document must be `expectedIssuer`. Without that option, it must be an issuer whose metadata URL is
 * this URL, by one of the four forms of `WellKnown`, and every later document must have the same issuer.
 *
 * **Example** (By URL, with a repair)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as Repairs from "@effect-mcp-auth/core/Repairs"
 * import * as TestProvider from "@effect-mcp-auth/test-utils/TestProvider"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = AuthorizationServer.fetchByUrl("https://as.test/.well-known/openid-configuration", {
 *   transpileData: Repairs.pkce
 * }).pipe(Effect.map((server) => server.issuer), Effect.scoped, Effect.provide(TestProvider.layer()))
 *
 * await Effect.runPromise(issuer) // => "https://as.test"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fetchByUrl = Effect.fnUntraced(function*<R = never>(
  url: string,
  options: ByUrlOptions<R> = {}
): Effect.fn.Return<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer | DiscoveryFailed,
  HttpClient.HttpClient | R | Scope.Scope
> {
  const issuer = options.expectedIssuer ??
    (yield* Discovery.fetchServerConfigByWellKnownUrl(url, { ...options, purpose: Purpose.any })).issuer
  const server = yield* discovered(strategyByUrl(url, issuer, options), issuer, options, true)
  yield* server.config
  return server
})

/**
 * A JWK Set (RFC 7517, section 5).
 *
 * @category models
 * @since 0.1.0
 */
export interface KeySetDocument {
  readonly keys: ReadonlyArray<Schema.JsonObject>
}

/**
 * A server that is configured, and not discovered. `E` and `R` are those of the effect that loads its keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface KnownServer<E = never, R = never> {
  readonly type: ServerType
  readonly metadata: AuthorizationServerMetadata
  /**
   * The public keys, in place of those at `jwks_uri`: a JWK Set, or an effect that loads one from a file or a provider in
   * the same process. The effect runs when keys are first needed, when they are no longer fresh, and when a token has an
   * unknown key ID, as a request would. Default: the keys at `jwks_uri`.
   */
  readonly keys?: KeySetDocument | Effect.Effect<KeySetDocument, E, R> | undefined
}

/**
 * Creates a server from configured metadata, for a provider that publishes none. With `keys`, it makes no request.
 *
 * **Example** (Keys without a network)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as Effect from "effect/Effect"
 *
 * const server = AuthorizationServer.make({
 *   type: "oauth",
 *   metadata: { issuer: "https://as.example.com" },
 *   keys: Effect.succeed({ keys: [{ kty: "OKP", crv: "Ed25519", kid: "1", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
 * })
 *
 * const { issuer } = await Effect.runPromise(server)
 * issuer // => "https://as.example.com"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <E = never, R = never>(
  known: KnownServer<E, R>,
  options?: Discovery.SearchOptions & TokenIssuerOptions & InternalUrlOptions
): Effect.Effect<AuthorizationServer<E>, Issuer.InvalidIssuer | DiscoveryFailed, R> =>
  Effect.gen(function*() {
    const issuer = yield* Issuer.make(known.metadata.issuer, options)
    const config = yield* Discovery.discover(Discovery.manual(known.metadata, known), issuer, {
      ...options,
      purpose: known.keys === undefined || options?.purpose === undefined ? options?.purpose : withKeys(options.purpose)
    })
    const source = knownSource(config, options?.purpose, yield* keysOf(known))
    return {
      [TypeId]: source,
      issuer,
      issuerPolicy: IssuerPolicy.exact,
      tokenIssuers: options?.tokenIssuers,
      unsafeInternalUrls: options?.unsafeInternalUrls,
      config: source.config
    }
  })

/** The effect that loads configured keys, with its services. */
const keysOf = <E, R>(
  { keys }: KnownServer<E, R>
): Effect.Effect<Effect.Effect<Schema.JsonObject, E> | undefined, never, R> => {
  if (keys === undefined) return Effect.undefined
  const effect = Effect.isEffect(keys) ? keys : Effect.succeed(keys)
  return Effect.map(
    Effect.context<R>(),
    (context) => Effect.map(Effect.provide(effect, context), ({ keys }) => ({ keys }))
  )
}

/**
 * Whether the server may have issued a token with this issuer and these claims. Makes no request.
 *
 * @category judging
 * @since 0.1.0
 */
export const mayIssue = <E>(
  { issuer, issuerPolicy, tokenIssuers }: AuthorizationServer<E>,
  iss: string,
  claims: Schema.JsonObject = {}
): boolean =>
  tokenIssuers === undefined
    ? !iss.includes("{") && issuerPolicy.accepts({ asked: issuer, answered: iss, claims })
    : tokenIssuers.includes(iss)

/**
 * Whether the server issues tokens with this issuer and these claims, according to its metadata. The issuer must be
 * identical to that of the document. If that is a template (Entra ID), the issuer must match the template. If the server
 * has `tokenIssuers`, the issuer must be one of them.
 *
 * @category judging
 * @since 0.1.0
 */
export const issues = <E>(
  server: AuthorizationServer<E>,
  config: ServerConfig,
  iss: string,
  claims: Schema.JsonObject = {}
): boolean => {
  if (server.tokenIssuers !== undefined) return mayIssue(server, iss, claims)
  return config.issuer.includes("{")
    ? mayIssue(server, iss, claims) &&
      IssuerPolicy.template(config.issuer).accepts({ asked: server.issuer, answered: iss, claims })
    : config.issuer === iss
}
