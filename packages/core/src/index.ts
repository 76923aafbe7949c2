/**
 * The metadata of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3), with the
 * members that later specifications registered.
 *
 * Members are snake_case in JSON and camelCase in code. Unknown members are kept in `additionalParameters` and survive
 * a round trip. The schema requires only `issuer`. Which other members a document needs depends on its use: see
 * `Discovery` (purpose) and `Validation` (rules). URL members are checked, and kept as strings. The defaults of the
 * RFCs are functions; they are never written into the document.
 *
 * **Example** (Decoding a document)
 *
 * ```ts import.meta.vitest
 * import * as Metadata from "@effect-mcp-auth/core/AuthorizationServerMetadata"
 * import * as Schema from "effect/Schema"
 *
 * const metadata = Schema.decodeUnknownSync(Metadata.AuthorizationServerMetadata)({
 *   issuer: "https://as.example.com",
 *   jwks_uri: "https://as.example.com/jwks",
 *   vendor_flag: true
 * })
 *
 * metadata.jwksUri // => "https://as.example.com/jwks"
 * metadata.additionalParameters // => { vendor_flag: true }
 * Metadata.grantTypes(metadata) // => ["authorization_code", "implicit"]
 * ```
 *
 * @since 0.1.0
 */
export * as AuthorizationServerMetadata from "./metadata/AuthorizationServerMetadata.ts"

/**
 * The switch for local development: whether `http` URLs of loopback hosts, and connections to them, are allowed.
 *
 * `McpAuth.development` switches it on. Issuers, resource identifiers and the URLs that are fetched are checked with it,
 * and HTTP clients with an address guard, such as `NodeMcpAuth`, read it for each request.
 *
 * **Example** (A check with the switch)
 *
 * ```ts import.meta.vitest
 * import * as InsecureLoopback from "@effect-mcp-auth/core/InsecureLoopback"
 * import * as Issuer from "@effect-mcp-auth/core/Issuer"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Issuer.make("http://localhost:4444").pipe(
 *   Effect.provideService(InsecureLoopback.AllowInsecureLoopback, true)
 * )
 *
 * Effect.runSync(issuer) // => "http://localhost:4444"
 * ```
 *
 * @since 0.1.0
 */
export * as InsecureLoopback from "./metadata/InsecureLoopback.ts"

/**
 * The issuer identifier of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3).
 *
 * Issuers are compared as strings: documents, tokens and authorization responses must contain the identical string (RFC
 * 8414, section 3.3; RFC 9207, section 2.4). So an issuer is kept exactly as written. A string that `new URL` would
 * silently rewrite is rejected, with a reason and a correction.
 *
 * @since 0.1.0
 */
export * as Issuer from "./metadata/Issuer.ts"

/**
 * The metadata of a protected resource (RFC 9728, section 2): an MCP server publishes it so that clients find its
 * authorization servers.
 *
 * Members are snake_case in JSON and camelCase in code. Unknown members are kept in `additionalParameters` and survive
 * a round trip; so do members with a language tag, such as `resource_name#de` (section 2.1).
 *
 * **Example** (Encoding a document)
 *
 * ```ts import.meta.vitest
 * import * as Metadata from "@effect-mcp-auth/core/ProtectedResourceMetadata"
 * import * as Schema from "effect/Schema"
 *
 * const document = Schema.encodeSync(Metadata.ProtectedResourceMetadata)({
 *   resource: "https://api.example.com/mcp",
 *   authorizationServers: ["https://auth.example.com/oidc"],
 *   scopesSupported: ["notes:read"]
 * })
 *
 * document["authorization_servers"] // => ["https://auth.example.com/oidc"]
 * ```
 *
 * @since 0.1.0
 */
export * as ProtectedResourceMetadata from "./metadata/ProtectedResourceMetadata.ts"

/**
 * The resource identifier of a protected resource (RFC 9728, section 1.2; RFC 8707, section 2): the URL of an MCP
 * server, which is the audience of its tokens.
 *
 * The rules are those of an issuer, but a query is allowed. The string is kept exactly as written, because tokens and
 * metadata must contain the identical string (RFC 9728, section 3.3).
 *
 * @since 0.1.0
 */
export * as ResourceIdentifier from "./metadata/ResourceIdentifier.ts"

/**
 * The well-known URLs of metadata: pure URL construction for RFC 8414, OpenID Connect Discovery and RFC 9728.
 *
 * URLs are built from the characters of the identifier, never by resolving a relative reference. Every URL keeps the
 * scheme, host and port of its identifier, and the exact path. `new URL(path, base)` keeps neither: an issuer such as
 * `https://as.example.com//t1` would become a URL of the host `t1`.
 *
 * @since 0.1.0
 */
export * as WellKnown from "./metadata/WellKnown.ts"

/**
 * Limits for fetching metadata: time, size, redirects and retries.
 *
 * The limits are a `Context.Reference`. They have defaults, and can be overridden for a whole program or for one call.
 *
 * @since 0.1.0
 */
export * as FetchLimits from "./fetch/FetchLimits.ts"

/**
 * Errors of fetching a metadata document.
 *
 * `MetadataFetchError` names the URL that was requested. Its `reason` says what happened: a closed set of tagged values
 * that carry data, not prose. The message is derived from the reason and says what to do next.
 *
 * @since 0.1.0
 */
export * as MetadataFetchError from "./fetch/MetadataFetchError.ts"

/**
 * A cache that several instances of a server share: metadata, keys and introspection responses.
 *
 * Without it, every instance fetches for itself. With it, a new instance finds the documents that others have fetched,
 * in Redis or in any other `Persistence` of Effect. Cached documents get the same checks as responses of the provider.
 * Entries are encrypted and authenticated: an attacker with access to the store can neither read nor forge them. While
 * the store is unavailable, every instance uses its own memory.
 *
 * **Example** (Sharing a cache between instances)
 *
 * ```ts import.meta.vitest
 * import * as SharedMemory from "@effect-mcp-auth/core/SharedMemory"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Persistence from "effect/persistence/Persistence"
 * import * as Redacted from "effect/Redacted"
 *
 * // In production: `Persistence.layerBackingRedis`, with `NodeRedis.layer` of `@effect/platform-node`.
 * const Shared = SharedMemory.layer({ secret: Redacted.make("the same random 32 characters for all") }).pipe(
 *   Layer.provide(Persistence.layerBackingMemory)
 * )
 *
 * const program = Effect.gen(function*() {
 *   const memory = yield* SharedMemory.SharedMemory
 *   yield* memory?.set("greeting", "hello", "1 second") ?? Effect.void
 *   return yield* memory?.get("greeting") ?? Effect.undefined
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Shared)) // => "hello"
 * ```
 *
 * @since 0.1.0
 */
export * as SharedMemory from "./fetch/SharedMemory.ts"

/**
 * The origin inside the own network that a request may reach, plain http included.
 *
 * The options `unsafeInternalUrls` of `AuthorizationServer` set it for the requests to these URLs. HTTP clients with an
 * address guard, such as `NodeMcpAuth`, read it for each request.
 *
 * @since 0.1.0
 */
export * as UnsafeInternalOrigin from "./fetch/UnsafeInternalOrigin.ts"

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
export * as AuthorizationServer from "./discovery/AuthorizationServer.ts"

/**
 * Discovery of an authorization server by its issuer.
 *
 * A strategy names candidate URLs, which are requested through the injected `HttpClient`. Each response passes the same
 * steps: limits, JSON, issuer policy on the raw document, repairs, schema, purpose, rules. A candidate that fails one
 * of them is an attempt with a typed error, and the search continues. If all candidates fail, `DiscoveryFailed` lists
 * the attempts in order.
 *
 * **Example** (A provider that does not advertise PKCE)
 *
 * ```ts no-check
 * const config = yield* Discovery.fetchServerConfig("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", {
 *   type: "oidc",
 *   transpileData: Repairs.pkce
 * })
 * ```
 *
 * @since 0.1.0
 */
export * as Discovery from "./discovery/Discovery.ts"

/**
 * Errors of discovery.
 *
 * A search requests several URLs. `DiscoveryFailed` keeps every attempt with its own typed error, in order. Its outcome
 * is the strongest outcome of the attempts. Its message helps an operator whose server does not start.
 *
 * @since 0.1.0
 */
export * as DiscoveryError from "./discovery/DiscoveryError.ts"

/**
 * Policies for the issuer of a document.
 *
 * RFC 8414, section 3.3 requires that the issuer of a document is identical to the requested issuer, and otherwise
 * forbids the use of the document. A policy checks the raw document, before any repair. Providers that deviate need
 * another policy, which is always chosen explicitly.
 *
 * @since 0.1.0
 */
export * as IssuerPolicy from "./discovery/IssuerPolicy.ts"

/**
 * The purpose of a metadata document, and the members that it needs.
 *
 * Some providers split their metadata: GitHub publishes PKCE in one document and the key set in another, WorkOS
 * publishes registration in one and `userinfo_endpoint` in the other. So a search has a purpose. If a document has the
 * right issuer but lacks a member, the search continues.
 *
 * @since 0.1.0
 */
export * as Purpose from "./discovery/Purpose.ts"

/**
 * Repairs for the metadata of real providers, by name.
 *
 * A repair adds facts that the document does not contain. So no repair is applied automatically: enable one only for a
 * provider for which it is correct.
 *
 * **Example** (Amazon Cognito supports PKCE without advertising it)
 *
 * ```ts import.meta.vitest
 * import * as Repairs from "@effect-mcp-auth/core/Repairs"
 * import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
 * import * as Effect from "effect/Effect"
 *
 * const document = { issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc" }
 * const { applied } = Effect.runSync(Transpiler.run(Repairs.pkce, document))
 *
 * applied.map(({ name }) => name) // => ["pkce"]
 * ```
 *
 * @since 0.1.0
 */
export * as Repairs from "./discovery/Repairs.ts"

/**
 * The configuration of a discovered authorization server: the metadata that the library trusts, and its origin.
 *
 * @since 0.1.0
 */
export * as ServerConfig from "./discovery/ServerConfig.ts"

/**
 * Repairs of metadata documents, as data.
 *
 * Some real providers publish documents with known defects. A repair has a name, a reason and a source, and changes the
 * raw JSON before it is decoded. Repairs compose and run in order. The result reports the changes of each repair. A
 * repair must not change `issuer` unless its name says so, because the issuer was checked before the repairs.
 *
 * @since 0.1.0
 */
export * as Transpiler from "./discovery/Transpiler.ts"

/**
 * The requirements of MCP for an authorization server, as rules that are data.
 *
 * A rule has a code, a severity, the MCP revision that introduced it, a reference, and advice for a server that breaks
 * it. `validate` runs rules over a configuration and reports errors, warnings and successes, and the rules that had nothing to
 * judge; `validateServerConfig` fails if there are errors. Rules are values in an array: you can add and remove rules.
 *
 * **Example** (Removing a rule)
 *
 * ```ts import.meta.vitest
 * import * as Validation from "@effect-mcp-auth/core/Validation"
 *
 * const metadata = { issuer: "https://as.example.com" }
 * const rules = Validation.without(Validation.rules, ["pkce_not_supported"])
 * const report = Validation.validate({ type: "oauth", metadata }, { rules })
 *
 * report.errors.map(({ code }) => code) // => ["invalid_server_metadata"]
 * ```
 *
 * @since 0.1.0
 */
export * as Validation from "./discovery/Validation.ts"

/**
 * API keys of this server, for scripts and services that do not log in with OAuth. `TokenVerifier.apiKeys` verifies them.
 *
 * The server stores the SHA-256 digest of each key, and never the key. So a leaked configuration or table contains no keys.
 * A plain digest is enough for random keys only: passwords and other short secrets can be guessed from it.
 *
 * **Example** (Generating a key)
 *
 * ```ts import.meta.vitest
 * import * as ApiKey from "@effect-mcp-auth/core/ApiKey"
 * import { SecureRandom } from "effect/crypto"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const generated = await Effect.runPromise(ApiKey.generate().pipe(Effect.provide(SecureRandom.layerWebCrypto)))
 *
 * // Give the key to its owner once. Store the hash.
 * Redacted.value(generated.key).length // => 47
 * generated.hash === await Effect.runPromise(ApiKey.hash(generated.key)) // => true
 * ```
 *
 * @since 0.1.0
 */
export * as ApiKey from "./token/ApiKey.ts"

/**
 * Rules about the audience of a token (RFC 8707, section 2; RFC 9068, section 4).
 *
 * A token that was issued for another service is valid for that service only. A server that accepts such a token lets the
 * other service act as the user. So an audience is always required: by default the resource itself. Every policy that
 * requires less says so in its name.
 *
 * **Example** (A provider that cannot issue tokens for a URL)
 *
 * ```ts import.meta.vitest
 * import * as AudiencePolicy from "@effect-mcp-auth/core/AudiencePolicy"
 *
 * const policy = AudiencePolicy.anyOf("api://notes")
 * const resource = "https://api.example.com/mcp"
 *
 * policy.accepts({ resource, audience: ["api://notes"], claims: {} }) // => true
 * policy.accepts({ resource, audience: [resource], claims: {} }) // => false
 * ```
 * @since 0.1.0
 */
export * as AudiencePolicy from "./token/AudiencePolicy.ts"

/**
 * The authenticated caller of the current request and its grants, as the verified token describes them.
 *
 * A tool, resource or prompt that declares `AuthInfo` as a dependency receives it for each request. A server with such a
 * tool does not compile until `McpAuth`, or another layer, provides it.
 *
 * **Example** (Reading claims with a schema)
 *
 * ```ts import.meta.vitest
 * import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import * as Schema from "effect/Schema"
 *
 * const whoAmI = Effect.map(AuthInfo.claims(Schema.Struct({ email: Schema.String })), ({ email }) => email)
 *
 * const request = AuthInfo.AuthInfo.of({
 *   token: Redacted.make("eyJ…"),
 *   issuer: "https://auth.example.com",
 *   subject: "user-1",
 *   clientId: "client-1",
 *   scopes: new Set(["notes:read"]),
 *   audience: ["https://api.example.com/mcp"],
 *   expiresAt: 1_900_000_000,
 *   claims: { sub: "user-1", email: "ada@example.com" }
 * })
 *
 * Effect.runSync(Effect.provideService(whoAmI, AuthInfo.AuthInfo, request)) // => "ada@example.com"
 * ```
 * @since 0.1.0
 */
export * as AuthInfo from "./token/AuthInfo.ts"

/**
 * The bearer token of a request (RFC 6750, section 2.1). It is read from the Authorization header, and from headers of your
 * own only if the option `tokenHeaders` names them.
 *
 * **Example** (Reading a request)
 *
 * ```ts import.meta.vitest
 * import * as BearerToken from "@effect-mcp-auth/core/BearerToken"
 * import * as Result from "effect/Result"
 *
 * const read = BearerToken.read({ authorization: ["bearer abc"], url: "/mcp" })
 * Result.isSuccess(read) // => true
 *
 * const twice = BearerToken.read({ authorization: ["Bearer abc", "Bearer def"], url: "/mcp" })
 * Result.isFailure(twice) && twice.failure.message // => "The request is refused: it has more than one Authorization header"
 * ```
 * @since 0.1.0
 */
export * as BearerToken from "./token/BearerToken.ts"

/**
 * Authentication of a resource server or a client to an authorization server (RFC 6749, section 2.3; OpenID Connect Core 1.0, section
 * 9): with a secret in a header, with a secret in the form, with an access token, or with a signed assertion that cannot
 * be reused.
 *
 * @since 0.1.0
 */
export * as ClientAuthentication from "./token/ClientAuthentication.ts"

/**
 * Trust in issuers that a function decides on at run time, such as the tenants of a service.
 *
 * For each issuer, the function returns the server to trust, or nothing. It is the allow-list: the sender of a token
 * chooses the issuer in it, so the function must never derive trust from the form of the string.
 *
 * **Example** (Tenants from a table)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as IssuerLookup from "@effect-mcp-auth/core/IssuerLookup"
 * import * as Effect from "effect/Effect"
 *
 * const tenants = new Set(["https://id.example.com/acme", "https://id.example.com/globex"])
 *
 * const verifier = IssuerLookup.make({
 *   lookup: (issuer) => Effect.succeed(tenants.has(issuer) ? AuthorizationServer.discover(issuer) : undefined)
 * })
 *
 * verifier.name // => "jwt by issuer"
 * ```
 *
 * @since 0.1.0
 */
export * as IssuerLookup from "./token/IssuerLookup.ts"

/**
 * The JWK Set of an authorization server (RFC 7517), cached and refreshed.
 *
 * Keys are fetched when they are first needed, in a single flight, and refreshed in the background. While the provider is
 * down, they are used for a limited time. An unknown key ID is the first sign of a key rotation, but any sender can invent
 * one. So all tokens with unknown keys of an issuer share an allowance of fetches (`refetches`). A known key ID causes no
 * fetch, for any algorithm, issuer or signature of the token. Keys that cannot be read, have another use, or are too weak
 * are ignored. Their key IDs count as known.
 *
 * A key with the member `issuer` verifies the tokens of that issuer only. The tenant-independent JWK Sets of Entra ID have
 * this member: `https://login.microsoftonline.com/{tenantid}/v2.0` for the keys of all tenants, and the issuer of one
 * tenant for its own keys. `{tenantid}` is replaced by the tenant in `iss`, which must be a GUID, and the result must equal
 * `iss` (Microsoft identity platform, access tokens, "Validate the signing key issuer"). One difference is accepted: a
 * version 1 token (`https://sts.windows.net/<tenant>/`) may be signed by a key that names
 * `https://login.microsoftonline.com/<tenant>/v2.0`, as Microsoft's own validator accepts it. A key whose `issuer` is not a
 * string is ignored. A key without the member verifies the tokens of every issuer of the JWK Set.
 *
 * @since 0.1.0
 */
export * as JwkSet from "./token/JwkSet.ts"

/**
 * Signatures of tokens (RFC 7515, RFC 7518, RFC 8037): the accepted algorithms, and the service that verifies.
 *
 * The algorithm in a token is chosen by its sender. So it is looked up in a list of asymmetric algorithms and must match
 * the key that the issuer published. `none` and `HS256` cannot be configured.
 *
 * @since 0.1.0
 */
export * as Jws from "./token/Jws.ts"

/**
 * Digests of tokens, which serve as cache keys.
 *
 * Caches store data about a token under its digest. So no cache contains a token, and neither does a store that several
 * processes share.
 *
 * @since 0.1.0
 */
export * as TokenDigest from "./token/TokenDigest.ts"

/**
 * Reasons to reject a request.
 *
 * Each class is a response that clients must tell apart: log in, correct the request, get another token, request more
 * scopes, or retry later. `Challenge` converts each to a response according to RFC 6750.
 *
 * @since 0.1.0
 */
export * as TokenError from "./token/TokenError.ts"

/**
 * Verification of bearer tokens: a token becomes an `AuthInfo` or a typed error.
 *
 * A `Method` is a way to verify tokens: by signature (`jwt`), by a request to the provider (`introspection`), or by your
 * own function (`custom`). The claims are then checked by the same rules for every method.
 *
 * @since 0.1.0
 */
export * as TokenVerifier from "./token/TokenVerifier.ts"

/**
 * Reading of the `WWW-Authenticate` header (RFC 9110, sections 11.2 to 11.6.1): the challenges of a response with status
 * 401 or 403.
 *
 * One header can hold several challenges, and the quoted text of one can look like another. So the header is read by its
 * grammar, not searched for a name. Reading never fails: a part that does not match the grammar is skipped up to the next
 * comma, and its challenge is marked.
 *
 * **Example** (Two challenges, and a decoy in a quoted string)
 *
 * ```ts import.meta.vitest
 * import * as WwwAuthenticate from "@effect-mcp-auth/core/WwwAuthenticate"
 *
 * const challenges = WwwAuthenticate.parse(
 *   `Basic realm="a, Bearer scope=\\"decoy\\"", Bearer scope="notes:read", error=invalid_token`
 * )
 *
 * challenges.map(({ scheme }) => scheme) // => ["basic", "bearer"]
 * const challenge = WwwAuthenticate.forTokens(challenges)
 * challenge?.parameters.get("error") // => "invalid_token"
 * challenge && WwwAuthenticate.scopes(challenge) // => ["notes:read"]
 * ```
 *
 * @since 0.2.0
 */
export * as WwwAuthenticate from "./token/WwwAuthenticate.ts"

/**
 * The metadata of a client (RFC 7591, section 2): what a client registers with, and what a client ID metadata document
 * contains (draft-ietf-oauth-client-id-metadata-document).
 *
 * A client with such a document needs no registration: its client ID is the URL of the document, and authorization servers
 * fetch it. Publish it with `serve`, or write `document` to a file that any web server serves.
 *
 * **Example** (A client ID metadata document)
 *
 * ```ts import.meta.vitest
 * import * as ClientMetadata from "@effect-mcp-auth/core/ClientMetadata"
 * import * as Effect from "effect/Effect"
 *
 * const document = Effect.runSync(ClientMetadata.document("https://app.example.com/oauth/client.json", {
 *   clientName: "Notes app",
 *   redirectUris: ["https://app.example.com/callback"]
 * }))
 *
 * document["client_id"] // => "https://app.example.com/oauth/client.json"
 * document["token_endpoint_auth_method"] // => "none"
 * ```
 *
 * @since 0.2.0
 */
export * as ClientMetadata from "./client/ClientMetadata.ts"

/**
 * How an authorization server knows a client: registered by hand, by a client ID metadata document, dynamically (RFC 7591),
 * or by what a user enters. MCP 2026-07-28 tries them in this order.
 *
 * **Example** (The order of MCP)
 *
 * ```ts import.meta.vitest
 * import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
 *
 * const registration = ClientRegistration.firstOf(
 *   ClientRegistration.preregistered({ issuer: "https://as.example.com", clientId: "notes-cli" }),
 *   ClientRegistration.metadataDocument("https://app.example.com/oauth/client.json"),
 *   ClientRegistration.dynamic({ clientName: "Notes CLI" })
 * )
 *
 * registration.ways.map(({ _tag }) => _tag) // => ["Preregistered", "MetadataDocument", "Dynamic"]
 * ```
 *
 * @since 0.2.0
 */
export * as ClientRegistration from "./client/ClientRegistration.ts"

/**
 * Where a client keeps its credentials: access tokens and refresh tokens by MCP server, and registrations by
 * authorization server.
 *
 * One store belongs to one user. A web backend has one for each user, for example a `KeyValueStore` with a prefix. The
 * store also has the lock that makes several fibers and processes refresh one token once (`transaction`).
 *
 * **Example** (A store in memory)
 *
 * ```ts import.meta.vitest
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const store = yield* CredentialStore.CredentialStore
 *   yield* store.setRegistration({ issuer: "https://as.example.com", clientId: "c1" })
 *   return (yield* store.registrations("https://as.example.com")).map(({ clientId }) => clientId)
 * })
 *
 * await Effect.runPromise(Effect.provide(program, CredentialStore.layerMemory)) // => ["c1"]
 * ```
 *
 * @since 0.2.0
 */
export * as CredentialStore from "./client/CredentialStore.ts"

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
export * as Grant from "./client/Grant.ts"

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
export * as Login from "./client/Login.ts"

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
export * as McpOAuth from "./client/McpOAuth.ts"

/**
 * Reasons why a client gets no access token. Each tells the program what to do: correct the configuration, ask the user to
 * log in, or retry later (`retryable`).
 *
 * Texts of authorization servers are quoted, and never contain what the client sent to them: codes, verifiers, tokens,
 * assertions and client secrets are removed.
 *
 * **Example** (Telling the user what to do)
 *
 * ```ts import.meta.vitest
 * import * as OAuthClientError from "@effect-mcp-auth/core/OAuthClientError"
 *
 * const error = new OAuthClientError.LoginRequired({ server: "https://api.example.com/mcp", reason: "not-interactive" })
 * OAuthClientError.isOAuthClientError(error) // => true
 * error.message // => `"https://api.example.com/mcp" requires a login, and this program must not start one (interactive: "never"). Log in with a program that may, and share its credential store`
 * ```
 *
 * @since 0.2.0
 */
export * as OAuthClientError from "./client/OAuthClientError.ts"

/**
 * What a client does to get access tokens, as events for programs that show it: the command `mcp-auth login`, or the status
 * line of a desktop program. No event contains a secret.
 *
 * **Example** (One line for each event)
 *
 * ```ts import.meta.vitest
 * import * as OAuthEvent from "@effect-mcp-auth/core/OAuthEvent"
 *
 * const event = OAuthEvent.OAuthEvent.TokenRefreshed({
 *   server: "https://api.example.com/mcp",
 *   issuer: "https://as.example.com",
 *   expiresAt: undefined
 * })
 *
 * OAuthEvent.describe(event) // => `Refreshed the access token for "https://api.example.com/mcp"`
 * ```
 *
 * @since 0.2.0
 */
export * as OAuthEvent from "./client/OAuthEvent.ts"

/**
 * How a client finds the metadata of an MCP server (RFC 9728): first at the URL that a challenge names, then at the
 * well-known URLs of the server.
 *
 * A challenge is the word of the server alone, so by default the metadata must be on the origin of the server, and must be
 * about the server.
 *
 * **Example** (Which metadata is about a server)
 *
 * ```ts import.meta.vitest
 * import * as ResourceDiscovery from "@effect-mcp-auth/core/ResourceDiscovery"
 *
 * ResourceDiscovery.covers("https://api.example.com", "https://api.example.com/mcp") // => true
 * ResourceDiscovery.covers("https://api.example.com/other", "https://api.example.com/mcp") // => false
 * ResourceDiscovery.exact("https://api.example.com", "https://api.example.com/mcp") // => false
 * ```
 *
 * @since 0.2.0
 */
export * as ResourceDiscovery from "./client/ResourceDiscovery.ts"

/**
 * How a user gets to the authorization page, and how the answer gets back to the client: a browser with a server on
 * loopback (`NodeUserAgent` of `@effect-mcp-auth/platform-node`), a page that a web backend redirects to, a terminal, or a
 * test.
 *
 * **Example** (A user agent for tests)
 *
 * ```ts import.meta.vitest
 * import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
 * import * as Effect from "effect/Effect"
 *
 * const consents = UserAgent.layerHeadless({
 *   redirectUri: "http://127.0.0.1:33418/callback",
 *   authorize: (url) => Effect.succeed(new URLSearchParams({ code: "c", state: url.searchParams.get("state") ?? "" }))
 * })
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const session = yield* (yield* UserAgent.UserAgent).open()
 *   const answer = yield* session.authorize(new URL("https://as.example.com/authorize?state=s"))
 *   return answer.get("state")
 * }))
 *
 * await Effect.runPromise(Effect.provide(program, consents)) // => "s"
 * ```
 *
 * @since 0.2.0
 */
export * as UserAgent from "./client/UserAgent.ts"

/**
 * Policies: declare who may use a tool, resource or prompt, next to its registration.
 *
 * A policy on a tool guards its calls and hides it from the lists of callers who may not call it. Its scopes go into the
 * challenge, so that clients can request them, and into the protected resource metadata.
 *
 * **Example** (A policy on a tool)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import { Tool } from "effect/ai"
 *
 * const policy = Policy.allOf(Policy.scopes("notes:write"), Policy.not(Policy.role("guest")))
 *
 * const AddNote = Policy.tool(policy)(Tool.make("AddNote"))
 *
 * String(policy) // => `allOf(scopes("notes:write"), not(role("guest")))`
 * AddNote.name // => "AddNote"
 * ```
 * @since 0.1.0
 */
export * as Policy from "./policy/Policy.ts"

/**
 * Policies as data, for a configuration, an environment variable, or the command line.
 *
 * Predicates, checks, and policies that are created for an operation need code, so they have no form here.
 *
 * **Example** (A policy from JSON)
 *
 * ```ts import.meta.vitest
 * import * as PolicyDeclaration from "@effect-mcp-auth/core/PolicyDeclaration"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(PolicyDeclaration.PolicyDeclaration))
 * const declared = read(`{ "allOf": [{ "scopes": ["notes:read"] }, { "not": { "role": "guest" } }] }`)
 *
 * String(PolicyDeclaration.toPolicy(declared)) // => `allOf(scopes("notes:read"), not(role("guest")))`
 * ```
 * @since 0.1.0
 */
export * as PolicyDeclaration from "./policy/PolicyDeclaration.ts"

/**
 * Which scopes are broader than others.
 *
 * A token with a broader scope may do everything that a narrower scope allows. A server that requires the narrower scope
 * must accept such a token (MCP 2026-07-28, Authorization, "Scope Challenge Handling"). OAuth defines no order of scopes
 * (RFC 6749, section 3.3). The hierarchy defines it once, for every comparison of scopes.
 *
 * **Example** (Writing implies reading, for every kind of resource)
 *
 * ```ts import.meta.vitest
 * import * as ScopeHierarchy from "@effect-mcp-auth/core/ScopeHierarchy"
 * import * as Effect from "effect/Effect"
 *
 * const hierarchy = Effect.runSync(ScopeHierarchy.make({
 *   "*:write": ["*:read"],
 *   "admin": ["*"]
 * }))
 *
 * hierarchy.covers(new Set(["notes:write"]), "notes:read") // => true
 * hierarchy.covers(new Set(["notes:write"]), "files:read") // => false
 * hierarchy.covers(new Set(["admin"]), "files:read") // => true
 * ```
 * @since 0.1.0
 */
export * as ScopeHierarchy from "./policy/ScopeHierarchy.ts"

/**
 * Authentication for an `HttpApi`: a security middleware that provides `AuthInfo` to its endpoints. The OpenAPI document
 * shows it as a bearer scheme.
 *
 * **Example** (An endpoint that returns its caller)
 *
 * ```ts import.meta.vitest
 * import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
 * import * as BearerAuth from "@effect-mcp-auth/core/BearerAuth"
 * import * as Effect from "effect/Effect"
 * import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
 * import * as Layer from "effect/Layer"
 * import * as Schema from "effect/Schema"
 *
 * const users = HttpApiGroup.make("users").add(
 *   HttpApiEndpoint.get("me", "/me", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
 * )
 * const api = HttpApi.make("notes").add(users)
 *
 * const handlers = HttpApiBuilder.group(api, "users", (handlers) =>
 *   handlers.handle("me", () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "no user"))
 * ).pipe(Layer.provide(BearerAuth.layer))
 *
 * Layer.isLayer(handlers) // => true
 * ```
 *
 * @since 0.1.0
 */
export * as BearerAuth from "./server/BearerAuth.ts"

/**
 * Responses to requests that are refused (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * Clients act on the status and on the headers only. After a 401 they log in. After a 403 with `insufficient_scope` they
 * request more scopes. After a 429 or 503 they retry with the same token. A request without credentials gets no error code.
 * Details of an error are sent only if `showErrorDetails` is on.
 *
 * **Example** (A request to log in)
 *
 * ```ts import.meta.vitest
 * import * as Challenge from "@effect-mcp-auth/core/Challenge"
 * import { MissingCredentials } from "@effect-mcp-auth/core/TokenError"
 *
 * const rejection = Challenge.rejection(new MissingCredentials(), {
 *   resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource/mcp",
 *   scopes: ["notes:read"]
 * })
 *
 * rejection.status // => 401
 * rejection.headers["www-authenticate"] // => `Bearer scope="notes:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`
 * ```
 *
 * @since 0.1.0
 */
export * as Challenge from "./server/Challenge.ts"

/**
 * Authentication for every server with `Request` and `Response`: Hono, the MCP TypeScript SDK, edge runtimes.
 *
 * Each request is either answered (metadata, a preflight, a challenge) or accepted with the `AuthInfo` of its token.
 *
 * **Example** (A request without a token)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as FetchAuth from "@effect-mcp-auth/core/FetchAuth"
 * import * as TestProvider from "@effect-mcp-auth/test-utils/TestProvider"
 * import * as Effect from "effect/Effect"
 *
 * const status = Effect.gen(function*() {
 *   const { authenticate } = yield* FetchAuth.make({
 *     resource: "https://api.example.com/mcp",
 *     authorizationServers: [AuthorizationServer.discover("https://as.test")]
 *   })
 *   const result = yield* authenticate(new Request("https://api.example.com/mcp", { method: "POST" }))
 *   return result._tag === "Answered" ? result.response.status : 200
 * })
 *
 * await Effect.runPromise(status.pipe(Effect.scoped, Effect.provide(TestProvider.layer()))) // => 401
 * ```
 *
 * @since 0.1.0
 */
export * as FetchAuth from "./server/FetchAuth.ts"

/**
 * Protects an MCP server with one pipe.
 *
 * `protect` serves the metadata of the resource (RFC 9728), accepts requests with a valid token, responds to all others with
 * a challenge, and provides `AuthInfo` to every tool that requires it. `layer` builds only the service that other
 * routes use.
 *
 * @since 0.1.0
 */
export * as McpAuth from "./server/McpAuth.ts"

/**
 * Options of a protected resource.
 *
 * @since 0.1.0
 */
export * as McpAuthOptions from "./server/McpAuthOptions.ts"
