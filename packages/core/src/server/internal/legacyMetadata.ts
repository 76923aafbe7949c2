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
 * What may be chosen about the older world.
 *
 * @category models
 * @since 0.1.0
 */
export interface LegacyOptions {
  /** Which of several authorization servers, by its issuer as configured. Default: the first. */
  readonly server?: string | undefined
  /** Whose issuer the document names. Default: `provider`. */
  readonly issuer?: "provider" | "resource" | undefined
}

const suffixes = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

/** Where clients look, at the origin and with the path of the resource, and the issuer that leads there. */
const placesOf = (resource: string) => {
  const { origin, pathname } = new URL(resource)
  const paths = pathname === "/" ? [""] : ["", pathname.replace(/\/$/, "")]
  return paths.flatMap((path) => suffixes.map((suffix) => ({ path: `${suffix}${path}`, issuer: `${origin}${path}` })))
}

const configOf = (server: AuthorizationServer<unknown>): Effect.Effect<ServerConfig, VerificationUnavailable> =>
  orUnavailable(server, server.config)

// What was decoded by the codec can be encoded by it.
const encode = (metadata: Metadata.AuthorizationServerMetadata) =>
  Effect.orDie(Schema.encodeEffect(Metadata.AuthorizationServerMetadata)(metadata))

/** The document, as somebody asks for it. */
const answer = (
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

/** A provider that names itself in authorization responses cannot be given another name. */
const refuseOtherName = Effect.fnUntraced(function*(resource: string, server: AuthorizationServer<unknown>) {
  const { metadata } = yield* configOf(server)
  if (!Metadata.authorizationResponseIss(metadata)) return
  return yield* new InvalidOptions({ resource, reason: "issuer-would-change", subject: metadata.issuer })
})

/** The places of one router that are taken. One instance for all resources, because a layer is built once. */
class Places extends Context.Service<Places, Set<string>>()(
  "@effect-mcp-auth/core/server/internal/legacyMetadata/Places"
) {
  static readonly layer = Layer.sync(Places, () => new Set())
}

/** Whether a place was free. Two resources of one host may want the same. */
const take = (path: string): Effect.Effect<boolean, never, Places> =>
  Effect.map(Places, (places) => {
    const before = places.size
    return places.add(path).size > before
  })

/**
 * Serves the metadata of an authorization server at the resource's own origin, for clients of MCP 2025-03-26, which look
 * for it there, and for clients that refuse the provider's own document: what is served is the document after its repairs.
 *
 * **Details**
 *
 * It needs the `McpAuth` of the resource. With `issuer: "provider"` (the default) the document keeps the provider's
 * issuer: right for clients that do not compare, which those of 2025-03-26 are. With `issuer: "resource"` it names the
 * origin it is served from, for clients that do; that is refused (`issuer-would-change`) when the provider names itself
 * in authorization responses, because such clients would then refuse every login (RFC 9207, section 2.4).
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
    if (renamed) yield* refuseOtherName(resource, server)
    for (const { issuer, path } of placesOf(resource)) {
      if (!(yield* take(path))) {
        return yield* new InvalidOptions({ resource, reason: "duplicate-resource", subject: path })
      }
      yield* router.add("*", routeOf(path), (request) => cors(answer(server, renamed ? issuer : undefined, request)))
    }
  })).pipe(Layer.provide(Places.layer))
