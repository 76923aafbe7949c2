import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"

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
