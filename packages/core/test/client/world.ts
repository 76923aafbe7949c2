/**
 * Shared by the tests of clients: an MCP server and its authorization server in memory, and a user. The authorization
 * server revokes a login when one of its refresh tokens comes twice.
 */
import {
  ClientRegistration,
  CredentialStore,
  Grant,
  McpOAuth,
  type OAuthClientError,
  UserAgent
} from "@effect-mcp-auth/core"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

export const server = "https://api.test/mcp"
export const issuer = "https://as.test"
export const metadataUrl = "https://api.test/.well-known/oauth-protected-resource/mcp"

/** A request, as it arrived. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly form: URLSearchParams
}

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })

const list = (text: string | null | undefined): ReadonlyArray<string> =>
  (text ?? "").split(" ").filter((one) => one !== "")

const tool = { name: "Greet", inputSchema: { type: "object" } }

/** An MCP server of 2026-07-28 with one tool. */
const results: Readonly<Record<string, unknown>> = {
  "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
  "tools/list": { tools: [tool] },
  "tools/call": { content: [{ type: "text", text: "hello" }] }
}

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ id: Schema.Json, method: Schema.String }))
)

const mcpAnswer = (body: string): Response =>
  Option.match(decodeRequest(body), {
    onNone: () => json(200, { ok: true }),
    onSome: ({ id, method }) => {
      const result = results[method]
      return result === undefined
        ? json(200, { jsonrpc: "2.0", id, error: { code: -32_601, message: "unknown" } })
        : json(200, {
          jsonrpc: "2.0",
          id,
          result: { resultType: "complete", ttlMs: 1, cacheScope: "private", ...result }
        })
    }
  })

export class World {
  /** The authorization server that the MCP server names. */
  issuer = issuer
  resource = server
  required: ReadonlyArray<string> = ["notes:read"]
  /** What the MCP server answers to a valid token, if it refuses it. */
  forbidden: { readonly error: string; readonly scope: string } | undefined
  hint: string | undefined = metadataUrl
  /** Members that replace those of the metadata of the MCP server, and of authorization servers. */
  resourceMetadata: Readonly<Record<string, unknown>> = {}
  serverMetadata: Readonly<Record<string, unknown>> = {}
  /** Answers in place of the usual ones. */
  override: (seen: Seen) => Response | undefined = () => undefined
  /** The parameters of the authorization response. An empty code is replaced by a valid one. */
  callback: (page: URL) => string = (page) =>
    String(new URLSearchParams({ code: "", state: page.searchParams.get("state") ?? "", iss: this.issuer }))
  granted: (scopes: ReadonlyArray<string>) => ReadonlyArray<string> = (scopes) => scopes
  /** In seconds. */
  expiresIn: number | undefined = 3600
  /** How long a user thinks, and the network takes. */
  thinks = "0 seconds" as `${number} seconds`
  redirectUri = "http://127.0.0.1:33418/callback"

  readonly seen: Array<Seen> = []
  /** The authorization pages that were opened. */
  readonly pages: Array<URL> = []
  /** How often a refresh token came a second time. */
  reuse = 0
  registrations = 0
  readonly valid = new Map<string, ReadonlyArray<string>>()
  readonly refreshTokens = new Map<string, ReadonlyArray<string>>()
  readonly #spent = new Set<string>()
  readonly #codes = new Map<string, { readonly scopes: ReadonlyArray<string>; readonly challenge: string | null }>()
  #issued = 0

  /** Ends the life of all access tokens. */
  expire(): void {
    this.valid.clear()
  }

  /** The token requests with this grant. */
  grants(grant: string): ReadonlyArray<Seen> {
    return this.seen.filter(({ form, url }) => url.endsWith("/token") && form.get("grant_type") === grant)
  }

  /** Issues tokens. The names of their values are found by the tests that look for secrets. */
  issue(scopes: ReadonlyArray<string>): Response {
    const [accessToken, refreshToken] = [`s3cret-access-${++this.#issued}`, `s3cret-refresh-${this.#issued}`]
    this.valid.set(accessToken, scopes)
    this.refreshTokens.set(refreshToken, scopes)
    return json(200, {
      access_token: accessToken,
      token_type: "Bearer",
      refresh_token: refreshToken,
      scope: scopes.join(" "),
      ...(this.expiresIn === undefined ? {} : { expires_in: this.expiresIn })
    })
  }

  #resourceAnswer({ body, headers }: Seen): Response {
    const token = /^Bearer (.*)$/.exec(headers["authorization"] ?? "")?.[1]
    const scopes = token === undefined ? undefined : this.valid.get(token)
    const hint = this.hint === undefined ? "" : `, resource_metadata="${this.hint}"`
    if (scopes === undefined) {
      const error = token === undefined ? "" : `, error="invalid_token"`
      const challenge = `Basic realm="x, Bearer scope=\\"decoy\\"", Bearer scope="${
        this.required.join(" ")
      }"${error}${hint}`
      return json(401, {}, { "www-authenticate": challenge })
    }
    const { forbidden } = this
    if (forbidden !== undefined && !list(forbidden.scope).every((one) => scopes.includes(one))) {
      const challenge = `Bearer error="${forbidden.error}", scope="${forbidden.scope}"${hint}`
      return json(403, {}, { "www-authenticate": challenge })
    }
    return mcpAnswer(body)
  }

  #serverDocument(origin: string): Response {
    return json(200, {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      revocation_endpoint: `${origin}/revoke`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
      authorization_response_iss_parameter_supported: true,
      scopes_supported: ["offline_access"],
      ...this.serverMetadata
    })
  }

  #tokenAnswer({ form }: Seen): Response {
    const grant = form.get("grant_type")
    if (grant === "authorization_code") {
      const code = this.#codes.get(form.get("code") ?? "")
      this.#codes.delete(form.get("code") ?? "")
      return code === undefined ? json(400, { error: "invalid_grant" }) : this.issue(code.scopes)
    }
    if (grant !== "refresh_token") return this.issue(list(form.get("scope")))
    const refreshToken = form.get("refresh_token") ?? ""
    if (this.#spent.has(refreshToken)) {
      this.reuse++
      this.refreshTokens.clear()
    }
    const scopes = this.refreshTokens.get(refreshToken)
    if (scopes === undefined) return json(400, { error: "invalid_grant" })
    this.refreshTokens.delete(refreshToken)
    this.#spent.add(refreshToken)
    return this.issue(scopes)
  }

  #answer(seen: Seen): Response {
    const special = this.override(seen)
    if (special !== undefined) return special
    if (seen.url === server) return this.#resourceAnswer(seen)
    const { origin, host, pathname } = new URL(seen.url)
    switch (pathname) {
      case "/.well-known/oauth-protected-resource":
      case "/.well-known/oauth-protected-resource/mcp":
        // The root has metadata if the resource is the whole origin.
        if (!pathname.endsWith("/mcp") && new URL(this.resource).pathname !== "/") return json(404, {})
        return json(200, {
          resource: this.resource,
          authorization_servers: [this.issuer],
          ...this.resourceMetadata
        })
      case "/.well-known/oauth-authorization-server":
        return this.#serverDocument(origin)
      case "/register":
        return json(201, { client_id: `client${++this.registrations}@${host}` })
      case "/token":
        return this.#tokenAnswer(seen)
      case "/revoke":
        return json(200, {})
      default:
        return json(404, {})
    }
  }

  /** As `fetch` does, it follows redirects unless it is told not to, and takes the headers and the body along. */
  readonly client = HttpClient.make((request, url, _signal, fiber) =>
    Effect.suspend(() => {
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      const { redirect } = Context.getOrUndefined(fiber.context, FetchHttpClient.RequestInit) ?? {}
      const send = (url: string, hops: number): Response => {
        const seen = { method: request.method, url, headers: request.headers, body, form: new URLSearchParams(body) }
        this.seen.push(seen)
        const response = this.#answer(seen)
        const location = response.headers.get("location")
        return location === null || redirect === "manual" || hops > 5 ? response : send(location, hops + 1)
      }
      return Effect.map(Effect.yieldNow, () => HttpClientResponse.fromWeb(request, send(url.href, 0)))
    })
  )

  /** A user who answers as `callback` says, after a while. */
  readonly authorize = (page: URL): Effect.Effect<URLSearchParams> =>
    Effect.gen({ self: this }, function*() {
      this.pages.push(page)
      yield* Effect.sleep(this.thinks)
      const response = new URLSearchParams(this.callback(page))
      if (response.get("code") === "") {
        const code = `s3cret-code-${this.pages.length}`
        const scopes = this.granted(list(page.searchParams.get("scope")))
        this.#codes.set(code, { scopes, challenge: page.searchParams.get("code_challenge") })
        response.set("code", code)
      }
      return response
    })

  readonly userAgent = Layer.effect(
    UserAgent.UserAgent,
    Effect.sync(() => ({
      open: () => Effect.sync(() => ({ redirectUri: this.redirectUri, authorize: this.authorize }))
    }))
  )

  readonly http = Layer.succeed(HttpClient.HttpClient, this.client)

  readonly dynamic = Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "test" }) })

  /** A client over this world, for as long as the scope. */
  readonly connect = (
    options: Partial<McpOAuth.Options<UserAgent.UserAgent | HttpClient.HttpClient>> = {},
    store: Layer.Layer<CredentialStore.CredentialStore> = CredentialStore.layerMemory
  ) => {
    const layer = McpOAuth.layer<UserAgent.UserAgent | HttpClient.HttpClient>({
      server,
      grant: this.dynamic,
      ...options
    })
    return Effect.map(
      Layer.build(Layer.provide(layer, Layer.mergeAll(this.http, this.userAgent, store))),
      Context.get(McpOAuth.McpOAuth)
    )
  }
}

/** Sends a request to the MCP server, or to another URL, and returns the status. */
export const post = (
  oauth: McpOAuth.McpOAuth["Service"],
  url = server
): Effect.Effect<number, OAuthClientError.OAuthClientError> =>
  oauth.client.execute(HttpClientRequest.post(url).pipe(HttpClientRequest.bodyText("{}", "application/json"))).pipe(
    Effect.map(({ status }) => status),
    Effect.catch((error) => {
      const reason = McpOAuth.errorOf(error)
      return reason === undefined ? Effect.die(error) : Effect.fail(reason)
    })
  )

/** The error of a request that fails. */
export const refused = (oauth: McpOAuth.McpOAuth["Service"]) => Effect.flip(post(oauth))

/** Secrets of the world: no text of a client contains one. */
export const secret = /s3cret/

/** A store that several clients share. */
export const sharedStore = Effect.map(
  Layer.build(CredentialStore.layerMemory),
  (context) => Layer.succeedContext(context)
)
