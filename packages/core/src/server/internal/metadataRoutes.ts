import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { cors, type PublicDocument, respond } from "./publicDocument.ts"

type Document = Effect.Effect<PublicDocument>
type Find = (location: string) => Document | undefined

/** Serves what is found for a request, if anything. */
const serveFound = (find: Find) => (request: HttpServerRequest.HttpServerRequest) => {
  // A query that belongs to no document is nobody's matter.
  const document = find(request.url) ?? find(pathOf(request.url))
  return cors(
    document === undefined
      ? Effect.succeed(HttpServerResponse.empty({ status: 404 }))
      : Effect.map(document, (document) => respond(request, document))
  )
}

const pathOf = (location: string): string => location.replace(/\?.*$/, "")

/** A path as a route: what a colon means to a router, it does not mean in a URL. */
export const routeOf = (location: string): `/${string}` => `/${pathOf(location).replaceAll(":", "::").slice(1)}`

const make = Effect.gen(function*() {
  const router = yield* HttpRouter.HttpRouter
  const own = new Map<string, Document>()
  const common = new Map<string, ReadonlyArray<Document>>()
  const servers = new Set<object>()
  const find: Find = (location) => {
    const [alone, ...others] = common.get(location) ?? []
    return own.get(location) ?? (others.length === 0 ? alone : undefined)
  }
  // One route for all: what a router reads into a path (case, escapes, asterisks), a resource identifier does not mean.
  yield* router.add("*", "/.well-known/oauth-protected-resource/*", serveFound(find))
  return PublicDocuments.of({
    serve: (location, document) =>
      Effect.sync(() => {
        if (own.has(location)) return false
        own.set(location, document)
        return true
      }),
    serveIfAlone: (location, document) =>
      Effect.sync(() => {
        common.set(location, [...common.get(location) ?? [], document])
      }),
    isAlone: (server) =>
      Effect.sync(() => {
        const before = servers.size
        return servers.add(server).size > before
      })
  })
})

/**
 * The documents of one router. Several resources may share a place, the root form, which then names none of them.
 */
export class PublicDocuments extends Context.Service<PublicDocuments, {
  /** Serves a document at a path, with the query that belongs to it. Answers with `false` when there is one already. */
  readonly serve: (location: string, document: Document) => Effect.Effect<boolean>
  /** Serves a document at a path as long as no other wants to be there. */
  readonly serveIfAlone: (location: string, document: Document) => Effect.Effect<void>
  /** Whether a server has not been seen behind another resource. */
  readonly isAlone: (server: object) => Effect.Effect<boolean>
}>()("@effect-mcp-auth/core/server/internal/metadataRoutes/PublicDocuments") {
  /** One instance for all protected resources of a router, because a layer is built once. */
  static readonly layer: Layer.Layer<PublicDocuments, never, HttpRouter.HttpRouter> = Layer.effect(
    PublicDocuments,
    make
  )
}
