/** The official SDKs with a server that has a public tool: none of them logs in before a protected tool is called. */
import { AuthInfo, AuthorizationServer, McpAuth, Policy } from "@effect-mcp-auth/core"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { createKeepAliveServer } from "@effect-mcp-auth/examples/loopback"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import { freePort } from "@effect-mcp-auth/examples/serve"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe } from "@effect/vitest"
import * as Sdk2 from "@modelcontextprotocol/client"
import { UnauthorizedError as UnauthorizedOf124 } from "@modelcontextprotocol/sdk-1-24/client/auth.js"
import { Client as ClientOf124 } from "@modelcontextprotocol/sdk-1-24/client/index.js"
import { StreamableHTTPClientTransport as TransportOf124 } from "@modelcontextprotocol/sdk-1-24/client/streamableHttp.js"
import { UnauthorizedError as UnauthorizedOf132 } from "@modelcontextprotocol/sdk/client/auth.js"
import { Client as ClientOf132 } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport as TransportOf132 } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { Effect, Layer, Schema } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { live } from "./support/live.ts"

const Public = Policy.tool(Policy.anonymous)(Tool.make("Public", { success: Schema.String }))
const Caller = Policy.tool(Policy.authenticated)(Tool.make("Caller", { success: Schema.String }))
const Write = Policy.tool(Policy.scopes("notes:write"))(Tool.make("Write", { success: Schema.String }))
const tools = Toolkit.make(Public, Caller, Write)

const name = Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "a caller without a token")

/** A protected server on a loopback port, and the requests that reached it. */
const serve = Effect.fnUntraced(function*(issuer: string) {
  const port = yield* freePort
  const resource = `http://127.0.0.1:${port}/mcp`
  const seen: Array<string> = []
  const mcp = McpServer.layerHttp({
    name: "public tools",
    version: "1.0.0",
    path: "/mcp",
    protocols: [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25, McpProtocol.v2025_06_18],
    allowSessionTermination: true,
    registrations: McpServer.toolkit(tools).pipe(
      Layer.provide(tools.toLayer({ Public: () => name, Caller: () => name, Write: () => name }))
    )
  }).pipe(McpAuth.protect({
    resource,
    authorizationServers: [AuthorizationServer.discover(issuer, { allowInsecureLoopback: true })],
    scopesSupported: ["notes:read", "notes:write"],
    requiredScopes: ["notes:read"],
    visibility: "locked",
    anonymousLists: true,
    allowInsecureLoopback: true
  }))
  const served = HttpRouter.serve(mcp, {
    disableLogger: true,
    disableListenLog: true,
    middleware: (app) =>
      Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        ({ method, url }) => Effect.tap(app, ({ status }) => Effect.sync(() => seen.push(`${method} ${url} ${status}`)))
      )
  })
  yield* Layer.build(served.pipe(
    Layer.provide(NodeHttpServer.layer(createKeepAliveServer, { port, host: "127.0.0.1" })),
    Layer.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  ))
  return { resource, seen }
})

/** The operations of every SDK client in this test. */
interface Connected {
  /** Whether the client opens the stream of its session in the background. */
  readonly asksForStream: boolean
  readonly call: (tool: string) => Promise<object>
  readonly setLevel: () => Promise<unknown>
  readonly list: () => Promise<{ readonly tools: ReadonlyArray<{ readonly name: string }> }>
  readonly finish: () => Promise<void>
  readonly needsLogin: (error: unknown) => boolean
  readonly close: () => Promise<void>
}

/** A user whose client has no refresh token: SDK 1.x would use that instead of requesting more scopes. */
class User extends ScriptedUser {
  override saveTokens({ refresh_token: _, ...tokens }: Parameters<ScriptedUser["saveTokens"]>[0]): void {
    super.saveTokens(tokens)
  }
}

const codeOf = (user: User) => user.callbackParameters.get("code") ?? ""

const sdks: Readonly<Record<string, (url: URL, user: User) => Promise<Connected>>> = {
  "SDK 1.24.3": async (url, user) => {
    const transport = new TransportOf124(url, { authProvider: user })
    const client = new ClientOf124({ name: "sdk-1-24", version: "1.0.0" })
    // The types of that release are incompatible with each other under `exactOptionalPropertyTypes`.
    await client.connect(transport as Parameters<typeof client.connect>[0])
    return {
      asksForStream: true,
      call: (name) => client.callTool({ name, arguments: {} }),
      setLevel: () => client.setLoggingLevel("debug"),
      list: () => client.listTools(),
      finish: () => transport.finishAuth(codeOf(user)),
      needsLogin: (error) => error instanceof UnauthorizedOf124,
      close: async () => {
        await transport.terminateSession()
        await client.close()
      }
    }
  },
  "SDK 1.32.2": async (url, user) => {
    const transport = new TransportOf132(url, { authProvider: user })
    const client = new ClientOf132({ name: "sdk-1-32", version: "1.0.0" })
    await client.connect(transport)
    return {
      asksForStream: true,
      call: (name) => client.callTool({ name, arguments: {} }),
      setLevel: () => client.setLoggingLevel("debug"),
      list: () => client.listTools(),
      finish: () => transport.finishAuth(codeOf(user)),
      needsLogin: (error) => error instanceof UnauthorizedOf132,
      close: async () => {
        await transport.terminateSession()
        await client.close()
      }
    }
  }
}

const clientOf2 = (mode: "auto" | "legacy") => async (url: URL, user: User): Promise<Connected> => {
  const transport = new Sdk2.StreamableHTTPClientTransport(url, { authProvider: user })
  const client = new Sdk2.Client({ name: "client-2", version: "1.0.0" }, { versionNegotiation: { mode } })
  await client.connect(transport)
  return {
    asksForStream: mode === "legacy",
    call: (name) => client.callTool({ name, arguments: {} }),
    setLevel: async () => mode === "legacy" ? client.setLoggingLevel("debug") : undefined,
    list: () => client.listTools(),
    finish: () => transport.finishAuth(user.callbackParameters),
    needsLogin: (error) => error instanceof Sdk2.UnauthorizedError,
    close: async () => {
      if (mode === "legacy") await transport.terminateSession()
      await client.close()
    }
  }
}

const clients = {
  ...sdks,
  "client 2.4.0 in a session": clientOf2("legacy"),
  "client 2.4.0 without a session": clientOf2("auto")
}

/** The result of a tool, as text. */
const call = (client: Connected, tool: string) =>
  Effect.map(Effect.promise(() => client.call(tool)), (answer) => JSON.stringify(answer))

/** A call that starts a login: the SDK sends the user to the provider, gets the code, and calls again. */
const callAfterLogin = Effect.fnUntraced(function*(client: Connected, tool: string) {
  const error = yield* Effect.promise(() => client.call(tool).then(() => undefined, (error: unknown) => error))
  assert.isTrue(client.needsLogin(error), `${tool}: ${String(error)}`)
  yield* Effect.promise(client.finish)
  return yield* call(client, tool)
})

/** Begins a session, and waits for the SDK's background requests. */
const begin = Effect.fnUntraced(function*(connect: (url: URL, user: User) => Promise<Connected>) {
  const { issuer } = yield* EmbeddedProvider.start()
  const { resource, seen } = yield* serve(issuer)
  const user = new User()
  const client = yield* Effect.promise(() => connect(new URL(resource), user))
  if (client.asksForStream) {
    yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => seen.some((line) => line.startsWith("GET /mcp")) })
  }
  return { client, seen, user }
})

describe.concurrent("a server with a public tool", () => {
  for (const [sdk, connect] of Object.entries(clients)) {
    live(
      `${sdk} uses the public tool without a login, and the first protected tool starts it`,
      () =>
        Effect.gen(function*() {
          const { client, seen, user } = yield* begin(connect)
          yield* Effect.promise(client.setLevel)
          const { tools } = yield* Effect.promise(client.list)
          assert.sameMembers(tools.map(({ name }) => name), ["Public", "Caller", "Write"])
          assert.include(yield* call(client, "Public"), "a caller without a token")
          assert.deepStrictEqual(user.story, [], seen.join("\n"))
          assert.notInclude(seen.join("\n"), " 401")
          assert.include(yield* callAfterLogin(client, "Caller"), "ada")
          assert.strictEqual(user.tokens()?.scope, "notes:read")
          assert.include(yield* call(client, "Public"), "ada")
          yield* Effect.promise(client.close)
        })
    )

    live(
      `${sdk} steps up with one more login, because the challenge names the required scopes as well`,
      () =>
        Effect.gen(function*() {
          const { client, user } = yield* begin(connect)
          yield* callAfterLogin(client, "Caller")
          assert.include(yield* callAfterLogin(client, "Write"), "ada")
          assert.strictEqual(user.tokens()?.scope, "notes:read notes:write")
          assert.include(yield* call(client, "Caller"), "ada")
          assert.lengthOf(user.story.filter((step) => step.includes("logs in")), 2)
          yield* Effect.promise(client.close)
        })
    )

    live(`${sdk} ends its session without a login`, () =>
      Effect.gen(function*() {
        const { client, seen, user } = yield* begin(connect)
        yield* call(client, "Public")
        yield* Effect.promise(client.close)
        assert.deepStrictEqual(user.story, [], seen.join("\n"))
        assert.notInclude(seen.join("\n"), " 401")
      }))
  }
})
