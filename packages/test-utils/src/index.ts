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
