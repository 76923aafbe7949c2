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
import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { type Decision, TestProvider } from "./TestProvider.ts"

/**
 * What a user does in front of an authorization page.
 *
 * @category models
 * @since 0.2.0
 */
export type Behaviour = Data.TaggedEnum<{
  Consents: Pick<Decision, "subject" | "scopes">
  Denies: {}
  ClosesWindow: {}
  NeverComes: {}
  MixesUp: { readonly issuer: string }
}>

const Behaviour = Data.taggedEnum<Behaviour>()

/**
 * Logs in and grants access. Default: as `user-1`, with all scopes that the client requests.
 *
 * @category behaviours
 * @since 0.2.0
 */
export const consents = (decision: Pick<Decision, "subject" | "scopes"> = {}): Behaviour => Behaviour.Consents(decision)

/**
 * Denies access: the client gets the error `access_denied`.
 *
 * @category behaviours
 * @since 0.2.0
 */
export const denies: Behaviour = Behaviour.Denies()

/**
 * Closes the window, and the user agent notices: it fails with `cancelled`.
 *
 * @category behaviours
 * @since 0.2.0
 */
export const closesWindow: Behaviour = Behaviour.ClosesWindow()

/**
 * Leaves the page open and never comes back, so that the login ends by its time limit.
 *
 * @category behaviours
 * @since 0.2.0
 */
export const neverComes: Behaviour = Behaviour.NeverComes()

/**
 * Consents, but an attacker makes the answer one of another authorization server (RFC 9207, section 1): the client must
 * reject it by its `iss`.
 *
 * @category behaviours
 * @since 0.2.0
 */
export const mixesUp = (issuer: string): Behaviour => Behaviour.MixesUp({ issuer })

/**
 * Options for a user.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options {
  /** What the user does. Default: `consents()`. */
  readonly behaviour?: Behaviour | undefined
  /** How long the user takes. Default: no time. */
  readonly takes?: Duration.Input | undefined
  /** Where the answer arrives. Default: `http://127.0.0.1:33418/callback`. */
  readonly redirectUri?: string | undefined
}

/**
 * Service that controls the user of a test.
 *
 * @category services
 * @since 0.2.0
 */
export class TestUser extends Context.Service<TestUser, {
  /** The authorization pages that were shown, in order. */
  readonly pages: Effect.Effect<ReadonlyArray<URL>>
  /** What the user does on the next page. After several calls, one page after another. */
  readonly next: (behaviour: Behaviour) => Effect.Effect<void>
  /** What the user does on all other pages from now on. */
  readonly does: (behaviour: Behaviour) => Effect.Effect<void>
}>()("@effect-mcp-auth/test-utils/TestUser") {}

/** The parameters that come back to the client. */
const answer = (provider: TestProvider["Service"], page: URL): (behaviour: Behaviour) => Effect.Effect<
  URLSearchParams,
  UserAgent.UserAgentFailed
> => {
  const authorize = (decision?: Decision) =>
    Effect.mapBoth(provider.authorize(page, decision), {
      onFailure: ({ message }) => new UserAgent.UserAgentFailed({ reason: "failed", detail: message }),
      onSuccess: ({ searchParams }) => searchParams
    })
  return Behaviour.$match({
    Consents: ({ scopes, subject }) => authorize({ scopes, subject }),
    Denies: () => authorize({ denies: true }),
    ClosesWindow: () => Effect.fail(new UserAgent.UserAgentFailed({ reason: "cancelled" })),
    NeverComes: () => Effect.never,
    MixesUp: ({ issuer }) =>
      Effect.map(authorize(), (parameters) => {
        parameters.set("iss", issuer)
        return parameters
      })
  })
}

/**
 * A user, and the `UserAgent` of the client under test.
 *
 * @category layers
 * @since 0.2.0
 */
export const layer = (
  { behaviour = consents(), redirectUri = "http://127.0.0.1:33418/callback", takes = 0 }: Options = {}
): Layer.Layer<TestUser | UserAgent.UserAgent, never, TestProvider> =>
  Layer.effectContext(Effect.gen(function*() {
    const provider = yield* TestProvider
    const pages = yield* Ref.make<ReadonlyArray<URL>>([])
    const usual = yield* Ref.make(behaviour)
    const queue = yield* Ref.make<ReadonlyArray<Behaviour>>([])
    const take = Effect.flatMap(
      Ref.modify(queue, ([first, ...others]) => [first, others]),
      (next) => next === undefined ? Ref.get(usual) : Effect.succeed(next)
    )
    const authorize = Effect.fnUntraced(function*(page: URL) {
      yield* Ref.update(pages, (all) => [...all, page])
      const behaviour = yield* take
      yield* Effect.sleep(takes)
      return yield* answer(provider, page)(behaviour)
    })
    return Context.make(TestUser, {
      pages: Ref.get(pages),
      next: (behaviour) => Ref.update(queue, (all) => [...all, behaviour]),
      does: (behaviour) => Ref.set(usual, behaviour)
    }).pipe(Context.add(UserAgent.UserAgent, { open: () => Effect.succeed({ redirectUri, authorize }) }))
  }))
