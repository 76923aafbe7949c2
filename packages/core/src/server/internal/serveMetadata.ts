import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import { InvalidOptions } from "../McpAuthOptions.ts"
import { McpAuth } from "./service.ts"

/** A document that anybody may read. */
export interface PublicDocument {
  readonly body: string
  readonly etag: string
}

const encodeJson = Schema.encodeEffect(Schema.fromJsonString(Schema.JsonObject))

const etagOf = (body: string): Effect.Effect<string> =>
  Effect.flatMap(Digest.Digest, (digest) => digest.digestHex(Digest.sha256, new TextEncoder().encode(body))).pipe(
    Effect.map((hash) => `"${hash.slice(0, 32)}"`),
    Effect.provide(Digest.layerWebCrypto)
  )

/** The document of a JSON object, which can always be written. */
export const publicDocument = Effect.fnUntraced(function*(json: Schema.JsonObject): Effect.fn.Return<PublicDocument> {
  const body = yield* Effect.orDie(encodeJson(json))
  return { body, etag: yield* etagOf(body) }
})

const methods = ["GET", "HEAD"]

/** Metadata changes with a deployment, and clients that log in must not wait long for that. */
const cacheControl = "public, max-age=3600"

/** RFC 9110, section 13.1.2: compared weakly, and an asterisk stands for whatever there is. */
const isKnown = (request: HttpServerRequest.HttpServerRequest, etag: string): boolean =>
  (request.headers["if-none-match"] ?? "").split(",").some((tag) =>
    ["*", etag].includes(tag.trim().replace(/^W\//, ""))
  )

/** The answer to whoever asks for a document. */
export const respond = (
  request: HttpServerRequest.HttpServerRequest,
  { body, etag }: PublicDocument
): HttpServerResponse.HttpServerResponse => {
  if (!methods.includes(request.method)) {
    return HttpServerResponse.empty({ status: 405, headers: { allow: [...methods, "OPTIONS"].join(", ") } })
  }
  const headers = { etag, "cache-control": cacheControl }
  return isKnown(request, etag)
    ? HttpServerResponse.empty({ status: 304, headers })
    : HttpServerResponse.text(body, { headers, contentType: "application/json" })
}

// Public data without credentials: any page may read it, and browser clients have to.
export const cors = HttpMiddleware.cors({ allowedMethods: methods, exposedHeaders: ["ETag"] })

/** The part of a URL that a server of its origin is asked for. */
export const locationOf = (url: string): string => url.replace(/^https?:\/\/[^/?]*/i, "")

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
}>()("@effect-mcp-auth/core/server/internal/serveMetadata/PublicDocuments") {
  /** One instance for all protected resources of a router, because a layer is built once. */
  static readonly layer: Layer.Layer<PublicDocuments, never, HttpRouter.HttpRouter> = Layer.effect(
    PublicDocuments,
    make
  )
}

/** A router that reports the paths of the routes that are added to it, and the services that are there at that time. */
export const recording = (
  router: HttpRouter.HttpRouter,
  report: (path: string, services: Context.Context<never>) => void,
  prefix = ""
): HttpRouter.HttpRouter =>
  HttpRouter.HttpRouter.of({
    ...router,
    prefixed: (more) => recording(router.prefixed(more), report, `${prefix}${more.replace(/\/$/, "")}`),
    add: (method, path, handler, options) =>
      Effect.contextWith((services: Context.Context<never>) => {
        report(`${prefix}${path}`, services)
        return router.add(method, path, handler, options)
      }),
    addAll: (routes) =>
      Effect.contextWith((services: Context.Context<never>) => {
        for (const { path } of routes) report(`${prefix}${path}`, services)
        return router.addAll(routes)
      })
  })

const documentOf = (metadata: ProtectedResourceMetadata) =>
  // The metadata was checked by its type, so it can be written.
  Effect.flatMap(Effect.orDie(Schema.encodeEffect(ProtectedResourceMetadata)(metadata)), publicDocument)

/** The document of what is said now: the scopes of a server follow its tools. Made again only when something changes. */
const latest = Effect.fnUntraced(function*(metadata: Effect.Effect<ProtectedResourceMetadata>) {
  const documents = yield* Cache.make({ capacity: 1, lookup: documentOf })
  return Effect.flatMap(metadata, (metadata) => Cache.get(documents, metadata))
})

/** Serves what the resource says about itself: at its own place, and at the root if no other resource is there. */
export const serveMetadata = Effect.gen(function*() {
  const { metadata, metadataUrl, resource } = yield* McpAuth
  const documents = yield* PublicDocuments
  const document = yield* latest(metadata)
  const location = locationOf(metadataUrl)
  const root = locationOf(WellKnown.protectedResourceRoot(resource))
  if (!(yield* documents.serve(location, document))) {
    return yield* new InvalidOptions({ resource, reason: "duplicate-resource" })
  }
  if (root !== location) yield* documents.serveIfAlone(root, document)
})
