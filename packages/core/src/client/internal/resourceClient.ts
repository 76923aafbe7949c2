import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { type Challenge, forTokens, parse } from "../../token/WwwAuthenticate.ts"
import type { Tokens } from "../CredentialStore.ts"
import type { OAuthClientError } from "../OAuthClientError.ts"
import type { Dpop } from "./dpop.ts"
import type { Need, Renewal } from "./renewal.ts"

type Response = HttpClientResponse.HttpClientResponse
type Request = HttpClientRequest.HttpClientRequest
type Exchange = Effect.Effect<Response, HttpClientError.HttpClientError>

/** The parts of a client that attach tokens to requests. */
interface Parts {
  readonly base: HttpClient.HttpClient
  readonly server: string
  readonly renewal: Renewal
  readonly dpop: Dpop
}

/** An error in the form that `HttpClient` allows. The request is that of the caller, without a token. */
const failureOf = (request: Request) => (cause: OAuthClientError) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause, description: cause.message })
  })

/** Whether a request goes to the URL of the server: its origin and its path. Nothing else gets a token. */
const makeIsServer = (server: string) => {
  const { origin, pathname } = new URL(server)
  return ({ url }: Request): boolean => {
    if (url === server) return true
    if (!URL.canParse(url)) return false
    const target = new URL(url)
    return target.origin === origin && target.pathname === pathname
  }
}

const manual: RequestInit = { redirect: "manual" }

/** `fetch` follows redirects by itself, with the token if the origin is the same. */
const withoutRedirects: (exchange: Exchange) => Exchange = Effect.updateContext((context: Context.Context<never>) => {
  const init = Context.getOrUndefined(context, FetchHttpClient.RequestInit)
  return Context.add(context, FetchHttpClient.RequestInit, init === undefined ? manual : { ...init, ...manual })
})

/** Rejected responses are short. The rest of a longer one is not read, and a slow one is not waited for. */
const maxRejected = 64 * 1024

/** Reads the rejected response to its end, so that it does not hold a connection during a login. */
const discard = (response: Response): Effect.Effect<void> => {
  let read = 0
  return response.stream.pipe(
    Stream.takeWhile((chunk) => (read += chunk.length) <= maxRejected),
    Stream.runDrain,
    Effect.timeout("1 second"),
    Effect.ignore
  )
}

/** How often one request was sent, by the reason. */
interface Tries {
  readonly tokens: number
  readonly stepUps: number
  readonly nonces: number
}

const firstTry: Tries = { tokens: 0, stepUps: 0, nonces: 0 }

const maxTokens = 3
const maxStepUps = 3
const maxNonces = 2

const challengeOf = (response: Response, used: Tokens | undefined): Challenge | undefined => {
  const header = response.headers["www-authenticate"]
  return header === undefined ? undefined : forTokens(parse(header), used?.type === "DPoP" ? "dpop" : "bearer")
}

/** Tokens that were sent, and the header that they were sent in. */
interface Sent {
  readonly tokens: Tokens
  readonly authorization: string
}

/** Tokens of so many requests that may still be under way. */
const maxSent = 8

/** The request without what was added to it. An error contains it, and it is sent again with other tokens. */
const originalOf = (request: Request): Request =>
  HttpClientRequest.removeHeader(HttpClientRequest.removeHeader(request, "authorization"), "dpop")

/**
 * Adds tokens to requests, and knows which ones. Tokens are found by the header of a request, because a caller can replace
 * the request itself afterwards (`HttpClient.mapRequest`).
 */
const makeAttach = (dpop: Dpop) => {
  let sent: ReadonlyArray<Sent> = []
  const authorizationOf = (tokens: Tokens): string => {
    const known = sent.find((one) => one.tokens === tokens)
    if (known !== undefined) return known.authorization
    const authorization = `${tokens.type} ${Redacted.value(tokens.accessToken)}`
    sent = [{ tokens, authorization }, ...sent].slice(0, maxSent)
    return authorization
  }
  return {
    sentWith: ({ headers }: Request): Tokens | undefined =>
      sent.find(({ authorization }) => authorization === headers["authorization"])?.tokens,
    attach: (original: Request, tokens: Tokens): Effect.Effect<Request> => {
      const request = HttpClientRequest.setHeader(original, "authorization", authorizationOf(tokens))
      if (tokens.type === "Bearer") return Effect.succeed(request)
      const token = Redacted.value(tokens.accessToken)
      const covered = original.body._tag === "Uint8Array" ? { token, body: original.body.body } : { token }
      return Effect.map(
        dpop.proof(original.method, original.url, covered),
        (proof) => HttpClientRequest.setHeader(request, "dpop", proof)
      )
    }
  }
}

/** Whether a 403 asks for more scopes. Another reason is the caller's, and a request without a token lacks more. */
const isStepUp = (status: number, error: string | undefined, used: Tokens | undefined): used is Tokens =>
  status === 403 && error === "insufficient_scope" && used !== undefined

/** Sends requests again that were refused for their token, with another one. */
const makeRecover = ({ base, dpop, renewal, server }: Parts, { attach, sentWith }: ReturnType<typeof makeAttach>) => {
  const recover = (request: Request, response: Response, tries: Tries): Exchange => {
    const used = sentWith(request)
    if (used?.type === "DPoP") dpop.keepNonce(server, response.headers["dpop-nonce"])
    if (response.status !== 401 && response.status !== 403) return Effect.succeed(response)
    const original = originalOf(request)
    const challenge = challengeOf(response, used)
    const error = challenge?.parameters.get("error")
    const sendAgain = (tokens: Tokens, more: Partial<Tries>): Exchange =>
      Effect.flatMap(attach(original, tokens), (next) =>
        Effect.flatMap(
          base.postprocess(Effect.succeed(next)),
          (response) => recover(next, response, { ...tries, ...more })
        ))
    const withOther = (need: Pick<Need, "isFresh" | "isStepUp">, more: Partial<Tries>): Exchange =>
      discard(response).pipe(
        Effect.andThen(Effect.mapError(renewal.renew({ used, challenge, ...need }), failureOf(original))),
        Effect.flatMap((tokens) => sendAgain(tokens, more))
      )
    if (isStepUp(response.status, error, used) && tries.stepUps < maxStepUps) {
      return withOther({ isStepUp: true, isFresh: false }, { stepUps: tries.stepUps + 1 })
    }
    if (response.status === 403) return Effect.succeed(response)
    if (error === "use_dpop_nonce" && used !== undefined && tries.nonces < maxNonces) {
      return Effect.andThen(discard(response), sendAgain(used, { nonces: tries.nonces + 1 }))
    }
    const isFresh = used !== undefined && tries.tokens > 0 && renewal.isOwn(used)
    // Tokens of a new login were refused at once: another login would end in the same way.
    const isHopeless = isFresh && renewal.isFromLogin(used)
    return isHopeless || tries.tokens >= maxTokens
      ? Effect.succeed(response)
      : withOther({ isStepUp: false, isFresh }, { tokens: tries.tokens + 1 })
  }
  return recover
}

/**
 * An `HttpClient` that sends an access token to one URL, and answers the challenges of that URL. All other requests pass
 * unchanged.
 */
export const makeResourceClient = (parts: Parts): HttpClient.HttpClient => {
  const { base, dpop, renewal, server } = parts
  const isServer = makeIsServer(server)
  const tokens = makeAttach(dpop)
  const recover = makeRecover(parts, tokens)
  // Every request comes here, so that tokens in memory take one step.
  const attachCurrent = (request: Request): Effect.Effect<Request, HttpClientError.HttpClientError> =>
    Effect.clockWith((clock) => {
      const current = renewal.notDue(clock.currentTimeMillisUnsafe())
      if (current !== undefined) return tokens.attach(request, current)
      return Effect.flatMap(
        Effect.mapError(renewal.ready, failureOf(request)),
        (ready) => ready === undefined ? Effect.succeed(request) : tokens.attach(request, ready)
      )
    })
  return HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) =>
      isServer(request)
        ? withoutRedirects(Effect.flatMap(
          base.postprocess(Effect.succeed(request)),
          (response) => recover(request, response, firstTry)
        ))
        : base.postprocess(Effect.succeed(request))
    ),
    (request) =>
      Effect.flatMap(
        base.preprocess(request),
        (request) => isServer(request) ? attachCurrent(request) : Effect.succeed(request)
      )
  )
}
