/**
 * Authentication for every server with `Request` and `Response`: Hono, the MCP TypeScript SDK, edge runtimes.
 *
 * Each request is either answered (metadata, a preflight, a challenge) or accepted with the `AuthInfo` of its token.
 *
 * **Example** (A request without a token)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as FetchAuth from "@effect-mcp-auth/core/FetchAuth"
 * import * as TestProvider from "@effect-mcp-auth/test-utils/TestProvider"
 * import * as Effect from "effect/Effect"
 *
 * const status = Effect.gen(function*() {
 *   const { authenticate } = yield* FetchAuth.make({
 *     resource: "https://api.example.com/mcp",
 *     authorizationServers: [AuthorizationServer.discover("https://as.test")]
 *   })
 *   const result = yield* authenticate(new Request("https://api.example.com/mcp", { method: "POST" }))
 *   return result._tag === "Answered" ? result.response.status : 200
 * })
 *
 * await Effect.runPromise(status.pipe(Effect.scoped, Effect.provide(TestProvider.layer()))) // => 401
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { AuthInfo } from "../token/AuthInfo.ts"
import { gate } from "./internal/gate.ts"
import { PublicDocuments, serveMetadata } from "./internal/serveMetadata.ts"
import { type BuildError, make as makeService, McpAuth } from "./internal/service.ts"
import { namesOf } from "./internal/tokenHeaders.ts"
import type { Options } from "./McpAuthOptions.ts"

/**
 * The outcome of a request.
 *
 * **Details**
 *
 * - `Answered`: send `response`.
 * - `Accepted`: `info` describes the caller. Add `headers` to the response (CORS).
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = Data.TaggedEnum<{
  Answered: { readonly response: Response }
  Accepted: { readonly info: AuthInfo["Service"]; readonly headers: globalThis.Headers }
}>

const { Answered, Accepted } = Data.taggedEnum<Outcome>()

/**
 * Properties of a request that a `Request` of the Fetch API does not have.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestOptions {
  /**
   * The IP address of the client from the HTTP server: `req.socket.remoteAddress` of Node, or the header that a trusted proxy
   * sets. Never use a header that clients can set. `failureLimit` counts by this address.
   */
  readonly clientAddress?: string | undefined
}

/**
 * Authentication of one resource, for requests of the Fetch API.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchAuth {
  /** Authenticates a request by its URL and headers. The body is not read. */
  readonly authenticate: (request: Request, options?: RequestOptions) => Effect.Effect<Outcome>
}

/**
 * Authentication of one resource with a `failureLimit`, which needs the client address of each request.
 *
 * **Details**
 *
 * If the address is `undefined` (a closed connection, a Unix socket) or not an IP address, the option
 * `failureLimit.countUnknownClientsTogether` applies.
 *
 * @category models
 * @since 0.1.0
 */
export interface LimitedFetchAuth {
  /** Authenticates a request by its URL and headers. The body is not read. */
  readonly authenticate: (
    request: Request,
    options: RequestOptions & { readonly clientAddress: string | undefined }
  ) => Effect.Effect<Outcome>
}

/** Adds the client address, which only the caller of `authenticate` knows. */
const withAddress = (request: HttpServerRequest.HttpServerRequest, address: string | undefined) =>
  address === undefined ? request : request.modify({ remoteAddress: Option.some(address) })

const build = Effect.fnUntraced(function*<E = never, R = never, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Effect.fn.Return<FetchAuth, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope> {
  const accepted = new WeakMap<object, AuthInfo["Service"]>()
  const addresses = new WeakMap<object, string>()
  const routes = HttpRouter.add("*", "/*", (request) =>
    Effect.map(AuthInfo, (info) => {
      accepted.set(request.source, info)
      return HttpServerResponse.empty()
    })).pipe(Layer.provide(gate.layer), Layer.merge(Layer.effectDiscard(serveMetadata)))
  const redactedHeaders = [...yield* Headers.CurrentRedactedNames, ...namesOf(options.tokenHeaders)]
  const service = Effect.provideService(makeService(options), Headers.CurrentRedactedNames, redactedHeaders)
  const routed = yield* HttpRouter.toHttpEffect(routes.pipe(
    Layer.provide(PublicDocuments.layer),
    Layer.provide(Layer.succeed(McpAuth, yield* service))
  ))
  const handler = Effect.updateService(
    routed,
    HttpServerRequest.HttpServerRequest,
    (request) => withAddress(request, addresses.get(request.source))
  )
  // The span of a request has its query, and some clients send tokens there.
  const redacted = [...yield* UrlParams.CurrentRedactedNames, "access_token"]
  const context = (yield* Effect.context<never>()).pipe(
    Context.add(UrlParams.CurrentRedactedNames, redacted),
    Context.add(Headers.CurrentRedactedNames, redactedHeaders)
  )
  const handle = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest | Scope.Scope>(context)(handler)
  return {
    authenticate: ({ headers, method, signal, url }, { clientAddress } = {}) => {
      // A new request each time, because an earlier result may have expired. The caller can still read the body.
      const unread = new Request(url, { method, headers, signal })
      if (clientAddress !== undefined) addresses.set(unread, clientAddress)
      return Effect.map(Effect.promise(() => handle(unread)), (response) => {
        const info = accepted.get(unread)
        // An empty response has only the CORS headers.
        return info === undefined ? Answered({ response }) : Accepted({ info, headers: response.headers })
      })
    }
  }
})

/**
 * Builds the authentication of one resource.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: {
  <E = never, R = never, RV = HttpClient.HttpClient>(
    options: Options<E, R, RV> & { readonly failureLimit?: undefined }
  ): Effect.Effect<FetchAuth, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope>
  <E = never, R = never, RV = HttpClient.HttpClient>(
    options: Options<E, R, RV>
  ): Effect.Effect<LimitedFetchAuth, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope>
} = build
