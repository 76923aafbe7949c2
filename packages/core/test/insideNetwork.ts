import { UnsafeInternalOrigin } from "@effect-mcp-auth/core"
import { Effect } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

/** The origin inside the network of the tests. */
export const inside = "http://idp.identity.svc:8080"

/**
 * A network in which a provider is reached at the origin `inside` alone, by requests that may reach it. `publicUrlOf` says
 * what the provider serves at such a URL.
 */
export const insideOnly = (client: HttpClient.HttpClient, publicUrlOf: (url: string) => string | undefined) =>
  HttpClient.make((request) =>
    Effect.gen(function*() {
      const url = (yield* UnsafeInternalOrigin.UnsafeInternalOrigin) === inside ? publicUrlOf(request.url) : undefined
      if (url === undefined) return HttpClientResponse.fromWeb(request, new Response(null, { status: 404 }))
      const { headers, status, text } = yield* client.execute(HttpClientRequest.setUrl(request, url))
      // The response belongs to the request that was sent: another URL in it would be a redirect.
      return HttpClientResponse.fromWeb(request, new Response(yield* text, { status, headers: { ...headers } }))
    })
  )
