/** What is imported: what a protected server needs, on top of what a server needs anyhow. */

export interface Subject {
  readonly name: string
  /** What is there already, which the one who protects a server has paid for. */
  readonly before: ReadonlyArray<string>
  readonly modules: ReadonlyArray<string>
  /** What a server uses of it, for the bundle. */
  readonly uses: string
}

const effect = [
  "effect/Effect",
  "effect/Layer",
  "effect/Schema",
  "effect/ai/McpProtocol",
  "effect/ai/McpServer",
  "effect/ai/Tool",
  "effect/ai/Toolkit",
  "effect/http/HttpRouter"
]

const node = ["@effect/platform-node/NodeHttpServer", "@effect/platform-node/NodeRuntime"]

const core = [
  "@effect-mcp-auth/core/AuthorizationServer",
  "@effect-mcp-auth/core/McpAuth",
  "@effect-mcp-auth/core/AuthInfo"
]

const all = (modules: ReadonlyArray<string>): string =>
  modules.map((module, index) => `export * as m${index} from "${module}"`).join("\n")

export const subjects: ReadonlyArray<Subject> = [
  {
    name: "the base: effect, what a bare MCP server imports",
    before: [],
    modules: effect,
    uses: `${all(effect.slice(0, 3))}
      export { layerHttp, toolkit } from "effect/ai/McpServer"
      export { v2026_07_28 } from "effect/ai/McpProtocol"
      export { make } from "effect/ai/Tool"
      export { make as makeToolkit } from "effect/ai/Toolkit"
      export { serve } from "effect/http/HttpRouter"`
  },
  {
    name: "the base: @effect/platform-node, its HTTP server",
    before: effect,
    modules: node,
    uses:
      "export { layer } from \"@effect/platform-node/NodeHttpServer\"; export { runMain } from \"@effect/platform-node/NodeRuntime\""
  },
  {
    name: "ours: core",
    before: [...effect, ...node],
    modules: core,
    uses: `export { protect } from "@effect-mcp-auth/core/McpAuth"
      export { discover } from "@effect-mcp-auth/core/AuthorizationServer"
      export { AuthInfo } from "@effect-mcp-auth/core/AuthInfo"`
  },
  {
    name: "ours: platform-node",
    before: [...effect, ...node, ...core],
    modules: ["@effect-mcp-auth/platform-node/NodeMcpAuth"],
    uses: "export { layer } from \"@effect-mcp-auth/platform-node/NodeMcpAuth\""
  },
  {
    name: "the base of peers: express and the official SDK",
    before: [],
    modules: ["express", "@modelcontextprotocol/server", "@modelcontextprotocol/node"],
    uses: `export { default } from "express"
      export { createMcpHandler, McpServer } from "@modelcontextprotocol/server"
      export { toNodeHandler } from "@modelcontextprotocol/node"`
  },
  {
    name: "mcp-auth",
    before: ["express", "@modelcontextprotocol/server", "@modelcontextprotocol/node"],
    modules: ["mcp-auth"],
    uses: "export { MCPAuth } from \"mcp-auth\""
  },
  {
    name: "@modelcontextprotocol/express and jose",
    before: ["express", "@modelcontextprotocol/server", "@modelcontextprotocol/node"],
    modules: ["@modelcontextprotocol/express", "jose"],
    uses: `export { requireBearerAuth } from "@modelcontextprotocol/express"
      export { createRemoteJWKSet, jwtVerify } from "jose"`
  },
  {
    name: "express-oauth2-jwt-bearer",
    before: ["express"],
    modules: ["express-oauth2-jwt-bearer"],
    uses: "export { auth } from \"express-oauth2-jwt-bearer\""
  },
  { name: "jose", before: [], modules: ["jose"], uses: "export { createRemoteJWKSet, jwtVerify } from \"jose\"" },
  { name: "fast-jwt", before: [], modules: ["fast-jwt"], uses: "export { createVerifier } from \"fast-jwt\"" },
  { name: "jsonwebtoken", before: [], modules: ["jsonwebtoken"], uses: "export { default } from \"jsonwebtoken\"" }
]
