/**
 * The metadata of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3), with the
 * members that later specifications registered.
 *
 * On the wire members are snake_case, in code camelCase. A member that is named here nowhere is kept in
 * `additionalParameters` and survives a round trip. Only `issuer` is required by the schema: what else a document must
 * have depends on what it is for, which is the matter of `Discovery` (purpose) and `Validation` (rules). URL members are
 * checked, and kept as the strings they are. The defaults of the RFCs are functions, never written into the document.
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
 * The issuer identifier of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3).
 *
 * An issuer is a string before it is a URL: documents, tokens and authorization responses must name it character by
 * character (RFC 8414, section 3.3; RFC 9207, section 2.4). So it is kept exactly as written, and a string that
 * `new URL` would silently rewrite is refused, with a reason and with what to write instead.
 *
 * @since 0.1.0
 */
export * as Issuer from "./metadata/Issuer.ts"

/**
 * The metadata of a protected resource (RFC 9728, section 2): what an MCP server says about itself so that clients find
 * its authorization servers.
 *
 * On the wire members are snake_case, in code camelCase. A member that is named here nowhere is kept in
 * `additionalParameters` and survives a round trip; so do members with a language tag, such as `resource_name#de`
 * (section 2.1).
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
 * server as its tokens' audience names it.
 *
 * The same rules as for an issuer, but a query may belong to it. The string is kept exactly as written, because tokens
 * and metadata must name it character by character (RFC 9728, section 3.3).
 *
 * @since 0.1.0
 */
export * as ResourceIdentifier from "./metadata/ResourceIdentifier.ts"

/**
 * Where metadata lives: pure URL construction for RFC 8414, OpenID Connect Discovery and RFC 9728.
 *
 * URLs are built from the characters of the identifier, never by resolving a reference against it: every URL keeps the
 * scheme, host and port of its identifier, and the path byte for byte. Joining with `new URL(path, base)` does neither:
 * an issuer such as `https://as.example.com//t1` then leads to the host `t1`.
 *
 * @since 0.1.0
 */
export * as WellKnown from "./metadata/WellKnown.ts"

/**
 * How long, how much and how often the engine fetches.
 *
 * The limits are a `Context.Reference`: nobody must provide them, anybody can, for a whole program or one call.
 *
 * @since 0.1.0
 */
export * as FetchLimits from "./fetch/FetchLimits.ts"

/**
 * Why a metadata document could not be had.
 *
 * One wrapper says which URL was asked, and its `reason` says what happened: a closed set of tagged values that carry
 * data, never prose. The message is derived from them and says what to do next.
 *
 * @since 0.1.0
 */
export * as MetadataFetchError from "./fetch/MetadataFetchError.ts"

/**
 * What several instances of a server know together: metadata, keys, and what was said about tokens.
 *
 * Without it every instance asks for itself. With it an instance that starts finds what others have fetched, in Redis or in
 * any other `Persistence` of Effect's. It is a memory and no authority: whatever is in it goes through the same judgement
 * as an answer of the provider's, it is sealed, so that whoever can read or write the store learns nothing and plants
 * nothing, and while the store cannot be reached every instance goes on with its own memory.
 *
 * **Example** (Instances that share what they know)
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
 *   yield* memory?.set("greeting", "hello", 1000) ?? Effect.void
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
 * An authorization server that a protected resource trusts: one value, however its metadata is known.
 *
 * `discover` asks when the metadata is first needed, `fetch` asks at once, so that a program with a wrong provider does
 * not start, and `make` asks nobody. The first two keep the metadata fresh: one request at a time for everybody, refreshed
 * in the background, used for a bounded time while the provider is down, and never replaced by a document that is not
 * right.
 *
 * **Example** (Metadata that is known by hand)
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
 * From an issuer to an authorization server that can be trusted, or to an error that says exactly what is wrong.
 *
 * Each place that a strategy names is asked through the injected `HttpClient`, and each answer goes the same way: limits,
 * JSON, issuer policy on the raw document, repairs, schema, purpose, rules. Whatever is not found there is an attempt with
 * a typed error, and the search goes on; when all have failed, `DiscoveryFailed` tells them in order.
 *
 * **Example** (A provider that says what MCP needs to know, but for PKCE)
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
 * Why no authorization server was found.
 *
 * A search asks several places, and each answers in its own way. `DiscoveryFailed` keeps every attempt with its own
 * typed error, in order, and is named by the strongest outcome. Its message is what a person needs who stands in front of
 * a server that does not start.
 *
 * @since 0.1.0
 */
export * as DiscoveryError from "./discovery/DiscoveryError.ts"

/**
 * Which issuer a document may name.
 *
 * A document is somebody's word until its issuer is judged: RFC 8414, section 3.3 demands that it be identical to the
 * issuer that was asked, and otherwise forbids its use. A policy is judged on the raw document, before any repair. Known
 * misfits of providers are met by naming another policy, never silently.
 *
 * @since 0.1.0
 */
export * as IssuerPolicy from "./discovery/IssuerPolicy.ts"

/**
 * What a document is for, and what it must have for that.
 *
 * Providers split their metadata: GitHub publishes PKCE in one document and the key set in another, WorkOS registration in
 * one and `userinfo_endpoint` in the other. So a search knows what it searches for. A document of the right issuer that
 * lacks something is kept, and the search goes on.
 *
 * @since 0.1.0
 */
export * as Purpose from "./discovery/Purpose.ts"

/**
 * The repairs that real providers need, by name.
 *
 * Each says more than the document does, so each is switched on for a provider by somebody who knows it, and none is
 * ever applied by itself.
 *
 * **Example** (Amazon Cognito does PKCE without saying so)
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
 * An authorization server as discovery found it: the metadata that the rest of the library trusts, and how it came about.
 *
 * @since 0.1.0
 */
export * as ServerConfig from "./discovery/ServerConfig.ts"

/**
 * Repairs of metadata documents, as data.
 *
 * Real providers publish documents that break a rule everyone knows the answer to. A repair names the misfit, says why
 * and by which source it may be mended, and changes the raw JSON before it is decoded. Repairs compose, run in order, and
 * the result tells which of them changed what. No repair changes `issuer`, unless its name says so: the issuer was judged
 * before, and a repair must not undo that.
 *
 * @since 0.1.0
 */
export * as Transpiler from "./discovery/Transpiler.ts"

/**
 * What MCP asks of an authorization server, as rules that are data.
 *
 * A rule has a code, a severity, the MCP revision that introduced it, a reference, and what to do when it is broken.
 * `validate` runs rules over a configuration and reports errors, warnings and successes; `validateServerConfig` fails
 * when there are errors. Rules are values in an array: add your own, drop what you know better.
 *
 * **Example** (Dropping a rule)
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
 * For whom a token must have been issued (RFC 8707, section 2; RFC 9068, section 4).
 *
 * A token that another service got from its user is good for that service only: whoever accepts it here lets that service
 * act as the user. So an audience is always demanded, by default the resource itself, and every way to demand less has a
 * name that says so.
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
 *
 * @since 0.1.0
 */
export * as AudiencePolicy from "./token/AudiencePolicy.ts"

/**
 * Who speaks, and with which rights: what a verified token says about the caller of the current request.
 *
 * A tool, resource or prompt that declares `AuthInfo` as a dependency gets it for each request. A server with such a tool
 * does not compile until somebody provides it, which is the work of `McpAuth`.
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
 *
 * @since 0.1.0
 */
export * as AuthInfo from "./token/AuthInfo.ts"

/**
 * The bearer token of a request (RFC 6750, section 2.1): from the Authorization header, and from nowhere else.
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
 *
 * @since 0.1.0
 */
export * as BearerToken from "./token/BearerToken.ts"

/**
 * How a resource server proves who it is when it asks an authorization server (RFC 6749, section 2.3; OpenID Connect Core
 * 1.0, section 9): with a secret in a header, with a secret in the form, or with a signature that no one can reuse.
 *
 * @since 0.1.0
 */
export * as ClientAuthentication from "./token/ClientAuthentication.ts"

/**
 * The key set of an authorization server (RFC 7517), kept fresh.
 *
 * Keys are fetched when they are first needed, one request at a time, refreshed in the background, and used for a bounded
 * time while the provider is down. An unknown key is the first sign of a rotation, but any sender can make up a key ID.
 * Unknown keys therefore share an allowance of fetches for each issuer (`refetches`). A key ID that is known causes no fetch,
 * whatever the algorithm, the issuer or the signature of the token is. Keys that cannot be read, are meant for something
 * else, or are too weak are passed over, and spoil nothing.
 *
 * A key with the member `issuer` verifies the tokens of that issuer only. The tenant-independent key sets of Entra ID have
 * this member: `https://login.microsoftonline.com/{tenantid}/v2.0` for the keys of all tenants, and the issuer of one tenant
 * for its own keys. With `{tenantid}` replaced by the tenant in `iss`, which must be a GUID, the member must equal `iss`
 * (Microsoft identity platform, access tokens, "Validate the signing key issuer"). One difference is accepted: a version 1
 * token (`https://sts.windows.net/<tenant>/`) may be signed by a key that names
 * `https://login.microsoftonline.com/<tenant>/v2.0`, as Microsoft's own validator accepts it. A key whose `issuer` is not a
 * string is passed over. A key without the member verifies the tokens of every issuer that the key set is for.
 *
 * @since 0.1.0
 */
export * as JwkSet from "./token/JwkSet.ts"

/**
 * Signatures of tokens (RFC 7515, RFC 7518, RFC 8037): which algorithms there are, which key fits which, and the service
 * that verifies.
 *
 * The algorithm of a token is a claim of its sender. It is looked up in a list of asymmetric algorithms, must fit the key
 * that its issuer published, and is never taken from the token alone. There is no way to name `none` or `HS256` here.
 *
 * @since 0.1.0
 */
export * as Jws from "./token/Jws.ts"

/**
 * Names for tokens that say nothing about them.
 *
 * What is remembered about a token is kept under its digest, so that no memory, and nothing that is shared with other
 * processes, holds a token.
 *
 * @since 0.1.0
 */
export * as TokenDigest from "./token/TokenDigest.ts"

/**
 * Why a request is not let in.
 *
 * One class for each answer that a client must tell apart: who sends nothing must log in, who sends nonsense must mend
 * the request, who sends a bad token must get another, who may do too little must ask for more, and who meets an outage
 * must come again. `Challenge` turns each into the answer of RFC 6750.
 *
 * @since 0.1.0
 */
export * as TokenError from "./token/TokenError.ts"

/**
 * From a bearer token to who it speaks for, or to a typed error that says why not.
 *
 * A `Method` says how tokens are verified: by signature (`jwt`), by asking the provider (`introspection`), or in a way of
 * your own (`custom`). Whatever the way, the claims are then held to the same rules and end in the same `AuthInfo`.
 *
 * @since 0.1.0
 */
export * as TokenVerifier from "./token/TokenVerifier.ts"

/**
 * Who may do what: said once, next to what it is about, and everything follows.
 *
 * A policy on a tool guards its calls, hides it from the lists of those who may not call it, puts its scopes into the
 * challenge that lets clients ask for more, and into the metadata that says which scopes there are.
 *
 * **Example** (Saying it on a tool)
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
 *
 * @since 0.1.0
 */
export * as Policy from "./policy/Policy.ts"

/**
 * Policies that are data: for a configuration, an environment variable, or the command line.
 *
 * What a policy of code can do and data cannot (predicates, checks, policies made for an operation) has no form here.
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
 *
 * @since 0.1.0
 */
export * as PolicyDeclaration from "./policy/PolicyDeclaration.ts"

/**
 * Which scopes are broader than others.
 *
 * A token with a broader scope may do whatever a narrower one allows, so a server that demands the narrower one must not
 * send its client away for it (MCP 2026-07-28, Authorization, "Scope Challenge Handling"). OAuth itself knows no order of
 * scopes (RFC 6749, section 3.3): it is said here, once, and holds wherever scopes are compared.
 *
 * **Example** (Writing implies reading, for every kind of thing)
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
 *
 * @since 0.1.0
 */
export * as ScopeHierarchy from "./policy/ScopeHierarchy.ts"

/**
 * The same verification for an `HttpApi`: a security middleware that provides `AuthInfo` to its endpoints, and shows up as
 * a bearer scheme in the OpenAPI document.
 *
 * **Example** (An endpoint that knows who calls)
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
 *   handlers.handle("me", () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "nobody"))
 * ).pipe(Layer.provide(BearerAuth.layer))
 *
 * Layer.isLayer(handlers) // => true
 * ```
 *
 * @since 0.1.0
 */
export * as BearerAuth from "./server/BearerAuth.ts"

/**
 * What a client hears that is not let in (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * Clients act on the status and on the `WWW-Authenticate` header alone: 401 makes them log in, 403 with
 * `insufficient_scope` makes them ask for more, 503 makes them come again with the same token. Who sends no credentials
 * hears no error code, and nobody hears more than they need to unless `showErrorDetails` is on.
 *
 * **Example** (Asking to log in)
 *
 * ```ts import.meta.vitest
 * import * as Challenge from "@effect-mcp-auth/core/Challenge"
 * import { MissingCredentials } from "@effect-mcp-auth/core/TokenError"
 *
 * const answer = Challenge.answer(new MissingCredentials(), {
 *   resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource/mcp",
 *   scopes: ["notes:read"]
 * })
 *
 * answer.status // => 401
 * answer.headers["www-authenticate"] // => `Bearer scope="notes:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`
 * ```
 *
 * @since 0.1.0
 */
export * as Challenge from "./server/Challenge.ts"

/**
 * The same verification for any server that speaks `Request` and `Response`: Hono, the MCP TypeScript SDK, an edge runtime.
 *
 * A request is either answered (the metadata, a preflight, a challenge) or let in with what its token says.
 *
 * **Example** (Asking without a token)
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
 * A protected MCP server is a layer with one more pipe.
 *
 * `protect` serves the resource's metadata (RFC 9728), lets in who has a valid token, answers everybody else with the
 * challenge that makes clients log in, and provides `AuthInfo` to every tool that asks for it. `layer` is the same
 * knowledge as a service, for whatever else a program serves.
 *
 * @since 0.1.0
 */
export * as McpAuth from "./server/McpAuth.ts"

/**
 * What a protected resource is told about itself.
 *
 * @since 0.1.0
 */
export * as McpAuthOptions from "./server/McpAuthOptions.ts"
