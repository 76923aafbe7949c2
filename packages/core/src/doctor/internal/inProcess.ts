import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpEffect from "effect/http/HttpEffect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as Scope from "effect/Scope"

/** Where a server is, for requests within its process. */
interface Served {
  /** The resource identifier, whose origin and path clients use. */
  readonly resource: string
  /** The path at which this program serves it. */
  readonly servedPath: string
}

/** Methods without a body. */
const withoutBody = new Set(["GET", "HEAD"])

/**
 * An HTTP client that answers requests for the origin of a resource with the routes of this process, and sends all others
 * over the network. A server can so be examined before its address can be reached, and behind any proxy.
 */
export const inProcessClient = (
  router: HttpRouter.HttpRouter,
  network: HttpClient.HttpClient,
  { resource, servedPath }: Served,
  context: Context.Context<never>
): HttpClient.HttpClient => {
  const { origin, pathname } = new URL(resource)
  const toHandler = HttpEffect.toWebHandlerWith<never, Scope.Scope | HttpServerRequest.HttpServerRequest>(
    context
  )
  const handle = toHandler(router.asHttpEffect())
  return HttpClient.make((request, url) => {
    if (url.origin !== origin) return network.execute(request)
    const target = new URL(url)
    if (target.pathname === pathname) target.pathname = servedPath
    const body = request.body._tag === "Uint8Array" && !withoutBody.has(request.method)
      ? { body: request.body.body.slice() }
      : {}
    // Requests of the doctor have the headers that they need, and no others.
    const { host: _, ...headers } = request.headers
    return Effect.map(
      Effect.promise(() => handle(new Request(target, { method: request.method, headers, ...body }))),
      (response) => HttpClientResponse.fromWeb(request, response)
    )
  })
}
