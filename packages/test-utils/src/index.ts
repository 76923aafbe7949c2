/**
 * Generators for property tests: issuers, resource identifiers, and what is nearly one.
 *
 * They speak the grammar of RFC 3986 as far as `Issuer` and `ResourceIdentifier` accept it, corners included: empty
 * segments, percent-escapes of both cases, default ports, upper-case hosts, IPv6. Use them with `it.effect.prop`.
 *
 * **Example** (A law about issuers)
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
 * What can be wrong with an authorization server, as data.
 *
 * A `TestProvider` is told which endpoint suffers from which fault, and for how many requests. Faults of one request add
 * up: a delay and a status make a slow error.
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
 * What real providers publish, as records, and what discovery needs to know about each of them.
 *
 * Written from the providers' public documentation, with placeholders for tenants: nobody is asked, and nothing here is
 * anybody's. A record says where a provider serves which documents, what is wrong with them, and by which issuer policy
 * and which repairs they are found and valid all the same. `layer` serves a record's documents in memory, at their real
 * URLs, to the production discovery.
 *
 * **Example** (What Amazon Cognito needs)
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
 * A client for the tests of an MCP server: it builds the server, and calls it in memory.
 *
 * The server is the production layer with everything in front of it: authentication, policies, sessions and CORS. Requests
 * run with the clock, the loggers and the tracer of the test. Together with `TestProvider`, a test of one tool needs three
 * lines.
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
 * The code under test is the production code with its production layers: only the network is replaced. The provider
 * serves its metadata at the well-known URLs and its key set, mints tokens with fixed keys and says what it thinks of
 * them, counts requests, and suffers whatever faults a test asks for. Everything that takes time takes it from the
 * `Clock`.
 *
 * **Example** (An outage, and what discovery says about it)
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
