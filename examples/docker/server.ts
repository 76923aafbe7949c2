/**
 * A protected server that is configured by its environment: `MCP_AUTH_RESOURCE`, `MCP_AUTH_ISSUER` and the other variables
 * of docs/options.md.
 */
import { AuthInfo, McpAuth } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Schema } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

const WhoAmI = Tool.make("WhoAmI", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })
const Tools = Toolkit.make(WhoAmI)
const Handlers = Tools.toLayer({ WhoAmI: () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "no user") })

const Mcp = McpServer.layerHttp({
  name: "notes",
  version: "1.0.0",
  path: "/mcp",
  protocols: [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25, McpProtocol.v2025_06_18],
  registrations: McpServer.toolkit(Tools).pipe(Layer.provide(Handlers))
}).pipe(McpAuth.protect(), Layer.provide(McpAuth.layerFromConfig()))

/** Health checks need no token. */
const Health = HttpRouter.add("GET", "/health", HttpServerResponse.text("ok"))

HttpRouter.serve(Layer.merge(Mcp, Health)).pipe(
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.withDefault(Config.Port("PORT"), 3000) })),
  Layer.provide(NodeMcpAuth.layer),
  Layer.launch,
  NodeRuntime.runMain
)
