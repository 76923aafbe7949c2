/**
 * Generators for property tests: valid and invalid issuers, resource identifiers, and metadata documents.
 *
 * They cover the grammar of RFC 3986 that `Issuer` and `ResourceIdentifier` accept, including edge cases: empty
 * segments, percent-escapes of both cases, default ports, upper-case hosts, IPv6. Use them with `it.effect.prop`.
 *
 * **Example** (A property of issuers)
 *
 * ```ts import.meta.vitest
 * import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
 * import * as Arbitraries from "@effect-mcp-auth/test-utils/Arbitraries"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 *
 * const sameOrigin = Arbitrary.checkEffect(
 *   Arbitraries.issuer,
 *   (issuer) =>
 *     Effect.succeed(WellKnown.candidates(issuer).every((url) => new URL(url).origin === new URL(issuer).origin)),
 *   { runs: 100 }
 * )
 *
 * const { _tag } = await Effect.runPromise(sameOrigin)
 * _tag // => "Passed"
 * ```
 *
 * @since 0.1.0
 */
export * as Arbitraries from "./Arbitraries.ts"

/**
 * Faults of an authorization server, as data.
 *
 * A `TestProvider` applies a fault to an endpoint, for a number of requests. Several faults combine: a delay and a
 * status make a slow error.
 *
 * **Example** (A slow outage)
 *
 * ```ts import.meta.vitest
 * import * as Fault from "@effect-mcp-auth/test-utils/Fault"
 *
 * const fault = Fault.all(Fault.delay("2 seconds"), Fault.status(503, { "retry-after": "1" }))
 * fault._tag // => "All"
 * ```
 *
 * @since 0.1.0
 */
export * as Fault from "./Fault.ts"

/**
 * The metadata of real providers, as records, and the discovery options that each of them needs.
 *
 * The records are written from the providers' public documentation, with placeholders for tenants. No requests are
 * made. A record lists the documents of a provider with their URLs and defects, and the issuer policy and repairs that
 * discovery needs. `layer` serves a record's documents in memory, at their real URLs, to the production discovery.
 *
 * **Example** (The repairs of Amazon Cognito)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as Providers from "@effect-mcp-auth/test-utils/Providers"
 * import * as Effect from "effect/Effect"
 *
 * const { cognito } = Providers
 * const discovered = Discovery.fetchServerConfig(cognito.issuer, Providers.fetchOptions(cognito))
 * const config = await Effect.runPromise(Effect.provide(discovered, Providers.layer(cognito)))
 *
 * config.repairs.map(({ name }) => name) // => ["pkce"]
 * cognito.documents.map(({ errors }) => errors) // => [["pkce_not_supported"]]
 * ```
 *
 * @since 0.1.0
 */
export * as Providers from "./Providers.ts"

/**
 * A client for the tests of an MCP server: it builds the server and sends requests to it in memory.
 *
 * The server is the complete production layer: authentication, policies, sessions and CORS. Requests run with the
 * clock, the loggers and the tracer of the test. With `TestProvider`, a test of one tool needs three lines.
 *
 * **Example** (Calling a tool without and with the scope that it needs)
 *
 * ```ts import.meta.vitest
 * import { AuthorizationServer, McpAuth, Policy } from "@effect-mcp-auth/core"
 * import { TestClient, TestProvider } from "@effect-mcp-auth/test-utils"
 * import { Effect, Layer, Schema } from "effect"
 * import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
 *
 * const Count = Policy.tool(Policy.scopes("notes:read"))(Tool.make("Count", { success: Schema.Int }))
 * const tools = Toolkit.make(Count)
 * const server = McpServer.layerHttp({
 *   name: "notes",
 *   version: "1.0.0",
 *   path: "/mcp",
 *   protocols: [McpProtocol.v2026_07_28],
 *   registrations: McpServer.toolkit(tools).pipe(Layer.provide(tools.toLayer({ Count: () => Effect.succeed(3) })))
 * }).pipe(McpAuth.protect({
 *   resource: "https://api.test/mcp",
 *   authorizationServers: [AuthorizationServer.discover("https://as.test")]
 * }))
 *
 * const test = Effect.gen(function*() {
 *   const provider = yield* TestProvider.TestProvider
 *   const client = yield* TestClient.make(server, { url: "https://api.test/mcp" })
 *   const refused = yield* client.callTool("Count", {}, { token: yield* provider.mint({ claims: { scope: "other" } }) })
 *   const answer = yield* client.callTool("Count", {}, { token: yield* provider.mint({ claims: { scope: "notes:read" } }) })
 *   return [refused.status, refused.challenge?.scope, answer.result?.structuredContent]
 * }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
 *
 * await Effect.runPromise(test) // => [403, "notes:read", 3]
 * ```
 *
 * @since 0.1.0
 */
export * as TestClient from "./TestClient.ts"

/**
 * An authorization server in memory, as an `HttpClient`.
 *
 * Tests use the production code with its production layers; only the network is replaced. The provider serves its
 * metadata at the well-known URLs and its key set, mints tokens with fixed keys, answers introspection requests, counts
 * requests, and applies the faults of a test. All delays use the `Clock`.
 *
 * Clients log in to it, too: it registers them, checks PKCE, and rotates refresh tokens. `TestUser` is the user in front of
 * its authorization page.
 *
 * **Example** (Discovery during an outage)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as Fault from "@effect-mcp-auth/test-utils/Fault"
 * import * as TestProvider from "@effect-mcp-auth/test-utils/TestProvider"
 * import * as Effect from "effect/Effect"
 *
 * const outcome = Effect.gen(function*() {
 *   const provider = yield* TestProvider.TestProvider
 *   yield* provider.fault("metadata", Fault.status(404))
 *   const error = yield* Effect.flip(Discovery.fetchServerConfig(provider.issuer))
 *   return error._tag === "DiscoveryFailed" ? error.outcome : error._tag
 * })
 *
 * await Effect.runPromise(outcome.pipe(Effect.provide(TestProvider.layer()))) // => "Miss"
 * ```
 *
 * @since 0.1.0
 */
export * as TestProvider from "./TestProvider.ts"

/**
 * A user for the tests of an OAuth client: a `UserAgent` that answers the authorization page of `TestProvider`.
 *
 * The user consents, unless the test says otherwise. Time that the user takes passes by the `Clock`.
 *
 * **Example** (A client in memory, whose user first denies access, and then consents)
 *
 * ```ts import.meta.vitest
 * import { AuthorizationServer, ClientRegistration, CredentialStore, Grant, McpAuth, McpOAuth } from "@effect-mcp-auth/core"
 * import { TestClient, TestProvider, TestUser } from "@effect-mcp-auth/test-utils"
 * import { Effect, Layer, Schema } from "effect"
 * import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
 *
 * const url = "https://api.test/mcp"
 * const tools = Toolkit.make(Tool.make("Count", { success: Schema.Int }))
 * const server = McpServer.layerHttp({
 *   name: "notes",
 *   version: "1.0.0",
 *   path: "/mcp",
 *   protocols: [McpProtocol.v2026_07_28],
 *   registrations: McpServer.toolkit(tools).pipe(Layer.provide(tools.toLayer({ Count: () => Effect.succeed(3) })))
 * }).pipe(McpAuth.protect({
 *   resource: url,
 *   authorizationServers: [AuthorizationServer.discover("https://as.test")]
 * }))
 *
 * const client = McpOAuth.layer({
 *   server: url,
 *   grant: Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "test" }) })
 * })
 *
 * const test = Effect.gen(function*() {
 *   const user = yield* TestUser.TestUser
 *   const { authorize } = yield* McpOAuth.McpOAuth
 *   yield* user.next(TestUser.denies)
 *   const denied = yield* Effect.flip(authorize)
 *   const { granted } = yield* authorize
 *   return [denied._tag, granted, (yield* user.pages).length]
 * }).pipe(
 *   Effect.provide(client),
 *   Effect.provide([TestClient.layerNetwork(server, { url }), TestUser.layer(), CredentialStore.layerMemory]),
 *   Effect.provide(TestProvider.layer())
 * )
 *
 * await Effect.runPromise(test) // => ["AuthorizationRejected", [], 2]
 * ```
 *
 * @since 0.2.0
 */
export * as TestUser from "./TestUser.ts"
