import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { IncompleteMetadata } from "../../discovery/DiscoveryError.ts"
import { isInsecure } from "../../discovery/internal/strategy.ts"
import * as Purpose from "../../discovery/Purpose.ts"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import type { Limits } from "../../fetch/FetchLimits.ts"
import { objectOf, readDocument } from "../../fetch/internal/documentBody.ts"
import {
  checkUrl,
  commonHeaders,
  displayUrl,
  failureOf,
  statusError,
  timed,
  withSafeClient
} from "../../fetch/internal/exchange.ts"
import { withRetries } from "../../fetch/internal/retry.ts"
import { MetadataFetchError, type Reason } from "../../fetch/MetadataFetchError.ts"
import { provide as provideInternal } from "../../fetch/UnsafeInternalOrigin.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"

type IntrospectionResponse = Schema.JsonObject

const inactive: IntrospectionResponse = { active: false }

/**
 * Reads the response. A token of an unsupported type (oidc-provider: any JWT) is inactive. Any other error response is
 * caused by this resource server's request, and says nothing about the token.
 */
const readResponse = (
  response: HttpClientResponse.HttpClientResponse,
  { bodyBytes }: Limits
): Effect.Effect<IntrospectionResponse, Reason | HttpClientError> => {
  if (response.status === 200) return readDocument(response, bodyBytes, objectOf)
  if (response.status !== 400) return statusError(response)
  return Effect.flatMap(
    Effect.orElseSucceed(readDocument(response, bodyBytes, objectOf), (): IntrospectionResponse => ({})),
    ({ error }) => error === "unsupported_token_type" ? Effect.succeed(inactive) : statusError(response)
  )
}

const endpointOf = ({ locations: [location], metadata: { introspectionEndpoint } }: ServerConfig) =>
  introspectionEndpoint === undefined
    ? Effect.fail(
      new IncompleteMetadata({ location, purpose: Purpose.introspection.name, missing: ["introspection_endpoint"] })
    )
    : Effect.succeed(introspectionEndpoint)

/** One request to the introspection endpoint (RFC 7662, section 2.1). */
const exchange = Effect.fnUntraced(function*(
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  limits: Limits
): Effect.fn.Return<IntrospectionResponse, Reason, HttpClient.HttpClient> {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const request = HttpClientRequest.post(url).pipe(
    HttpClientRequest.acceptJson,
    HttpClientRequest.setHeaders({ ...commonHeaders, ...headers }),
    HttpClientRequest.bodyUrlParams(form)
  )
  return yield* Effect.flatMap(client.execute(request), (response) => readResponse(response, limits)).pipe(
    Effect.scoped,
    Effect.catchTag("HttpClientError", failureOf)
  )
}, (exchange) => withSafeClient(timed(exchange, "introspection")))

/** Introspects a token, with the limits and retries of discovery. */
export const introspect = <E>(
  server: AuthorizationServer<E>,
  authentication: ClientAuthentication,
  token: Redacted.Redacted
) => {
  const request = introspectAt(server, authentication, token)
  const url = server.unsafeInternalUrls?.introspection
  return url === undefined ? request : provideInternal(request, url)
}

const introspectAt = Effect.fn("TokenVerifier.introspect")(function*<E>(
  server: AuthorizationServer<E>,
  authentication: ClientAuthentication,
  token: Redacted.Redacted
) {
  const config = yield* server.config
  const url = server.unsafeInternalUrls?.introspection ?? (yield* endpointOf(config))
  const location = displayUrl(url)
  const failed = (reason: Reason) => new MetadataFetchError({ url: location, reason, method: "POST" })
  yield* Effect.mapError(checkUrl(url, isInsecure(server.issuer)), failed)
  yield* Effect.annotateCurrentSpan({ "url.full": location })
  return yield* withRetries(
    location,
    (limits) =>
      Effect.flatMap(authentication.prove(config.issuer), ({ form, headers }) => {
        const fields = { token: Redacted.value(token), token_type_hint: "access_token", ...form }
        return Effect.mapError(exchange(url, fields, headers, limits), failed)
      })
    // The timeout error lacks the HTTP method.
  ).pipe(Effect.mapError(({ reason }) => failed(reason)))
})
