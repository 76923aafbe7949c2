/** The clients that are compared in one process. All call the same tool of the same server. */
import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as Grant from "@effect-mcp-auth/core/Grant"
import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as McpClient from "effect/ai/McpClient"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Burst } from "../harness/blocks.ts"
import { quietIssuer, resource } from "../harness/tokens.ts"
import { connectorTo } from "./memoryServer.ts"

/** What is measured. The order is that of the report. */
export const subjectNames = ["static header", "floor", "McpOAuth"] as const

export type SubjectName = (typeof subjectNames)[number]

const tool = { name: "Echo", inputSchema: { type: "object", properties: { text: { type: "string" } } } }

const results = new Map(
  Object.entries({
    "server/discover": {
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: "private"
    },
    "tools/list": { resultType: "complete", tools: [tool], ttlMs: 0, cacheScope: "private" },
    "tools/call": {
      resultType: "complete",
      content: [{ type: "text", text: "{\"text\":\"hello\"}" }],
      structuredContent: { text: "hello" }
    }
  }).map(([method, result]) => [method, JSON.stringify(result)])
)

const Echoed = Schema.Struct({ text: Schema.Literal("hello") })

const lifetime = 3_600_000

/** A store in memory with a valid token, that counts how often it is used. */
const makeStore = Effect.fnUntraced(function*(token: string) {
  const store = yield* CredentialStore.CredentialStore
  const now = yield* Clock.currentTimeMillis
  yield* store.setTokens(resource, {
    issuer: quietIssuer,
    resource,
    clientId: "client-1",
    type: "Bearer",
    accessToken: Redacted.make(token),
    refreshToken: Redacted.make("refresh-token"),
    obtainedAt: now,
    expiresAt: now + lifetime,
    requested: ["notes:read"]
  })
  let uses = 0
  const counted = <A>(effect: Effect.Effect<A, CredentialStore.StoreFailed>) =>
    Effect.suspend(() => {
      uses += 1
      return effect
    })
  return {
    uses: () => uses,
    layer: Layer.succeed(CredentialStore.CredentialStore, {
      ...store,
      tokens: (server) => counted(store.tokens(server)),
      setTokens: (server, tokens) => counted(store.setTokens(server, tokens)),
      transaction: (key) => (effect) => {
        uses += 1
        return store.transaction(key)(effect)
      }
    })
  }
}, Effect.provide(CredentialStore.layerMemory))

/** The HTTP client of Node programs, whose connections lead to the server in memory. */
const networkTo = (authorization: string) =>
  NodeHttpClient.layerUndiciNoDispatcher.pipe(Layer.provide(NodeHttpClient.layerDispatcherOptions({
    connections: 8,
    pipelining: 1,
    // Connections are idle while other subjects have their turn.
    keepAliveTimeout: 600_000,
    connect: connectorTo({ authorization, results })
  })))

const clientWith = (headers: Readonly<Record<string, string>>) =>
  McpClient.layerHttp({
    name: "bench",
    version: "1.0.0",
    url: resource,
    protocol: McpProtocol.v2026_07_28,
    headers
  })

/** The least that a header costs that is not static: one that is set for each request. */
const floor = (authorization: string) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.mapRequest(HttpClientRequest.setHeader("authorization", authorization))
    )
  )

const oauth = McpOAuth.layer({
  server: resource,
  grant: Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "bench" }) }),
  interactive: "never"
})

/** How many calls are under way at once. */
const concurrency = 8

/** Connects a client, which lives as long as the scope. */
export const start = Effect.fnUntraced(function*(name: SubjectName, token: string) {
  const authorization = `Bearer ${token}`
  const store = yield* makeStore(token)
  const layers = {
    "static header": () => clientWith({ authorization }),
    "floor": () => Layer.provide(clientWith({}), floor(authorization)),
    "McpOAuth": () => Layer.provide(clientWith({}), Layer.provide(oauth, store.layer))
  }
  const client = Context.get(
    yield* Layer.build(layers[name]().pipe(Layer.provide(networkTo(authorization)))),
    McpClient.McpClient
  )
  const [tool] = yield* client.listTools()
  if (tool === undefined) return yield* Effect.die("The server has no tool")
  const call = client.callTool({ tool, schema: Echoed, arguments: { text: "hello" } })
  const burst: Burst = (times) =>
    Effect.runPromise(Effect.forEach(Array.from({ length: times }), () => call, { concurrency, discard: true }))
  return { name, burst, usesOfStore: store.uses }
})
