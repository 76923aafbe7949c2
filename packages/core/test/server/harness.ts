/**
 * Shared by the tests of protected servers: servers on the production layers, and clients that send HTTP requests to
 * them.
 */
import { AuthInfo, AuthorizationServer, type Issuer, McpAuth, type McpAuthOptions } from "@effect-mcp-auth/core"
import { Effect, Layer, Ref, Schema, type Scope } from "effect"
import { McpProtocol, McpSchema, McpServer, Tool, Toolkit } from "effect/ai"
import {
  type HttpClient,
  HttpEffect,
  HttpMiddleware,
  HttpRouter,
  type HttpServerRequest,
  type HttpServerResponse
} from "effect/http"

export const origin = "https://api.test"

export const resource = `${origin}/mcp`

export const issuer = "https://as.test"

export const metadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`

/** Every revision that Effect supports over HTTP, the newest first. */
export const protocols = [
  McpProtocol.v2026_07_28,
  McpProtocol.v2025_11_25,
  McpProtocol.v2025_06_18,
  McpProtocol.v2025_03_26
] as const

export type Revision = (typeof protocols)[number]["protocolVersion"]

export const revisions: ReadonlyArray<Revision> = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]

export const withSessions: ReadonlyArray<Exclude<Revision, "2026-07-28">> = ["2025-03-26", "2025-06-18", "2025-11-25"]

// ---------------------------------------------------------------------------------------------------------------------
// Servers
// ---------------------------------------------------------------------------------------------------------------------

/** The callers that reached a handler, in order. */
export type Reached = Ref.Ref<ReadonlyArray<string>>

/** The caller, by subject and client, as a handler sees it. */
export const caller = Effect.map(AuthInfo.AuthInfo, ({ clientId, subject }) => `${subject} by ${clientId}`)

/** Records that a handler was reached, and its caller. */
const arrive = (reached: Reached, where: string) =>
  Effect.tap(caller, (who) => Ref.update(reached, (all) => [...all, `${where}: ${who}`]))

const WhoAmI = Tool.make("WhoAmI", {
  description: "Says who the token speaks for",
  success: Schema.Struct({ caller: Schema.String, scopes: Schema.Array(Schema.String) }),
  dependencies: [AuthInfo.AuthInfo]
})

const tools = (reached: Reached) => {
  const toolkit = Toolkit.make(WhoAmI)
  return McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer({
    WhoAmI: () =>
      Effect.gen(function*() {
        const { scopes } = yield* AuthInfo.AuthInfo
        return { caller: yield* arrive(reached, "tool"), scopes: [...scopes] }
      })
  })))
}

const noteId = McpSchema.param("id", Schema.String)

/**
 * One of each: a tool, a resource, a template with a completion, and a prompt with one. All of them read `AuthInfo`.
 */
export const registrations = (reached: Reached) =>
  Layer.mergeAll(
    tools(reached),
    McpServer.resource({ uri: "notes://mine", name: "mine", content: arrive(reached, "resource") }),
    McpServer.resource`notes://note/${noteId}`({
      name: "note",
      completion: { id: () => Effect.map(arrive(reached, "template completion"), (who) => [who]) },
      content: (_, id) => Effect.map(arrive(reached, "template"), (who) => `${id}: ${who}`)
    }),
    McpServer.prompt({
      name: "greet",
      parameters: { tone: Schema.String },
      completion: { tone: () => Effect.map(arrive(reached, "prompt completion"), (who) => [who]) },
      content: ({ tone }) => Effect.map(arrive(reached, "prompt"), (who) => `${tone}: ${who}`)
    })
  )

/** Every registration that reads `AuthInfo`, with the request that reaches it and its result. */
export const capabilities: ReadonlyArray<{
  readonly name: string
  readonly method: string
  readonly params: Schema.JsonObject
  readonly answer: (who: string) => Schema.JsonObject
}> = [
  {
    name: "tool",
    method: "tools/call",
    params: { name: "WhoAmI", arguments: {} },
    // Structured content exists since 2025-06-18, text in every revision.
    answer: (who) => ({ content: [{ type: "text", text: JSON.stringify({ caller: who, scopes: ["notes:read"] }) }] })
  },
  {
    name: "resource",
    method: "resources/read",
    params: { uri: "notes://mine" },
    answer: (who) => ({ contents: [{ uri: "notes://mine", text: who }] })
  },
  {
    name: "template",
    method: "resources/read",
    params: { uri: "notes://note/7" },
    answer: (who) => ({ contents: [{ uri: "notes://note/7", text: `7: ${who}` }] })
  },
  {
    name: "prompt",
    method: "prompts/get",
    params: { name: "greet", arguments: { tone: "kindly" } },
    answer: (who) => ({ messages: [{ role: "user", content: { type: "text", text: `kindly: ${who}` } }] })
  },
  {
    name: "template completion",
    method: "completion/complete",
    params: { ref: { type: "ref/resource", uri: "notes://note/{id}" }, argument: { name: "id", value: "" } },
    answer: (who) => ({ completion: { values: [who], total: 1, hasMore: false } })
  },
  {
    name: "prompt completion",
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "tone", value: "" } },
    answer: (who) => ({ completion: { values: [who], total: 1, hasMore: false } })
  }
]

export type Path = HttpRouter.PathInput

export interface ServerOptions {
  readonly path?: Path
  readonly allowedOrigins?: ReadonlyArray<string>
}

/** A server that is not protected yet. */
export const serverWith = <E, R>(registrations: Layer.Layer<never, E, R>, options: ServerOptions = {}) =>
  McpServer.layerHttp({
    name: "notes",
    version: "1.0.0",
    path: options.path ?? "/mcp",
    protocols,
    allowSessionTermination: true,
    ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: options.allowedOrigins }),
    registrations
  })

export const server = (reached: Reached, options?: ServerOptions) => serverWith(registrations(reached), options)

type Discovered = HttpClient.HttpClient | Scope.Scope

/** The options of a test's resource, by default with a discovered server. */
export type ProtectOptions = McpAuthOptions.Options<Issuer.InvalidIssuer, Discovered, HttpClient.HttpClient>

/** One metadata URL of the provider, so that one fetch is one request. */
export const discover = (name: string) =>
  AuthorizationServer.discover(name, { type: "oauth", allowInsecureLoopback: true })

export const options = (changes: Partial<ProtectOptions> = {}): ProtectOptions => ({
  resource,
  authorizationServers: [discover(issuer)],
  scopesSupported: ["notes:read", "notes:write"],
  ...changes
})

/** A handler of requests. It answers each with the clock, the loggers, the tracer and the metrics of the test. */
export type Handle = (request: Request) => Effect.Effect<Response>

type HttpApp<E> = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  E,
  Scope.Scope | HttpServerRequest.HttpServerRequest
>

/** Answers the requests of a test like a web server: in a fiber for each, with an access log line. */
export const handleWith = <E>(http: HttpApp<E>): Effect.Effect<Handle> =>
  Effect.map(Effect.context<never>(), (context) => {
    const toHandler = HttpEffect.toWebHandlerWith<never, Scope.Scope | HttpServerRequest.HttpServerRequest>(context)
    const handle = toHandler(http, HttpMiddleware.logger)
    return (request) => Effect.promise(() => handle(request))
  })

/** An application whose request services are all provided. */
type App<A, E> = Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>

/** Builds an application, and serves it in memory. */
export const serve = <A, E>(app: App<A, E>) => Effect.flatMap(HttpRouter.toHttpEffect(app), handleWith)

/** The server with one registration of each kind, protected and served. */
export const start = Effect.fnUntraced(function*(
  changes: Partial<ProtectOptions> = {},
  serverOptions?: ServerOptions
) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const handle = yield* serve(server(reached, serverOptions).pipe(McpAuth.protect(options(changes))))
  return { handle, reached: Ref.get(reached) }
})

/** The error with which a layer fails to build. */
export const buildError = <A, E>(app: App<A, E>) =>
  Effect.scoped(Effect.flip(Effect.asVoid(HttpRouter.toHttpEffect(app))))

// ---------------------------------------------------------------------------------------------------------------------
// Clients
// ---------------------------------------------------------------------------------------------------------------------

/** The members of a JSON-RPC message that tests read. */
export interface Message {
  readonly jsonrpc?: string
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: Schema.JsonObject
  readonly result?: Schema.JsonObject
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Schema.Json }
}

/** A response, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly messages: ReadonlyArray<Message>
}

const eventsOf = (body: string): ReadonlyArray<string> =>
  body.split("\n").flatMap((line) => line.startsWith("data: ") ? [line.slice(6)] : [])

const messagesOf = (headers: Headers, body: string): ReadonlyArray<Message> => {
  const type = headers.get("content-type") ?? ""
  const texts = type.startsWith("text/event-stream")
    ? eventsOf(body)
    : type.includes("json") && body !== ""
    ? [body]
    : []
  return texts.flatMap((text) => {
    const message: Message | ReadonlyArray<Message> = JSON.parse(text)
    return Array.isArray(message) ? message : [message]
  })
}

export const read = (response: Response): Effect.Effect<Answer> =>
  Effect.map(Effect.promise(() => response.text()), (body) => ({
    status: response.status,
    headers: response.headers,
    body,
    messages: messagesOf(response.headers, body)
  }))

/** Everything of a response that a client can see. */
export const visible = ({ body, headers, status }: Answer) => ({ status, headers: [...headers].toSorted(), body })

export const send = (handle: Handle, url: string, init?: RequestInit): Effect.Effect<Answer> =>
  Effect.flatMap(handle(new Request(url, init)), read)

type Extra = Readonly<Record<string, string>>

export const bearer = (token: string | undefined): Extra =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

export const mcpHeaders = { "content-type": "application/json", "accept": "application/json, text/event-stream" }

/** A POST as MCP clients send it. */
export const post = (
  handle: Handle,
  body: unknown,
  { headers = {}, token, url = resource }: {
    readonly token?: string | undefined
    readonly headers?: Extra
    readonly url?: string
  } = {}
): Effect.Effect<Answer> =>
  send(handle, url, {
    method: "POST",
    headers: { ...mcpHeaders, ...bearer(token), ...headers },
    body: JSON.stringify(body)
  })

const clientInfo = { name: "test", version: "1.0.0" }

export const request = (id: number | string, method: string, params: Schema.JsonObject = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params
})

const stringOf = (value: Schema.Json | undefined): string | undefined => typeof value === "string" ? value : undefined

/** A request of 2026-07-28, which contains all its context. */
export const stateless = (id: number | string, method: string, params: Schema.JsonObject = {}) => {
  const name = method === "resources/read"
    ? stringOf(params["uri"])
    : method === "completion/complete"
    ? undefined
    : stringOf(params["name"])
  return {
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name === undefined ? {} : { "mcp-name": name })
    },
    body: request(id, method, {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
        "io.modelcontextprotocol/clientInfo": clientInfo
      }
    })
  }
}

export const initializeRequest = (revision: Revision) =>
  request("init", "initialize", { protocolVersion: revision, capabilities: {}, clientInfo })

/** Begins a session. Its headers are sent with every request. */
export const initialize = Effect.fnUntraced(function*(handle: Handle, revision: Revision, token: string | undefined) {
  const answer = yield* post(handle, initializeRequest(revision), { token })
  const session = answer.headers.get("mcp-session-id")
  if (session === null) return yield* Effect.die(`no session: ${answer.status} ${answer.body}`)
  const headers = { "mcp-session-id": session, "mcp-protocol-version": revision }
  yield* post(handle, { jsonrpc: "2.0", method: "notifications/initialized" }, { token, headers })
  return headers
})

/** A client of one revision, which sends requests with a token. */
interface Client {
  readonly call: (method: string, params?: Schema.JsonObject, token?: string) => Effect.Effect<Answer>
}

export const connect = Effect.fnUntraced(function*(handle: Handle, revision: Revision, token: string) {
  if (revision === "2026-07-28") {
    return {
      call: (method, params, other = token) => {
        const { body, headers } = stateless(1, method, params)
        return post(handle, body, { token: other, headers })
      }
    } satisfies Client
  }
  const headers = yield* initialize(handle, revision, token)
  return {
    call: (method, params, other = token) => post(handle, request(1, method, params), { token: other, headers })
  } satisfies Client
})

/** One call in the newest revision, which needs no session. */
export const callTool = (
  handle: Handle,
  token: string | undefined,
  name = "WhoAmI",
  url = resource
): Effect.Effect<Answer> => {
  const { body, headers } = stateless(1, "tools/call", { name, arguments: {} })
  return post(handle, body, { token, headers, url })
}

/** The result of a response with one message. */
export const resultOf = ({ messages }: Answer): Schema.JsonObject | undefined => messages.at(-1)?.result
