import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { memberOf } from "../../fetch/internal/documentBody.ts"
import type { ClientAuthentication } from "../../token/ClientAuthentication.ts"
import { scopeToken } from "../../token/internal/claims.ts"
import { TokenRefused, TokenUnavailable } from "../OAuthClientError.ts"
import type { Dpop } from "./dpop.ts"
import { type Answer, post, withoutSecrets } from "./post.ts"

/** A request to a token endpoint (RFC 6749, section 4.1.3). */
export interface TokenRequest {
  readonly server: Pick<ServerConfig, "issuer" | "metadata">
  readonly grant: string
  readonly params: Readonly<Record<string, string | undefined>>
  /** `undefined`: the assertion in the parameters is all that identifies the client. */
  readonly authentication: ClientAuthentication | undefined
  /** Binds the token to a key (RFC 9449, section 5). */
  readonly dpop?: Dpop | undefined
}

/** A successful response (RFC 6749, section 5.1). */
export interface Granted {
  readonly accessToken: Redacted.Redacted
  readonly type: "Bearer" | "DPoP"
  readonly refreshToken: Redacted.Redacted | undefined
  readonly receivedAt: number
  /** In milliseconds since 1970. */
  readonly expiresAt: number | undefined
  readonly scopes: ReadonlyArray<string> | undefined
  /** RFC 8693, section 2.2.1. */
  readonly issuedTokenType: string | undefined
}

// RFC 6750, section 2.1, and RFC 9449, section 7.1. Other characters could end the header.
const b64token = /^[A-Za-z0-9._~+/-]+=*$/
const maxToken = 64 * 1024

/** RFC 6749 says a number. Several providers send a string of digits. */
const secondsOf = (value: Schema.Json | undefined): number | undefined => {
  const seconds = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === "number" && seconds > 0 && seconds < 10 ** 10 ? seconds : undefined
}

const textOf = (value: Schema.Json | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** RFC 6749, section 3.3. Some providers send a list. */
const scopesOf = (value: Schema.Json | undefined): ReadonlyArray<string> | undefined => {
  const text = Array.isArray(value) ? value.filter((one) => typeof one === "string").join(" ") : value
  return typeof text === "string" ? text.split(" ").filter((scope) => scopeToken.test(scope)) : undefined
}

/** The token, or why there is none. */
const grantedOf = (body: Schema.JsonObject, receivedAt: number, isBound: boolean): Granted | string => {
  const token = memberOf(body, "access_token")
  if (typeof token !== "string" || token === "") return "the response has no access_token"
  if (token.length > maxToken || !b64token.test(token)) return "the access_token cannot be sent in a header"
  const type = textOf(memberOf(body, "token_type"))?.toLowerCase()
  // N_A: the result of a token exchange that is no access token (RFC 8693, section 2.2.1).
  const isUsable = type === "bearer" || type === "n_a" || (type === "dpop" && isBound)
  if (!isUsable) return "the response has a token_type other than Bearer, or DPoP without a proof"
  const seconds = secondsOf(memberOf(body, "expires_in"))
  const refresh = textOf(memberOf(body, "refresh_token"))
  return {
    accessToken: Redacted.make(token, { label: "access token" }),
    type: type === "dpop" ? "DPoP" : "Bearer",
    refreshToken: refresh === undefined ? undefined : Redacted.make(refresh, { label: "refresh token" }),
    receivedAt,
    expiresAt: seconds === undefined ? undefined : receivedAt + seconds * 1000,
    scopes: scopesOf(memberOf(body, "scope")),
    issuedTokenType: textOf(memberOf(body, "issued_token_type"))
  }
}

/** Codes that say that the server is unavailable, with a status of the client's fault. */
const transientErrors = new Set(["temporarily_unavailable", "server_error", "slow_down"])

/**
 * Whether a server refuses without the JSON that RFC 6749, section 5.2 demands, as Glewlwyd does for a refresh token that it
 * does not know. An outage has another status. A login does not cost the refresh token, until it has led to new tokens.
 */
const isBareRefusal = (status: number, body: Answer["body"]): boolean =>
  (status === 400 || status === 401) && memberOf(body, "error") === undefined

/** Whether a response says that the request is refused. GitHub says so with status 200. */
const isRefusal = (status: number, error: string): boolean =>
  !transientErrors.has(error) &&
  (status === 200 || (status >= 400 && status < 500 && ![408, 425, 429].includes(status)))

const judge = (
  { grant, server }: TokenRequest,
  { body, status }: Answer,
  { isBound, receivedAt, secrets }: {
    readonly isBound: boolean
    readonly receivedAt: number
    readonly secrets: ReadonlyArray<string>
  }
): Effect.Effect<Granted, TokenRefused | TokenUnavailable> => {
  const { issuer } = server
  const unavailable = (detail: string) => Effect.fail(new TokenUnavailable({ issuer, grant, detail }))
  if (grant === "refresh_token" && isBareRefusal(status, body)) {
    return Effect.fail(new TokenRefused({ issuer, grant, status, error: "invalid_grant" }))
  }
  if (body === undefined) return unavailable(`HTTP ${status} without a JSON object`)
  const error = textOf(memberOf(body, "error"))
  if (error !== undefined && isRefusal(status, error)) {
    const description = textOf(memberOf(body, "error_description"))
    return Effect.fail(
      new TokenRefused({
        issuer,
        grant,
        status,
        error: withoutSecrets(error, secrets).slice(0, 100),
        ...(description === undefined ? {} : { description: withoutSecrets(description, secrets).slice(0, 1000) })
      })
    )
  }
  if (status !== 200) return unavailable(`HTTP ${status}`)
  const granted = grantedOf(body, receivedAt, isBound)
  return typeof granted === "string" ? unavailable(granted) : Effect.succeed(granted)
}

/** What must not occur in an error: parameters with credentials, and what authenticates the client. */
const secretNames = new Set([
  "code",
  "code_verifier",
  "refresh_token",
  "assertion",
  "client_assertion",
  "client_secret",
  "subject_token",
  "actor_token",
  "token"
])

/** The parts of a Basic header (RFC 7617), and the secret in it without its form encoding (RFC 6749, section 2.3.1). */
const basicSecrets = (header: string): ReadonlyArray<string> => {
  const decoded = /^Basic /i.test(header) ? Result.getOrUndefined(Base64.decodeString(header.slice(6))) : undefined
  if (decoded === undefined) return []
  const secret = decoded.slice(decoded.indexOf(":") + 1)
  return [decoded, secret, new URLSearchParams(`=${secret}`).get("") ?? ""]
}

/** The secrets of a form and of its headers. */
export const secretsOf = (
  form: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>>
): ReadonlyArray<string> => [
  ...Object.entries(form).flatMap(([name, value]) => value !== undefined && secretNames.has(name) ? [value] : []),
  ...Object.values(headers).flatMap((value) => [value, ...value.split(" ").slice(1), ...basicSecrets(value)])
]

/**
 * Requests tokens, once: a refresh token that is sent twice would revoke the login. A server that asks for a nonce
 * (RFC 9449, section 8) has not used the request, and gets it again with the nonce.
 */
export const requestToken = Effect.fn("McpOAuth.requestToken")(function*(
  request: TokenRequest
): Effect.fn.Return<Granted, TokenRefused | TokenUnavailable, HttpClient.HttpClient> {
  const { authentication, dpop, grant, params, server } = request
  const { issuer, metadata: { tokenEndpoint } } = server
  yield* Effect.annotateCurrentSpan({ issuer, grant })
  if (tokenEndpoint === undefined) {
    return yield* new TokenUnavailable({ issuer, grant, detail: "its metadata has no token_endpoint" })
  }
  const attempt = Effect.gen(function*() {
    const proof = authentication === undefined ? { form: {}, headers: {} } : yield* authentication.prove(issuer)
    const form = { grant_type: grant, ...params, ...proof.form }
    const fields = Object.entries(form).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
    const headers = dpop === undefined
      ? proof.headers
      : { ...proof.headers, dpop: yield* dpop.proof("POST", tokenEndpoint) }
    const answer = yield* Effect.mapError(
      post(
        HttpClientRequest.post(tokenEndpoint).pipe(
          HttpClientRequest.setHeaders(headers),
          HttpClientRequest.bodyUrlParams(fields)
        ),
        "token"
      ),
      (error) => new TokenUnavailable({ issuer, grant, detail: error.message })
    )
    dpop?.keepNonce(tokenEndpoint, answer.nonce)
    return yield* judge(request, answer, {
      isBound: dpop !== undefined,
      receivedAt: yield* Clock.currentTimeMillis,
      secrets: secretsOf(form, headers)
    })
  })
  return yield* Effect.catchTag(
    attempt,
    "TokenRefused",
    (error) => error.error === "use_dpop_nonce" && dpop !== undefined ? attempt : Effect.fail(error)
  )
})
