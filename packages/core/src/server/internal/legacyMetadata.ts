import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import * as Metadata from "../../metadata/AuthorizationServerMetadata.ts"
import { orUnavailable } from "../../token/internal/unavailable.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"
import { retryAfterOf } from "../Challenge.ts"
import { InvalidOptions } from "../McpAuthOptions.ts"
import { cors, publicDocument, respond, routeOf } from "./serveMetadata.ts"
import { McpAuth } from "./service.ts"

/**
 * Options for the metadata of legacy clients.
 *
 * @category models
 * @since 0.1.0
 */
export interface LegacyOptions {
  /** The issuer of the authorization server, as configured. Default: that of the first server. */
  readonly server?: string | undefined
  /** The issuer in the document: that of the provider, or the origin of the resource. Default: `provider`. */
  readonly issuer?: "provider" | "resource" | undefined
}

const suffixes = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

/** The paths that clients request, at the origin and below the path of the resource, with the issuer of each. */
const locationsOf = (resource: string) => {
  const { origin, pathname } = new URL(resource)
  const paths = pathname === "/" ? [""] : ["", pathname.replace(/\/$/, "")]
  return paths.flatMap((path) => suffixes.map((suffix) => ({ path: `${suffix}${path}`, issuer: `${origin}${path}` })))
}

const configOf = (server: AuthorizationServer<unknown>): Effect.Effect<ServerConfig, VerificationUnavailable> =>
  orUnavailable(server, server.config)

// The codec decoded the metadata, so it can encode it.
const encode = (metadata: Metadata.AuthorizationServerMetadata) =>
  Effect.orDie(Schema.encodeEffect(Metadata.AuthorizationServerMetadata)(metadata))

/** Responds with the document. */
const respondWithMetadata = (
  server: AuthorizationServer<unknown>,
  issuer: string | undefined,
  request: HttpServerRequest.HttpServerRequest
) =>
  configOf(server).pipe(
    Effect.flatMap(({ metadata }) => encode(issuer === undefined ? metadata : { ...metadata, issuer })),
    Effect.flatMap(publicDocument),
    Effect.map((document) => respond(request, document)),
    Effect.catchTag("VerificationUnavailable", (error) => {
      const headers = { "retry-after": String(Duration.toSeconds(retryAfterOf(error))) }
      return Effect.succeed(HttpServerResponse.empty({ status: 503, headers }))
    })
  )

/** Refuses another issuer for a provider that sends its own issuer in authorization responses. */
const checkIssuerCanChange = Effect.fnUntraced(function*(resource: string, server: AuthorizationServer<unknown>) {
  const { metadata } = yield* configOf(server)
  if (!Metadata.authorizationResponseIss(metadata)) return
  return yield* new InvalidOptions({ resource, reason: "issuer-would-change", subject: metadata.issuer })
})

/** The paths of one router that are taken. All resources share one instance, because a layer is built once. */
class TakenPaths extends Context.Service<TakenPaths, Set<string>>()(
  "@effect-mcp-auth/core/server/internal/legacyMetadata/TakenPaths"
) {
  static readonly layer = Layer.sync(TakenPaths, () => new Set())
}

/** Takes a path. Returns `false` if another resource of the same host has it. */
const take = (path: string): Effect.Effect<boolean, never, TakenPaths> =>
  Effect.map(TakenPaths, (paths) => {
    const before = paths.size
    return paths.add(path).size > before
  })

/**
 * Serves the metadata of an authorization server at the origin of the resource. Clients of MCP 2025-03-26 look for it there.
 * It also helps clients that cannot read the provider's document, because the document is served with its repairs.
 *
 * **Details**
 *
 * It needs the `McpAuth` of the resource. With `issuer: "provider"` (the default) the document keeps the provider's issuer.
 * This suits clients that do not compare issuers, such as those of 2025-03-26. With `issuer: "resource"` the document has the
 * origin that serves it, for clients that compare. This is refused (`issuer-would-change`) if the provider sends its issuer
 * in authorization responses, because clients would then refuse every login (RFC 9207, section 2.4).
 *
 * @category legacy
 * @since 0.1.0
 */
export const legacyAuthorizationServerMetadata = (
  options: LegacyOptions = {}
): Layer.Layer<never, InvalidOptions | VerificationUnavailable, McpAuth | HttpRouter.HttpRouter> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const { authorizationServers, resource } = yield* McpAuth
    const router = yield* HttpRouter.HttpRouter
    const server = authorizationServers.find(({ issuer }) => options.server === undefined || options.server === issuer)
    if (server === undefined) return yield* new InvalidOptions({ resource, reason: "no-authorization-server" })
    const renamed = options.issuer === "resource"
    if (renamed) yield* checkIssuerCanChange(resource, server)
    for (const { issuer, path } of locationsOf(resource)) {
      if (!(yield* take(path))) {
        return yield* new InvalidOptions({ resource, reason: "duplicate-resource", subject: path })
      }
      yield* router.add(
        "*",
        routeOf(path),
        (request) => cors(respondWithMetadata(server, renamed ? issuer : undefined, request))
      )
    }
  })).pipe(Layer.provide(TakenPaths.layer))
