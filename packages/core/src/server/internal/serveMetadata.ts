import * as Arr from "effect/Array"
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
import { byAskedHost } from "./resourceNames.ts"
import { serviceWithInternals } from "./service.ts"

/** A document that needs no token. */
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

/** The document of a JSON object. */
export const publicDocument = Effect.fnUntraced(function*(json: Schema.JsonObject): Effect.fn.Return<PublicDocument> {
  const body = yield* Effect.orDie(encodeJson(json))
  return { body, etag: yield* etagOf(body) }
})

const methods = ["GET", "HEAD"]

/** Metadata changes with a deployment, and clients should see a change within an hour. */
const cacheControl = "public, max-age=3600"

/** Whether the client has this document (RFC 9110, section 13.1.2): weak comparison, and `*` matches every document. */
const isNotModified = (request: HttpServerRequest.HttpServerRequest, etag: string): boolean =>
  (request.headers["if-none-match"] ?? "").split(",").some((tag) =>
    ["*", etag].includes(tag.trim().replace(/^W\//, ""))
  )

/** Responds with a document. */
export const respond = (
  request: HttpServerRequest.HttpServerRequest,
  { body, etag }: PublicDocument
): HttpServerResponse.HttpServerResponse => {
  if (!methods.includes(request.method)) {
    return HttpServerResponse.empty({ status: 405, headers: { allow: [...methods, "OPTIONS"].join(", ") } })
  }
  const headers = { etag, "cache-control": cacheControl }
  return isNotModified(request, etag)
    ? HttpServerResponse.empty({ status: 304, headers })
    : HttpServerResponse.text(body, { headers, contentType: "application/json" })
}

// Public data without credentials. Browser clients must be able to read it.
export const cors = HttpMiddleware.cors({ allowedMethods: methods, exposedHeaders: ["ETag"] })

/** The path and query of a URL, as a request has them. */
export const locationOf = (url: string): string => url.replace(/^https?:\/\/[^/?]*/i, "")

type Document = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<PublicDocument>
type Find = (location: string) => Document | undefined

/** Serves the document of a request, or a 404. */
const serveFound = (find: Find) => (request: HttpServerRequest.HttpServerRequest) => {
  // A query that is not part of a document's location is ignored.
  const document = find(request.url) ?? find(pathOf(request.url))
  return cors(
    document === undefined
      ? Effect.succeed(HttpServerResponse.empty({ status: 404 }))
      : Effect.map(document(request), (document) => respond(request, document))
  )
}

const pathOf = (location: string): string => location.replace(/\?.*$/, "")

/** The route of a path. Colons are escaped, because a router reads them as parameters. */
export const routeOf = (location: string): `/${string}` => `/${pathOf(location).replaceAll(":", "::").slice(1)}`

const make = Effect.gen(function*() {
  const router = yield* HttpRouter.HttpRouter
  const own = new Map<string, Document>()
  const shared = new Map<string, ReadonlyArray<Document>>()
  const servers = new Set<object>()
  const find: Find = (location) => {
    const [alone, ...others] = shared.get(location) ?? []
    return own.get(location) ?? (others.length === 0 ? alone : undefined)
  }
  // One route for all documents, because a router matches paths differently (case, escapes, asterisks).
  yield* router.add("*", "/.well-known/oauth-protected-resource/*", serveFound(find))
  return PublicDocuments.of({
    serve: (location, document) =>
      Effect.sync(() => {
        if (own.has(location)) return false
        own.set(location, document)
        return true
      }),
    serveIfUnique: (location, document) =>
      Effect.sync(() => {
        shared.set(location, [...shared.get(location) ?? [], document])
      }),
    isFirstUse: (server) =>
      Effect.sync(() => {
        const before = servers.size
        return servers.add(server).size > before
      })
  })
})

/**
 * The documents of one router. If several resources have the same origin, none of them is served at the root path.
 */
export class PublicDocuments extends Context.Service<PublicDocuments, {
  /** Serves a document at a location, which can have a query. Returns `false` if the location has a document. */
  readonly serve: (location: string, document: Document) => Effect.Effect<boolean>
  /** Serves a document at a location until a second document is added there. */
  readonly serveIfUnique: (location: string, document: Document) => Effect.Effect<void>
  /** Whether this is the first resource of a server. */
  readonly isFirstUse: (server: object) => Effect.Effect<boolean>
}>()("@effect-mcp-auth/core/server/internal/serveMetadata/PublicDocuments") {
  /** One instance for all protected resources of a router, because a layer is built once. */
  static readonly layer: Layer.Layer<PublicDocuments, never, HttpRouter.HttpRouter> = Layer.effect(
    PublicDocuments,
    make
  )
}

/** A router that reports each route that is added, with the services in context at that time. */
export const recordingRouter = (
  router: HttpRouter.HttpRouter,
  report: (path: string, services: Context.Context<never>) => void,
  prefix = ""
): HttpRouter.HttpRouter =>
  HttpRouter.HttpRouter.of({
    ...router,
    prefixed: (more) => recordingRouter(router.prefixed(more), report, `${prefix}${more.replace(/\/$/, "")}`),
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
  // The type guarantees that the metadata can be encoded.
  Effect.flatMap(Effect.orDie(Schema.encodeEffect(ProtectedResourceMetadata)(metadata)), publicDocument)

/** The current document. The scopes of a server depend on its tools, so it is encoded again after a change. */
const currentDocument = Effect.fnUntraced(function*(metadata: Effect.Effect<ProtectedResourceMetadata>) {
  const documents = yield* Cache.make({ capacity: 1, lookup: documentOf })
  return Effect.flatMap(metadata, (metadata) => Cache.get(documents, metadata))
})

/** A name of the resource, with its document and the locations at which it is served. */
interface NamedDocument {
  readonly resource: string
  readonly document: Effect.Effect<PublicDocument>
  readonly location: string
  readonly root: string
}

/** The document of the name that a request was sent to, among names that have the same location. */
const documentFor = (names: Arr.NonEmptyReadonlyArray<NamedDocument>): Document => {
  const named = byAskedHost(names)
  return (request) => named(request).document
}

/**
 * Serves the metadata of each name of the resource: at its own path, and at the root if no other resource has the same
 * origin. If several names have the same path, the host of the request decides.
 */
export const serveMetadata = Effect.gen(function*() {
  const { names } = yield* serviceWithInternals
  const documents = yield* PublicDocuments
  const named = yield* Effect.forEach(
    names,
    ({ metadata, metadataUrl, resource }) =>
      Effect.map(currentDocument(metadata), (document): NamedDocument => ({
        resource,
        document,
        location: locationOf(metadataUrl),
        root: locationOf(WellKnown.protectedResourceRoot(resource))
      }))
  )
  for (const [location, sameLocation] of Object.entries(Arr.groupBy(named, ({ location }) => location))) {
    if (yield* documents.serve(location, documentFor(sameLocation))) continue
    return yield* new InvalidOptions({ resource: sameLocation[0].resource, reason: "duplicate-resource" })
  }
  const elsewhere = named.filter(({ location, root }) => root !== location)
  if (Arr.isReadonlyArrayNonEmpty(elsewhere)) {
    yield* documents.serveIfUnique(elsewhere[0].root, documentFor(elsewhere))
  }
})
