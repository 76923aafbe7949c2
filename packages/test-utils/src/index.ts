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
 * An authorization server in memory, as an `HttpClient`.
 *
 * The code under test is the production code with its production layers: only the network is replaced. The provider
 * serves its metadata at the well-known URLs and its key set, mints tokens with fixed keys, counts requests, and suffers
 * whatever faults a test asks for. Everything that takes time takes it from the `Clock`.
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
