import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Answer, healthy } from "./answer.ts"
import type { Client, Decision, MintOptions, Options, Request } from "./model.ts"

/** A login of a user or of a client, to which tokens belong. */
interface Login {
  readonly clientId: string
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
  readonly resource: string | undefined
  readonly accessTokens: Array<string>
  hasEnded: boolean
}

interface Code {
  readonly login: Login
  readonly redirectUri: string
  readonly challenge: string
  isSpent: boolean
}

interface RefreshToken {
  readonly login: Login
  isSpent: boolean
}

/** What the logins need of their provider. */
interface Provider {
  readonly issuer: string
  readonly document: Schema.JsonObject
  readonly options: Options
  readonly mint: (options: MintOptions) => Effect.Effect<string>
  /** Makes an access token inactive. */
  readonly revoke: (token: string) => Effect.Effect<void>
}

/** Why a page cannot be answered. There is no client to send the user back to. */
const reasons = {
  "foreign-page": "it is not the authorization endpoint of this provider",
  "unknown-client": "no client with this ID is registered",
  "unknown-redirect-uri": "the redirect URI is not one of the client"
} as const

/**
 * The provider shows an error on its authorization page, and does not send the user back to a client.
 *
 * @category errors
 * @since 0.2.0
 */
export class PageRefused extends Schema.TaggedError<PageRefused>()("PageRefused", {
  reason: Schema.Literals(["foreign-page", "unknown-client", "unknown-redirect-uri"])
}) {
  override get message(): string {
    return `The test provider refuses the authorization page: ${reasons[this.reason]}`
  }
}

const refusal = (status: number, error: string): Answer => ({ ...healthy({ error }, {}), status })

const words = (text: string | null | undefined): ReadonlyArray<string> =>
  (text ?? "").split(" ").filter((word) => word !== "")

const Registration = Schema.fromJsonString(Schema.StructWithRest(
  Schema.Struct({
    redirect_uris: Schema.optionalKey(Schema.Array(Schema.String)),
    token_endpoint_auth_method: Schema.optionalKey(Schema.String)
  }),
  [Schema.Record(Schema.String, Schema.Json)]
))
const decodeRegistration = Schema.decodeUnknownOption(Registration)

const challengeOf = (verifier: string): Effect.Effect<string> =>
  Effect.flatMap(Digest.Digest, ({ digest }) => digest(Digest.sha256, new TextEncoder().encode(verifier))).pipe(
    Effect.map(Base64Url.encode),
    Effect.orDie,
    Effect.provide(Digest.layerWebCrypto)
  )

/** The ID and the secret of a Basic header, which are form-encoded (RFC 6749, section 2.3.1). */
const basicOf = (header: string | undefined): readonly [id: string, secret: string] | undefined => {
  const [, encoded] = /^Basic (.+)$/i.exec(header ?? "") ?? []
  const text = encoded === undefined ? undefined : Result.getOrUndefined(Base64.decodeString(encoded))
  if (text === undefined) return undefined
  const [id = "", ...secret] = text.split(":")
  const decoded = new URLSearchParams(`id=${id}&secret=${secret.join(":")}`)
  return [decoded.get("id") ?? "", decoded.get("secret") ?? ""]
}

/** The clients: registered ones, and those with a URL as their ID, whose documents are not read. */
const makeClients = ({ clients = [] }: Options) => {
  const known = new Map(clients.map((client) => [client.clientId, client]))
  const find = (id: string): Client | undefined =>
    known.get(id) ?? (id.startsWith("https://") ? { clientId: id } : undefined)
  return {
    find,
    /** The client of a request, if it is authenticated. */
    of: (form: URLSearchParams, headers: Request["headers"]): Client | undefined => {
      const basic = basicOf(headers["authorization"])
      const id = basic?.[0] ?? form.get("client_id") ?? ""
      const secret = basic?.[1] ?? form.get("client_secret") ?? undefined
      const client = find(id)
      return client?.clientSecret === undefined || client.clientSecret === secret ? client : undefined
    },
    register: (body: string): Answer =>
      Option.match(decodeRegistration(body), {
        onNone: () => refusal(400, "invalid_client_metadata"),
        onSome: (metadata) => {
          const { redirect_uris: redirectUris = [], token_endpoint_auth_method: method = "client_secret_basic" } =
            metadata
          if (redirectUris.length === 0) return refusal(400, "invalid_redirect_uri")
          const clientId = `registered-client-${known.size + 1}`
          const secret = method.startsWith("client_secret_") ? { client_secret: `client-secret-${known.size + 1}` } : {}
          known.set(clientId, { clientId, redirectUris, clientSecret: secret.client_secret })
          const document = { ...metadata, token_endpoint_auth_method: method, client_id: clientId, ...secret }
          return { ...healthy(document, {}), status: 201 }
        }
      })
  }
}

/** Issues tokens for logins. A refresh token that comes twice ends its login (RFC 9700, section 4.14.2). */
const makeTokens = ({ mint, options, revoke }: Provider) => {
  const { accessTokenLifetime = 3600, rotatesRefreshTokens = true } = options
  const refreshTokens = new Map<string, RefreshToken>()
  let reused = 0
  const end = (login: Login) => {
    login.hasEnded = true
    return Effect.forEach(login.accessTokens, revoke, { discard: true })
  }
  const issue = Effect.fnUntraced(function*(login: Login, scopes: ReadonlyArray<string>, refreshToken?: string) {
    const { clientId, resource, subject } = login
    const claims = { sub: subject, client_id: clientId, scope: scopes.join(" ") }
    const token = yield* mint({
      claims: resource === undefined ? claims : { ...claims, aud: resource },
      expiresIn: accessTokenLifetime
    })
    login.accessTokens.push(token)
    const document: Schema.JsonObject = {
      access_token: token,
      token_type: "Bearer",
      expires_in: accessTokenLifetime,
      scope: scopes.join(" ")
    }
    return healthy(refreshToken === undefined ? document : { ...document, refresh_token: refreshToken }, {
      "cache-control": "no-store"
    })
  })
  const newRefreshToken = (login: Login): string => {
    const token = `refresh-token-${refreshTokens.size + 1}`
    refreshTokens.set(token, { login, isSpent: false })
    return token
  }
  return {
    end,
    issue,
    newRefreshToken,
    find: (token: string) => refreshTokens.get(token),
    reused: Effect.sync(() => reused),
    endAll: Effect.suspend(() => Effect.forEach(refreshTokens.values(), ({ login }) => end(login), { discard: true })),
    refresh: Effect.fnUntraced(function*({ clientId }: Client, form: URLSearchParams) {
      const sent = form.get("refresh_token") ?? ""
      const found = refreshTokens.get(sent)
      if (found === undefined || found.login.clientId !== clientId) return refusal(400, "invalid_grant")
      const { login } = found
      if (found.isSpent) {
        reused++
        yield* end(login)
      }
      if (login.hasEnded) return refusal(400, "invalid_grant")
      found.isSpent = rotatesRefreshTokens
      const asked = words(form.get("scope"))
      if (!asked.every((scope) => login.scopes.includes(scope))) return refusal(400, "invalid_scope")
      return yield* issue(
        login,
        asked.length === 0 ? login.scopes : asked,
        rotatesRefreshTokens ? newRefreshToken(login) : sent
      )
    })
  }
}

/** The answer of the authorization page, with `state` and `iss` (RFC 9207). */
const answerTo = (page: URL, issuer: string, answer: Readonly<Record<string, string>>): URL => {
  const target = new URL(page.searchParams.get("redirect_uri") ?? "")
  const state = page.searchParams.get("state")
  const parameters = { ...answer, ...(state === null ? {} : { state }), iss: issuer }
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  return target
}

/** The problem of an authorization request, as the client hears it (RFC 6749, section 4.1.2.1). */
const problemOf = ({ searchParams }: URL, { denies = false }: Decision): string | undefined => {
  if (searchParams.get("response_type") !== "code") return "unsupported_response_type"
  const hasPkce = searchParams.get("code_challenge_method") === "S256" && searchParams.has("code_challenge")
  if (!hasPkce) return "invalid_request"
  return denies ? "access_denied" : undefined
}

/** Issues authorization codes, and redeems each of them once. */
const makeCodes = (
  { document, issuer }: Provider,
  clients: ReturnType<typeof makeClients>,
  tokens: ReturnType<typeof makeTokens>
) => {
  const codes = new Map<string, Code>()
  const authorize = Effect.fnUntraced(function*(page: URL, decision: Decision = {}) {
    const parameters = page.searchParams
    const client = clients.find(parameters.get("client_id") ?? "")
    const redirectUri = parameters.get("redirect_uri") ?? ""
    if (`${page.origin}${page.pathname}` !== document["authorization_endpoint"]) {
      return yield* new PageRefused({ reason: "foreign-page" })
    }
    if (client === undefined) return yield* new PageRefused({ reason: "unknown-client" })
    if (!URL.canParse(redirectUri) || client.redirectUris?.includes(redirectUri) === false) {
      return yield* new PageRefused({ reason: "unknown-redirect-uri" })
    }
    const error = problemOf(page, decision)
    if (error !== undefined) return answerTo(page, issuer, { error })
    const login: Login = {
      clientId: client.clientId,
      subject: decision.subject ?? "user-1",
      scopes: decision.scopes ?? words(parameters.get("scope")),
      resource: parameters.get("resource") ?? undefined,
      accessTokens: [],
      hasEnded: false
    }
    const code = `code-${codes.size + 1}`
    codes.set(code, { login, redirectUri, challenge: parameters.get("code_challenge") ?? "", isSpent: false })
    return answerTo(page, issuer, { code })
  })
  const exchange = Effect.fnUntraced(function*({ clientId }: Client, form: URLSearchParams) {
    const code = codes.get(form.get("code") ?? "")
    if (code === undefined) return refusal(400, "invalid_grant")
    const { challenge, login, redirectUri } = code
    const isTheirs = login.clientId === clientId && redirectUri === form.get("redirect_uri")
    const hasVerifier = challenge === (yield* challengeOf(form.get("code_verifier") ?? ""))
    // A code that comes twice was stolen (RFC 6749, section 4.1.2).
    if (code.isSpent) yield* tokens.end(login)
    if (code.isSpent || !isTheirs || !hasVerifier) return refusal(400, "invalid_grant")
    code.isSpent = true
    return yield* tokens.issue(login, login.scopes, tokens.newRefreshToken(login))
  })
  return { authorize, exchange }
}

/** The endpoints of the authorization code flow, of client credentials, registration and revocation. */
export const loginsOf = (provider: Provider) => {
  const clients = makeClients(provider.options)
  const tokens = makeTokens(provider)
  const { authorize, exchange } = makeCodes(provider, clients, tokens)
  const token = ({ body, headers }: Request): Effect.Effect<Answer> => {
    const form = new URLSearchParams(body)
    const client = clients.of(form, headers)
    if (client === undefined) return Effect.succeed(refusal(401, "invalid_client"))
    const { clientId, clientSecret } = client
    switch (form.get("grant_type")) {
      case "authorization_code":
        return exchange(client, form)
      case "refresh_token":
        return tokens.refresh(client, form)
      case "client_credentials": {
        if (clientSecret === undefined) return Effect.succeed(refusal(400, "unauthorized_client"))
        const scopes = words(form.get("scope"))
        const resource = form.get("resource") ?? undefined
        return tokens.issue(
          { clientId, subject: clientId, scopes, resource, accessTokens: [], hasEnded: false },
          scopes
        )
      }
      default:
        return Effect.succeed(refusal(400, "unsupported_grant_type"))
    }
  }
  const revokeAny = (token: string) => {
    const found = tokens.find(token)
    return found === undefined ? provider.revoke(token) : tokens.end(found.login)
  }
  return {
    authorize,
    reused: tokens.reused,
    endLogins: tokens.endAll,
    revoke: revokeAny,
    /** The answer of one of the endpoints. */
    answer: (endpoint: "authorization" | "token" | "registration" | "revocation", request: Request) => {
      if (endpoint === "authorization") {
        return Effect.match(authorize(new URL(request.url)), {
          onFailure: () => refusal(400, "invalid_request"),
          onSuccess: ({ href }): Answer => ({ ...healthy({}, { location: href }), status: 302 })
        })
      }
      if (request.method !== "POST") return Effect.succeed(refusal(405, "invalid_request"))
      if (endpoint === "token") return token(request)
      if (endpoint === "registration") return Effect.sync(() => clients.register(request.body))
      return Effect.as(revokeAny(new URLSearchParams(request.body).get("token") ?? ""), healthy({}, {}))
    }
  }
}
