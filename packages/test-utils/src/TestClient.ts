/**
 * A client for the tests of an MCP server: it builds the server and sends requests to it in memory.
 *
 * The server is the complete production layer: authentication, policies, sessions and CORS. Requests run with the
 * clock, the loggers and the tracer of the test. With `TestProvider`, a test of one tool needs three lines.
 *
 * **Example** (Calling a tool without and with the scope that it needs)
 *
 * ```ts import.meta.vitest
 * import { AuthorizationServer, McpAuth, Policy } from "@effect-mcp-auth/core"
 * import { TestClient, TestProvider } from "@effect-mcp-auth/test-utils"
 * import { Effect, Layer, Schema } from "effect"
 * import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
 *
 * const Count = Policy.tool(Policy.scopes("notes:read"))(Tool.make("Count", { success: Schema.Int }))
 * const tools = Toolkit.make(Count)
 * const server = McpServer.layerHttp({
 *   name: "notes",
 *   version: "1.0.0",
 *   path: "/mcp",
 *   protocols: [McpProtocol.v2026_07_28],
 *   registrations: McpServer.toolkit(tools).pipe(Layer.provide(tools.toLayer({ Count: () => Effect.succeed(3) })))
 * }).pipe(McpAuth.protect({
 *   resource: "https://api.test/mcp",
 *   authorizationServers: [AuthorizationServer.discover("https://as.test")]
 * }))
 *
 * const test = Effect.gen(function*() {
 *   const provider = yield* TestProvider.TestProvider
 *   const client = yield* TestClient.make(server, { url: "https://api.test/mcp" })
 *   const refused = yield* client.callTool("Count", {}, { token: yield* provider.mint({ claims: { scope: "other" } }) })
 *   const answer = yield* client.callTool("Count", {}, { token: yield* provider.mint({ claims: { scope: "notes:read" } }) })
 *   return [refused.status, refused.challenge?.scope, answer.result?.structuredContent]
 * }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
 *
 * await Effect.runPromise(test) // => [403, "notes:read", 3]
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The MCP revisions that a client can speak.
 *
 * @category models
 * @since 0.1.0
 */
export type Revision = "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28"

/**
 * Options for a client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The URL of the MCP server, which is its resource identifier. */
  readonly url: string
  /**
   * The MCP revision that the client speaks. Before 2026-07-28, it starts a session for each token with the first
   * request. Default: `2026-07-28`.
   */
  readonly revision?: Revision | undefined
}

/**
 * Options for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestOptions {
  /** The access token. Default: none. */
  readonly token?: string | undefined
  /** Additional HTTP headers. They replace those that the client sets. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * The parameters of a `WWW-Authenticate: Bearer` challenge (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * @category models
 * @since 0.1.0
 */
export interface Challenge {
  readonly scope?: string
  readonly error?: string
  readonly error_description?: string
  readonly resource_metadata?: string
}

const Message = Schema.Struct({
  id: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Number]))),
  method: Schema.optionalKey(Schema.String),
  params: Schema.optionalKey(Schema.Json),
  result: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  error: Schema.optionalKey(Schema.Struct({
    code: Schema.Number,
    message: Schema.String,
    data: Schema.optionalKey(Schema.Json)
  }))
})

/**
 * A JSON-RPC message of the server.
 *
 * @category models
 * @since 0.1.0
 */
export type Message = typeof Message.Type

/**
 * The complete response to a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** The challenge, if the response has one. */
  readonly challenge: Challenge | undefined
  /** Every JSON-RPC message of the response, in order. */
  readonly messages: ReadonlyArray<Message>
  /** The result of the last message, if it has one. */
  readonly result: Message["result"]
  /** The error of the last message, if it has one. */
  readonly error: Message["error"]
}

/**
 * A client of an MCP server in memory.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestClient {
  /** Sends any HTTP request, such as one for the metadata of the resource. */
  readonly fetch: (request: Request) => Effect.Effect<Response>
  /** Sends a JSON-RPC request. */
  readonly request: (method: string, params?: Schema.JsonObject, options?: RequestOptions) => Effect.Effect<Answer>
  readonly callTool: (name: string, args?: Schema.JsonObject, options?: RequestOptions) => Effect.Effect<Answer>
  readonly readResource: (uri: string, options?: RequestOptions) => Effect.Effect<Answer>
  readonly getPrompt: (
    name: string,
    args?: Readonly<Record<string, string>>,
    options?: RequestOptions
  ) => Effect.Effect<Answer>
}

const decodeMessages = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Union([Schema.Array(Message), Message]))
)

/** The JSON texts of a response: its body, or the data of its events. */
const textsOf = (headers: Headers, body: string): ReadonlyArray<string> => {
  const contentType = headers.get("content-type") ?? ""
  if (contentType.startsWith("text/event-stream")) {
    return body.split("\n").flatMap((line) => line.startsWith("data: ") ? [line.slice("data: ".length)] : [])
  }
  return contentType.includes("json") ? [body] : []
}

const challengeOf = (headers: Headers): Challenge | undefined => {
  const header = headers.get("www-authenticate")
  if (header === null || !header.startsWith("Bearer")) return undefined
  const parameters = [...header.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)]
  return Object.fromEntries(parameters.map(([, name, value = ""]) => [name, value.replaceAll(/\\(.)/g, "$1")]))
}

/**
 * Reads a response to its end.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (response: Response): Effect.Effect<Answer> =>
  Effect.map(Effect.promise(() => response.text()), (body) => {
    const { headers, status } = response
    const messages = textsOf(headers, body).flatMap((text) => [Option.getOrElse(decodeMessages(text), () => [])].flat())
    const last = messages.at(-1)
    return {
      status,
      headers,
      body,
      challenge: challengeOf(headers),
      messages,
      result: last?.result,
      error: last?.error
    }
  })

const clientInfo = { name: "test-client", version: "1.0.0" }

/** The metadata that MCP 2026-07-28 requires with every request, in the body and in headers. */
const statelessParts = (method: string, params: Schema.JsonObject) => {
  const name = params["name"] ?? params["uri"]
  return {
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : {})
    },
    params: {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": clientInfo
      }
    }
  }
}

const encodeBody = Schema.encodeSync(Schema.fromJsonString(Schema.Json))

/** Sends JSON-RPC messages to one URL. */
const makePost = (fetch: TestClient["fetch"], url: string) =>
(
  message: Schema.JsonObject,
  { headers = {}, token }: RequestOptions
): Effect.Effect<Answer> =>
  Effect.flatMap(
    fetch(
      new Request(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "accept": "application/json, text/event-stream",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers
        },
        body: encodeBody({ jsonrpc: "2.0", ...message })
      })
    ),
    read
  )

/**
 * Starts one session for each token. If the server starts none, requests are sent without one, so that its error is
 * visible.
 */
const makeSessions = (post: ReturnType<typeof makePost>, revision: Revision) => {
  const sessions = new Map<string | undefined, Readonly<Record<string, string>>>()
  return Effect.fnUntraced(function*(options: RequestOptions) {
    const known = sessions.get(options.token)
    if (known !== undefined) return known
    const version = { "mcp-protocol-version": revision }
    const params = { protocolVersion: revision, capabilities: {}, clientInfo }
    const { headers } = yield* post({ id: 0, method: "initialize", params }, options)
    const id = headers.get("mcp-session-id")
    if (id === null) return version
    const session = { ...version, "mcp-session-id": id }
    yield* post({ method: "notifications/initialized" }, { ...options, headers: { ...session, ...options.headers } })
    sessions.set(options.token, session)
    return session
  })
}

/** A server as a function from requests to responses. */
const makeFetch = Effect.fnUntraced(function*<A, E>(
  server: Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>
): Effect.fn.Return<TestClient["fetch"], E, HttpClient.HttpClient | Scope.Scope> {
  const app = yield* HttpRouter.toHttpEffect(server)
  const context = yield* Effect.context<never>()
  const handle = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest | Scope.Scope>(context)(app)
  return (request) => Effect.promise(() => handle(request))
})

/**
 * An `HttpClient` that reaches the server at its origin, and everything else over the `HttpClient` in context, such as
 * that of `TestProvider`. With it, a client such as Effect's `McpClient` runs against your server in memory.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerNetwork = <A, E>(
  server: Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>,
  { url }: Pick<Options, "url">
): Layer.Layer<HttpClient.HttpClient, E, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const others = yield* HttpClient.HttpClient
      const fetch = yield* makeFetch(server)
      const { origin } = new URL(url)
      return HttpClient.make((request, target, signal) =>
        target.origin === origin
          ? Effect.orDie(HttpClientRequest.toWeb(request, { signal })).pipe(
            Effect.flatMap(fetch),
            Effect.map((response) => HttpClientResponse.fromWeb(request, response))
          )
          : others.execute(request)
      )
    })
  )

/**
 * Builds a server and a client for it. The server stops when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<A, E>(
  server: Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>,
  { revision = "2026-07-28", url }: Options
): Effect.fn.Return<TestClient, E, HttpClient.HttpClient | Scope.Scope> {
  const fetch = yield* makeFetch(server)
  const post = makePost(fetch, url)
  const sessionOf = makeSessions(post, revision)
  const request: TestClient["request"] = Effect.fnUntraced(function*(method, params = {}, options = {}) {
    if (revision === "2026-07-28") {
      const parts = statelessParts(method, params)
      const headers = { ...parts.headers, ...options.headers }
      return yield* post({ id: 1, method, params: parts.params }, { ...options, headers })
    }
    const headers = { ...yield* sessionOf(options), ...options.headers }
    return yield* post({ id: 1, method, params }, { ...options, headers })
  })
  return {
    fetch,
    request,
    callTool: (name, args = {}, options) => request("tools/call", { name, arguments: args }, options),
    readResource: (uri, options) => request("resources/read", { uri }, options),
    getPrompt: (name, args = {}, options) => request("prompts/get", { name, arguments: args }, options)
  }
})
