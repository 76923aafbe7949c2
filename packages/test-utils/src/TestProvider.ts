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
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { Fault } from "./Fault.ts"
import { all, type Name } from "./internal/likeProvider/all.ts"
import type { LikeProvider, TokenKind } from "./internal/likeProvider/model.ts"
import { makeLikeProvider } from "./internal/likeProvider/provider.ts"
import { mintFor, mintOpaqueFor } from "./internal/testProvider/mint.ts"
import { client } from "./internal/testProvider/network.ts"
import { makeState, type State } from "./internal/testProvider/state.ts"

import type { PageRefused } from "./internal/testProvider/logins.ts"
import type { Decision, Endpoint, MintOptions, OpaqueOptions, Options, Request } from "./internal/testProvider/model.ts"

export { PageRefused } from "./internal/testProvider/logins.ts"
export type {
  Algorithm,
  Client,
  Decision,
  Endpoint,
  MintOptions,
  OpaqueOptions,
  Options,
  Request
} from "./internal/testProvider/model.ts"
/**
 * Service that controls the provider of a test.
 *
 * @category services
 * @since 0.1.0
 */
export class TestProvider extends Context.Service<TestProvider, {
  readonly issuer: string
  /** The served document without faults. */
  readonly document: Schema.JsonObject
  /** The requests so far, in order. */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** The number of requests to an endpoint, or to all endpoints. */
  readonly count: (endpoint?: Endpoint) => Effect.Effect<number>
  /** The number of requests in flight, including their bodies. */
  readonly inFlight: Effect.Effect<number>
  /** The number of body bytes read so far. */
  readonly bytesSent: Effect.Effect<number>
  /** Applies a fault to an endpoint, permanently or for the next `times` requests. A later fault takes precedence. */
  readonly fault: (endpoint: Endpoint, fault: Fault, options?: { readonly times?: number }) => Effect.Effect<void>
  /** Ends all faults, or those of one endpoint. */
  readonly heal: (endpoint?: Endpoint) => Effect.Effect<void>
  /** Issues a JWT access token (RFC 9068). */
  readonly mint: (options?: MintOptions) => Effect.Effect<string>
  /** Issues an opaque access token. */
  readonly mintOpaque: (options?: OpaqueOptions) => Effect.Effect<string>
  /**
   * Answers an authorization page as its user decides, and returns where the browser goes next: the redirect URI of the
   * client with a code or an error. Default: the user grants what the client requests. `TestUser` does it for a client.
   */
  readonly authorize: (page: URL, decision?: Decision) => Effect.Effect<URL, PageRefused>
  /** How often a refresh token came a second time. */
  readonly reused: Effect.Effect<number>
  /** Ends all logins: their refresh tokens are refused, and introspection reports their access tokens as inactive. */
  readonly endLogins: Effect.Effect<void>
  /** Revokes a token: introspection then reports it as inactive. With a refresh token, its login ends. */
  readonly revoke: (token: string) => Effect.Effect<void>
  /** Rotates the keys. The old keys stay in the key set unless dropped. */
  readonly rotate: (options?: { readonly dropOld?: boolean }) => Effect.Effect<void>
  /** Adds a JSON value to the key set. */
  readonly addKey: (key: Schema.JsonObject) => Effect.Effect<void>
  /** Removes a key from the key set. */
  readonly removeKey: (kid: string) => Effect.Effect<void>
}>()("@effect-mcp-auth/test-utils/TestProvider") {}

const service = (state: State): TestProvider["Service"] =>
  TestProvider.of({
    issuer: state.issuer,
    document: state.document,
    requests: state.requests,
    count: (endpoint) =>
      Effect.map(state.requests, (requests) =>
        requests.filter((request) =>
          endpoint === undefined || state.concerns(endpoint, request.endpoint)
        ).length),
    inFlight: state.inFlight,
    bytesSent: state.bytesSent,
    fault: state.fault,
    heal: state.heal,
    mint: mintFor(state),
    mintOpaque: mintOpaqueFor(state),
    authorize: state.authorize,
    reused: state.reused,
    endLogins: state.endLogins,
    revoke: state.revoke,
    rotate: state.rotate,
    addKey: state.addKey,
    removeKey: state.removeKey
  })

/**
 * Several providers on one network. Requests to other hosts fail with `ENOTFOUND`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeNetwork = (...options: ReadonlyArray<Options>): Effect.Effect<{
  /** In the order of their options. */
  readonly providers: ReadonlyArray<TestProvider["Service"]>
  readonly client: HttpClient.HttpClient
}> =>
  Effect.map(Effect.forEach(options, (options) => makeState(options)), (states) => ({
    providers: states.map(service),
    client: client(states)
  }))

/**
 * A provider, and an `HttpClient` whose network contains only this provider.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<TestProvider | HttpClient.HttpClient> =>
  Layer.effectContext(Effect.map(makeState(options), (state) =>
    Context.make(TestProvider, service(state)).pipe(
      Context.add(HttpClient.HttpClient, client([state]))
    )))

/**
 * A provider that publishes the documents and issues the tokens of a product.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProductProvider {
  /** The provider, with its faults and its recorded requests. Its `mint` issues tokens of a conforming provider. */
  readonly provider: TestProvider["Service"]
  readonly client: HttpClient.HttpClient
  /** The origins that the client reaches. */
  readonly origins: ReadonlyArray<string>
  /** Parameters of the preset of this product that fit the provider. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Issues a token as the product does, for a resource. `claims` adds, replaces, or (with `undefined`) removes claims. */
  readonly issue: (
    kind: TokenKind,
    resource: string,
    claims?: { readonly [claim: string]: Schema.Json | undefined }
  ) => Effect.Effect<string>
  /** What a resource server must read from its access tokens. */
  readonly expected: LikeProvider["expected"]
  /** The kinds of tokens that the product issues. */
  readonly kinds: ReadonlyArray<TokenKind>
}

export type { Name as ProductName } from "./internal/likeProvider/all.ts"
export type { TokenKind } from "./internal/likeProvider/model.ts"

/**
 * The names of the products of `likeProvider`: those of their presets.
 *
 * @category constants
 * @since 0.1.0
 */
export const products: ReadonlyArray<Name> = Object.keys(all) as Array<Name>

/**
 * Creates a provider that publishes the documents and issues the tokens of a product, by the name of its preset.
 *
 * **Example** (A token of Keycloak)
 *
 * ```ts import.meta.vitest
 * import * as TestProvider from "@effect-mcp-auth/test-utils/TestProvider"
 * import * as Effect from "effect/Effect"
 *
 * const keycloak = Effect.runSync(TestProvider.likeProvider("keycloak"))
 * const token = await Effect.runPromise(keycloak.issue("access", "https://api.test/mcp"))
 *
 * token.split(".").length // => 3
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const likeProvider = (name: Name): Effect.Effect<ProductProvider> => {
  const fixture: LikeProvider = all[name]
  return Effect.map(makeLikeProvider(fixture), ({ client, mintLike, origins, state }) => ({
    provider: service(state),
    client,
    origins: [...origins],
    parameters: fixture.parameters,
    issue: (kind, resource, claims = {}) => mintLike(kind, resource, claims),
    expected: fixture.expected,
    // The keys of an object literal of this type.
    kinds: Object.keys(fixture.tokens("https://api.test/mcp")) as Array<TokenKind>
  }))
}
