/** The servers that are compared in one process, and what each is asked. */
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
import * as Policy from "@effect-mcp-auth/core/Policy"
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { createServer } from "node:http"
import type { Burst } from "../harness/blocks.ts"
import { type Call, requestOf } from "../harness/mcpClient.ts"
import { keysFor } from "../harness/quietProvider.ts"
import { type PublicJwk, quietIssuer, resource } from "../harness/tokens.ts"
import { connect } from "./wire.ts"

/** What is measured. The order is that of the report. */
const subjects = {
  bare: { guard: "bare", tools: 1, method: "tools/call", tokens: "same" },
  floor: { guard: "floor", tools: 1, method: "tools/call", tokens: "same" },
  "protected, the same token": { guard: "ours", tools: 1, method: "tools/call", tokens: "same" },
  "protected, a policy for the tool": { guard: "policies", tools: 1, method: "tools/call", tokens: "same" },
  "protected, distinct tokens": { guard: "ours", tools: 1, method: "tools/call", tokens: "distinct" },
  "list of 100 tools, bare": { guard: "bare", tools: 100, method: "tools/list", tokens: "same" },
  "list of 100 tools, protected": { guard: "ours", tools: 100, method: "tools/list", tokens: "same" },
  "list of 100 tools, protected, a policy for each": {
    guard: "policies",
    tools: 100,
    method: "tools/list",
    tokens: "same"
  }
} as const satisfies Record<string, {
  readonly guard: "bare" | "floor" | "ours" | "policies"
  readonly tools: number
  readonly method: Call["method"]
  readonly tokens: "same" | "distinct"
}>

export type SubjectName = keyof typeof subjects

// `Object.keys` gives strings; these are the names that the object was written with.
export const subjectNames = Object.keys(subjects) as ReadonlyArray<SubjectName>

const parameters = Schema.Struct({ text: Schema.String })

const toolNamed = (name: string) =>
  Tool.make(name, { description: "Says what it is told", parameters, success: Schema.String })

const toolWithPolicy = (name: string) => Policy.tool(toolNamed(name), Policy.scopes("notes:read"))

const namesOf = (count: number) => ["Echo", ...Array.from({ length: count - 1 }, (_, index) => `Tool${index}`)]

const handlersOf = (count: number) =>
  Object.fromEntries(
    namesOf(count).map((name) => [name, ({ text }: typeof parameters.Type) => Effect.succeed(text)])
  )

const mcpServer = <E, R>(registrations: Layer.Layer<never, E, R>) =>
  McpServer.layerHttp({
    name: "bench",
    version: "1.0.0",
    path: "/mcp",
    protocols: [McpProtocol.v2026_07_28],
    registrations
  })

const plainServer = (tools: number) => {
  const toolkit = Toolkit.make(...namesOf(tools).map(toolNamed))
  return mcpServer(McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer(handlersOf(tools)))))
}

const serverWithPolicies = (tools: number) => {
  const toolkit = Toolkit.make(...namesOf(tools).map(toolWithPolicy))
  return mcpServer(McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer(handlersOf(tools)))))
}

class Who
  extends Context.Service<Who, { readonly subject: string }>()("@effect-mcp-auth/benchmarks/gate/subjects/Who")
{}

const who = Who.of({ subject: "user-1" })

const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "WWW-Authenticate,Mcp-Session-Id,Mcp-Protocol-Version,Retry-After"
}

/** The least that any authorization does: one service for handlers, and the headers that browsers need. */
const floor =
  HttpRouter.middleware<{ provides: Who }>()((respond) =>
    Effect.map(Effect.provideService(respond, Who, who), HttpServerResponse.setHeaders(corsHeaders))
  ).layer

const protect = McpAuth.protect({
  resource,
  authorizationServers: [
    AuthorizationServer.make({ type: "oauth", metadata: { issuer: quietIssuer, jwksUri: `${quietIssuer}/jwks` } })
  ]
})

/** Builds a server that nothing on the network reaches, and gives back how to ask it. It lives as long as the scope. */
export const start = Effect.fnUntraced(function*(
  name: SubjectName,
  { distinct, jwk, same }: {
    readonly jwk: PublicJwk
    readonly same: string
    readonly distinct: ReadonlyArray<string>
  }
) {
  const { guard, method, tokens, tools } = subjects[name]
  const listener = createServer()
  // Connections are idle while other subjects have their turn.
  Object.assign(listener, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 })
  const quiet = { disableLogger: true, disableListenLog: true }
  const listening = NodeHttpServer.layer(() => listener, { port: 0, host: "127.0.0.1" })
  const plain = plainServer(tools)
  const network = Layer.merge(NodeMcpAuth.layerWith({ allow: ["loopback"] }), keysFor([jwk]))
  const layers = {
    bare: () => HttpRouter.serve(plain, quiet),
    floor: () => HttpRouter.serve(Layer.provide(plain, floor), quiet),
    ours: () => HttpRouter.serve(protect(plain), quiet).pipe(Layer.provide(network)),
    policies: () => HttpRouter.serve(protect(serverWithPolicies(tools)), quiet).pipe(Layer.provide(network))
  }
  yield* Layer.build(layers[guard]().pipe(Layer.provide(listening)))
  const sent = tokens === "same" ? [same] : distinct
  const burst: Burst = connect(listener, {
    connections: 8,
    expected: { status: 200, includes: method === "tools/list" ? "\"tools\"" : "hello" },
    requests: sent.map((token) => requestOf({ method, token }))
  })
  return { name, burst }
})
