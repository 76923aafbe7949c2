/**
 * Protects an MCP server with one pipe.
 *
 * `protect` serves the metadata of the resource (RFC 9728), accepts requests with a valid token, responds to all others with
 * a challenge, and provides `AuthInfo` to every tool that requires it. `layer` builds only the service that other
 * routes use.
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
import { optionsFromConfig } from "./internal/environment.ts"
import { gate } from "./internal/gate.ts"
import { enforcePolicies, permanent, refusableOperations } from "./internal/mcpMiddleware.ts"
import { invalidScope } from "./internal/protectedResource.ts"
import { Registered, registrations } from "./internal/registrations.ts"
import { requestState } from "./internal/requestState.ts"
import { PublicDocuments, recordingRouter, routeOf, serveMetadata } from "./internal/serveMetadata.ts"
import { ServerSessions } from "./internal/serverSessions.ts"
import { type BuildError, checkPolicies, make, McpAuth, serviceWithInternals } from "./internal/service.ts"
import { InvalidOptions, type Options } from "./McpAuthOptions.ts"

export { development, DevelopmentInProduction } from "./internal/development.ts"

export { legacyAuthorizationServerMetadata, type LegacyOptions } from "./internal/legacyMetadata.ts"

export { gate as middleware } from "./internal/gate.ts"

export { layerStdio, type StdioOptions, type StdioUser } from "./internal/layerStdio.ts"

export { type BuildError, McpAuth } from "./internal/service.ts"

/**
 * The service that guards a resource.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E = never, R = never, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Layer.Layer<McpAuth, BuildError | E, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient> =>
  Layer.effect(McpAuth, make(options))

/**
 * The service of a resource with options from the environment, so that a container needs no code. Options of the program
 * replace those of the environment.
 *
 * **Details**
 *
 * `MCP_AUTH_RESOURCE` and one of `MCP_AUTH_ISSUER` and `MCP_AUTH_PRESET` are required, unless the program sets `resource` and
 * `authorizationServers`, or API keys are the only credentials. The entries of a list are separated by spaces or commas:
 *
 * - `MCP_AUTH_ISSUER`: the issuers whose tokens are accepted.
 * - `MCP_AUTH_PRESET`: the name of a preset, which determines the authorization server and how its tokens are verified. Its
 *   parameters are `MCP_AUTH_PRESET_` and the name of the parameter in upper snake case. Needs `Presets.layer`, which
 *   `NodeMcpAuth.layer` includes.
 * - `MCP_AUTH_METADATA_URL`, `MCP_AUTH_EXPECTED_ISSUER`, `MCP_AUTH_TOKEN_ISSUERS`: the metadata of a single issuer, if its
 *   URL or its issuer differs, and the issuers in access tokens.
 * - `MCP_AUTH_SCOPE_CLAIMS`, `MCP_AUTH_SUBJECT_CLAIM`, `MCP_AUTH_CLIENT_CLAIM`: the claims with scopes, subject and client.
 * - `MCP_AUTH_AUDIENCE_BY_ISSUER`: the audiences of single issuers, as JSON.
 * - `MCP_AUTH_TYPE`: `auto` (default), `oidc` or `oauth`; `MCP_AUTH_REPAIRS`: names of `Repairs`.
 * - `MCP_AUTH_AUDIENCE`: the audiences that are accepted instead of the resource.
 * - `MCP_AUTH_API_KEYS`: the API keys that are accepted, as a JSON list (`ApiKey`); `MCP_AUTH_TOKEN_HEADERS`: more headers
 *   in which clients may send a token (`tokenHeaders`).
 * - `MCP_AUTH_SCOPES_SUPPORTED`, `MCP_AUTH_REQUIRED_SCOPES`, `MCP_AUTH_ALLOWED_ORIGINS`, `MCP_AUTH_SERVED_PATH`.
 * - `MCP_AUTH_POLICY`: the policy of everything without a policy of its own, as JSON (`PolicyDeclaration`).
 * - `MCP_AUTH_SCOPE_HIERARCHY`: the scopes that cover other scopes, as JSON (`ScopeHierarchy.Rules`).
 * - `MCP_AUTH_CLIENT_ID`, `MCP_AUTH_CLIENT_SECRET`: the credentials for introspection of tokens that are not JWTs.
 * - `MCP_AUTH_FAILURES_PER_MINUTE`: the maximum number of invalid tokens of one client (`failureLimit`).
 * - `MCP_AUTH_REQUEST_STATE_SECRET`: one secret or a list, of which the first encrypts (`requestStateSecret`).
 * - `MCP_AUTH_SHOW_ERROR_DETAILS`.
 * - `MCP_AUTH_DEVELOPMENT`: the same as `development`, and refused in production. `MCP_AUTH_ALLOW_INSECURE_LOOPBACK`: a
 *   part of it.
 *
 * Fails with a `ConfigError` that lists every variable that is empty, unknown (with the closest known name), or required and
 * not set. An empty variable is an error, because it would silently switch a protection off.
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
    const auth = layer<
      E | Issuer.InvalidIssuer | Config.ConfigError,
      R | HttpClient.HttpClient | Scope.Scope,
      RV | HttpClient.HttpClient
    >({ ...options, ...overrides })
    return isDevelopment ? Layer.provide(auth, development) : auth
  }))

/**
 * Refuses a server that another resource has, too. A server layer is built once, so both resources would have the same tools,
 * and tokens for one resource would open the tools of the other.
 */
const refuseSharedServer = Layer.fresh(Layer.effectDiscard(Effect.gen(function*() {
  const { resource } = yield* McpAuth
  const documents = yield* PublicDocuments
  if (!(yield* documents.isFirstUse(yield* McpServer.McpServer))) {
    return yield* new InvalidOptions({ resource, reason: "shared-server" })
  }
})))

/** Reads the policies of a server, enforces them, and adds their scopes to metadata and challenges. */
const enforced = <S>() =>
  Layer.unwrap(Effect.gen(function*() {
    const { setPolicyScopes, resource, policySettings } = yield* serviceWithInternals
    const registered = yield* Registered
    const server = yield* McpServer.McpServer
    const registrationsFound = registrations(server, policySettings.policy)
    yield* checkPolicies(registrationsFound.policies(), resource)
    const invalid = invalidScope(registrationsFound.scopes())
    if (invalid !== undefined) return yield* new InvalidOptions({ resource, ...invalid })
    MutableRef.set(registered, registrationsFound)
    yield* setPolicyScopes(registrationsFound.scopes)
    // Outside of the policies, so that the refusal of a handler also names the scopes that the policies need.
    return permanent(
      enforcePolicies<S>(registrationsFound, yield* ServerAvailability).combine(refusableOperations(registrationsFound))
        .layerGlobal
    )
  }))

/**
 * Builds a server without the services that only its protection needs. A server keeps the services with which it is built,
 * and copies them for each request.
 */
const withoutInternals = <A, E, R>(self: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.updateContext(
      Layer.buildWithMemoMap(self, memoMap, scope),
      // These services are internal, so no server can require them.
      Context.omit(Registered, ServerAvailability, ServerSessions, PublicDocuments) as (
        context: Context.Context<R>
      ) => Context.Context<R>
    )
  )

/** Builds a server behind the gate, and checks that it serves the path of the resource. */
const serveBehindGate = <A, E, R>(self: Layer.Layer<A, E, R>) =>
  Layer.unwrap(Effect.gen(function*() {
    const { resource, servedPath } = yield* serviceWithInternals
    const router = yield* HttpRouter.HttpRouter
    const seen = new Set<string>()
    const sessions = yield* ServerSessions
    const recorded = recordingRouter(router, (path, services) => {
      seen.add(path)
      sessions.register(services)
    })
    yield* serveMetadata
    const check = Layer.effectDiscard(Effect.suspend(() =>
      seen.has(servedPath) || seen.has(routeOf(servedPath))
        ? Effect.void
        : Effect.fail(new InvalidOptions({ resource, reason: "not-served", subject: servedPath }))
    ))
    const behindGate = withoutInternals(self).pipe(
      Layer.provide(gate.layer),
      Layer.provide(Layer.succeed(HttpRouter.HttpRouter, recorded))
    )
    // The check runs after the server is built.
    return Layer.merge(behindGate, Layer.provide(check, behindGate))
  }))

/** The marker of the services that checks need. They are provided when the server is built, and never by a request. */
type CheckMarker = HttpRouter.Request<"Requires", Policy.Needs<unknown>>

/** Removes the markers. The enforcement of the policies requires the services themselves. */
const checkMarkers: Layer.Layer<CheckMarker> =
  // A marker exists in types only.
  Layer.succeedContext(Context.empty() as Context.Context<CheckMarker>)

/** The services that the checks on the tools of a server need. */
type Needed<R> = R extends HttpRouter.Request<"Requires", Policy.Needs<infer N>> ? N : never

/** The requirements of a protected server: without `AuthInfo`, but with a server to protect. */
type Requirements<A, R> =
  | Exclude<Exclude<R, CheckMarker>, HttpRouter.Request<"Requires", AuthInfo>>
  | Needed<R>
  | HttpRouter.HttpRouter
  | Exclude<McpServer.McpServer, A>

const protectedServer = <A, E, R>(
  self: Layer.Layer<A, E, R>
): Layer.Layer<A, E | InvalidOptions, Requirements<A, R> | McpAuth> => {
  const behindGate = serveBehindGate(Layer.provide(self, checkMarkers))
  const states = Layer.unwrap(
    Effect.map(serviceWithInternals, ({ requestStates }) => permanent(requestState(requestStates).layerGlobal))
  )
  // Middleware that is installed later runs outside. Policies are evaluated before a state is decrypted, so that the response
  // to a forged state does not reveal whether a hidden tool exists.
  const onServer = Layer.merge(refuseSharedServer, Layer.provideMerge(enforced<Needed<R>>(), states))
  const complete = Layer.merge(behindGate, Layer.provide(onServer, behindGate))
  return Layer.provideMerge(ServerAvailability.opened(), complete).pipe(
    Layer.provide([Registered.layer(), ServerAvailability.layer(), ServerSessions.layer()]),
    Layer.provide(PublicDocuments.layer)
  )
}

/**
 * Serves the metadata of the resource (RFC 9728), for programs that guard their routes with `middleware` or `BearerAuth`.
 * `protect` includes it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMetadata: Layer.Layer<never, InvalidOptions, McpAuth | HttpRouter.HttpRouter> = Layer.fresh(
  Layer.effectDiscard(serveMetadata)
).pipe(Layer.provide(PublicDocuments.layer))

/**
 * Protects an MCP server with the `McpAuth` in context, for example from `layerFromConfig`.
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
 * All routes of the server are behind the gate. A request with an invalid token gets a challenge. If nothing is open to
 * anonymous callers, a request without a token gets a challenge before its body is read. The metadata of the resource is
 * served without a token. Tools, resources, prompts and completions get `AuthInfo` for each request. Sessions and request
 * states belong to the principal that started them. Notification streams end when their token expires. The response to an
 * accepted request is sent to its end.
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
