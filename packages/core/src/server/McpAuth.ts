/**
 * A protected MCP server is a layer with one more pipe.
 *
 * `protect` serves the resource's metadata (RFC 9728), lets in who has a valid token, answers everybody else with the
 * challenge that makes clients log in, and provides `AuthInfo` to every tool that asks for it. `layer` is the same
 * knowledge as a service, for whatever else a program serves.
 *
 * @since 0.1.0
 */
import * as McpServer from "effect/ai/McpServer"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import type * as Scope from "effect/Scope"
import type * as Issuer from "../metadata/Issuer.ts"
import type * as Policy from "../policy/Policy.ts"
import type { AuthInfo } from "../token/AuthInfo.ts"
import { ServerAvailability } from "./internal/availability.ts"
import { development, type DevelopmentInProduction } from "./internal/development.ts"
import { permanent, policies, refusable } from "./internal/enforcement.ts"
import { optionsFromConfig } from "./internal/environment.ts"
import { gate } from "./internal/gate.ts"
import { Registered, registrations } from "./internal/registrations.ts"
import { requestState } from "./internal/requestState.ts"
import { PublicDocuments, recording, routeOf, serveMetadata } from "./internal/serveMetadata.ts"
import { ServerSessions } from "./internal/serverSessions.ts"
import { type BuildError, checkPolicies, guard, make, McpAuth, problemOfScopes } from "./internal/service.ts"
import { InvalidOptions, type Options } from "./McpAuthOptions.ts"

export { development, DevelopmentInProduction } from "./internal/development.ts"

export { legacyAuthorizationServerMetadata, type LegacyOptions } from "./internal/legacyMetadata.ts"

export { gate as middleware } from "./internal/gate.ts"

export { layerStdio, type StdioOptions, type StdioUser } from "./internal/layerStdio.ts"

export { type BuildError, McpAuth } from "./internal/service.ts"

/**
 * What guards a resource, as a service.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E = never, R = never, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Layer.Layer<McpAuth, BuildError | E, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient> =>
  Layer.effect(McpAuth, make(options))

/**
 * The service of a resource whose options come from the environment, so that a container needs no code. Options that the
 * program gives replace those of the environment.
 *
 * **Details**
 *
 * `MCP_AUTH_RESOURCE` and `MCP_AUTH_ISSUER` are required, unless the program gives `resource` and `authorizationServers`. Lists are separated by spaces or commas:
 *
 * - `MCP_AUTH_ISSUER`: the issuers whose tokens are accepted.
 * - `MCP_AUTH_TYPE`: `auto` (default), `oidc` or `oauth`; `MCP_AUTH_REPAIRS`: names of `Repairs`.
 * - `MCP_AUTH_AUDIENCE`: the audiences that are accepted instead of the resource.
 * - `MCP_AUTH_SCOPES_SUPPORTED`, `MCP_AUTH_REQUIRED_SCOPES`, `MCP_AUTH_ALLOWED_ORIGINS`, `MCP_AUTH_SERVED_PATH`.
 * - `MCP_AUTH_POLICY`: who may use what has no policy of its own, as JSON (`PolicyDeclaration`).
 * - `MCP_AUTH_SCOPE_HIERARCHY`: which scopes cover others, as JSON (`ScopeHierarchy.Rules`).
 * - `MCP_AUTH_CLIENT_ID`, `MCP_AUTH_CLIENT_SECRET`: credentials for introspection, for tokens that are no JWTs.
 * - `MCP_AUTH_FAILURES_PER_MINUTE`: how many tokens of one client may fail (`failureLimit`).
 * - `MCP_AUTH_REQUEST_STATE_SECRET`: one secret or a list, of which the first encrypts (`requestStateSecret`).
 * - `MCP_AUTH_SHOW_ERROR_DETAILS`.
 * - `MCP_AUTH_DEVELOPMENT`: the same as `development`, and refused in production. `MCP_AUTH_ALLOW_INSECURE_LOOPBACK`: a
 *   part of it.
 *
 * Fails with a `ConfigError` that names every variable that is empty, unknown (with the closest known name) or required and
 * not set. An empty variable is never the same as one that is not set, because it would silently switch a defence off.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFromConfig = <E = never, R = never, RV = HttpClient.HttpClient>(
  overrides: Partial<Options<E, R, RV>> = {}
): Layer.Layer<
  McpAuth,
  BuildError | E | Issuer.InvalidIssuer | Config.ConfigError | DevelopmentInProduction,
  Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient
> =>
  Layer.unwrap(Effect.map(optionsFromConfig(overrides), ({ isDevelopment, options }) => {
    const auth = layer<E | Issuer.InvalidIssuer, R | HttpClient.HttpClient | Scope.Scope, RV | HttpClient.HttpClient>({
      ...options,
      ...overrides
    })
    return isDevelopment ? Layer.provide(auth, development) : auth
  }))

/**
 * What a server has belongs to one resource. Layers of servers share their tools, because each of them is built once:
 * tokens for one resource would then open the tools of another.
 */
const alone = Layer.fresh(Layer.effectDiscard(Effect.gen(function*() {
  const { resource } = yield* McpAuth
  const documents = yield* PublicDocuments
  if (!(yield* documents.isAlone(yield* McpServer.McpServer))) {
    return yield* new InvalidOptions({ resource, reason: "shared-server" })
  }
})))

/** Reads the policies of a server, enforces them, and says which scopes they speak of. */
const enforced = <S>() =>
  Layer.unwrap(Effect.gen(function*() {
    const { advertise, resource, terms } = yield* guard
    const registered = yield* Registered
    const server = yield* McpServer.McpServer
    const found = registrations(server, terms.policy)
    yield* checkPolicies(found.policies(), resource)
    const problem = problemOfScopes(found.scopes())
    if (problem !== undefined) return yield* new InvalidOptions({ resource, ...problem })
    MutableRef.set(registered, found)
    yield* advertise(found.scopes)
    // Around the policies, so that a refusal from within a handler names the scopes that these need as well.
    return permanent(policies<S>(found, yield* ServerAvailability).combine(refusable(server)).layerGlobal)
  }))

/** Builds a server behind the gate, and makes sure that what is guarded is what is served. */
const guarded = <A, E, R>(self: Layer.Layer<A, E, R>) =>
  Layer.unwrap(Effect.gen(function*() {
    const { resource, servedPath } = yield* guard
    const router = yield* HttpRouter.HttpRouter
    const seen = new Set<string>()
    const sessions = yield* ServerSessions
    const recorded = recording(router, (path, services) => {
      seen.add(path)
      sessions.found(services)
    })
    yield* serveMetadata
    const check = Layer.effectDiscard(Effect.suspend(() =>
      seen.has(servedPath) || seen.has(routeOf(servedPath))
        ? Effect.void
        : Effect.fail(new InvalidOptions({ resource, reason: "not-served", subject: servedPath }))
    ))
    const behindGate = self.pipe(
      Layer.provide(gate.layer),
      Layer.provide(Layer.succeed(HttpRouter.HttpRouter, recorded))
    )
    // The check comes after what it checks has been built.
    return Layer.merge(behindGate, Layer.provide(check, behindGate))
  }))

/** The marker of what checks need, which is there when the server is built and is nothing that a request could provide. */
type CheckMarker = HttpRouter.Request<"Requires", Policy.Needs<unknown>>

/** Takes the place of what the markers stand for: that is required by what enforces the policies. */
const checkMarkers: Layer.Layer<CheckMarker> =
  // A marker exists in types only.
  Layer.succeedContext(Context.empty() as Context.Context<CheckMarker>)

/** What the checks on the tools of a server need. */
type Needed<R> = R extends HttpRouter.Request<"Requires", Policy.Needs<infer N>> ? N : never

/** What a protected server still requires: no `AuthInfo` any more, but a server to protect. */
type Requirements<A, R> =
  | Exclude<Exclude<R, CheckMarker>, HttpRouter.Request<"Requires", AuthInfo>>
  | Needed<R>
  | HttpRouter.HttpRouter
  | Exclude<McpServer.McpServer, A>

const protectedServer = <A, E, R>(
  self: Layer.Layer<A, E, R>
): Layer.Layer<A, E | InvalidOptions, Requirements<A, R> | McpAuth> => {
  const behindGate = guarded(Layer.provide(self, checkMarkers))
  const states = Layer.unwrap(
    Effect.map(guard, ({ requestStates }) => permanent(requestState(requestStates).layerGlobal))
  )
  // Middleware that is installed later runs further out. Policies are judged before a state is opened, so that the answer to a
  // made-up state does not tell whether a hidden tool exists.
  const onServer = Layer.merge(alone, Layer.provideMerge(enforced<Needed<R>>(), states))
  const complete = Layer.merge(behindGate, Layer.provide(onServer, behindGate))
  return Layer.provideMerge(ServerAvailability.opened(), complete).pipe(
    Layer.provide([Registered.layer(), ServerAvailability.layer(), ServerSessions.layer()]),
    Layer.provide(PublicDocuments.layer)
  )
}

/**
 * Serves what the resource says about itself (RFC 9728), for programs that guard their routes by `middleware` or
 * `BearerAuth` alone. `protect` does so by itself.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMetadata: Layer.Layer<never, InvalidOptions, McpAuth | HttpRouter.HttpRouter> = Layer.fresh(
  Layer.effectDiscard(serveMetadata)
).pipe(Layer.provide(PublicDocuments.layer))

/**
 * Protects an MCP server by the `McpAuth` that is provided, for example by `layerFromConfig`.
 *
 * @category protecting
 * @since 0.1.0
 */
export function protect(): <A, E, R>(
  self: Layer.Layer<A, E, R>
) => Layer.Layer<A, E | InvalidOptions, Requirements<A, R> | McpAuth>
/**
 * Protects an MCP server.
 *
 * **Details**
 *
 * Everything that the server serves is behind the gate: who has no valid token gets the challenge, and nothing of the
 * request's body is read before. The resource's metadata is served beside it. Tools, resources, prompts and completions get
 * `AuthInfo` for each request. Sessions and request states belong to the principal who began them. Standing streams end
 * with the token they were opened with; the answer to a request that was let in goes on to its result.
 *
 * @category protecting
 * @since 0.1.0
 */
export function protect<E1 = never, R1 = never, RV = HttpClient.HttpClient>(
  options: Options<E1, R1, RV>
): <A, E, R>(self: Layer.Layer<A, E, R>) => Layer.Layer<
  A,
  E | BuildError | E1,
  Requirements<A, R> | HttpClient.HttpClient | Exclude<R1 | RV, Scope.Scope>
>
export function protect<E1, R1, RV>(options?: Options<E1, R1, RV>) {
  return <A, E, R>(self: Layer.Layer<A, E, R>) =>
    options === undefined ? protectedServer(self) : Layer.provide(protectedServer(self), layer(options))
}
