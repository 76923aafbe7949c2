/** The official SDK's server on Express: bare, and behind each of the peers, as their documentation says. */
import { requireBearerAuth } from "@modelcontextprotocol/express"
import { toNodeHandler } from "@modelcontextprotocol/node"
import {
  createMcpHandler,
  fromJsonSchema,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  type OAuthTokenVerifier
} from "@modelcontextprotocol/server"
import express from "express"
import { auth } from "express-oauth2-jwt-bearer"
import { createRemoteJWKSet, jwtVerify } from "jose"
import { fetchServerConfig, MCPAuth } from "mcp-auth"
import { resource } from "../harness/tokens.ts"

export type Guard = "bare" | "sdk" | "mcp-auth" | "mcp-auth, eager" | "express-oauth2-jwt-bearer"

const inputSchema = fromJsonSchema<{ readonly text: string }>({
  type: "object",
  properties: { text: { type: "string" } },
  required: ["text"]
})

/** Stateless, as its documentation recommends: a server for each request. */
const handler = toNodeHandler(createMcpHandler(() => {
  const server = new McpServer({ name: "bench", version: "1.0.0" })
  server.registerTool("Echo", { description: "Says what it is told", inputSchema }, ({ text }) => ({
    content: [{ type: "text", text }]
  }))
  return server
}))

/** The verifier that a user of the SDK writes: jose, with the keys of the provider. */
const joseVerifier = (issuer: string): OAuthTokenVerifier => {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return {
    verifyAccessToken: async (token) => {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: resource }).catch((error: unknown) => {
        // The form in which the SDK is told that a token is bad.
        throw new OAuthError(OAuthErrorCode.InvalidToken, String(error))
      })
      return {
        token,
        clientId: String(payload["client_id"]),
        scopes: String(payload["scope"]).split(" "),
        ...payload.exp === undefined ? {} : { expiresAt: payload.exp },
        resource: new URL(resource)
      }
    }
  }
}

const mcpAuth = async (issuer: string, eager: boolean): Promise<express.RequestHandler> => {
  const server = eager ? await fetchServerConfig(issuer, { type: "oauth" }) : { issuer, type: "oauth" } as const
  const mcpAuth = new MCPAuth({ protectedResources: [{ metadata: { resource, authorizationServers: [server] } }] })
  return mcpAuth.bearerAuth("jwt", { resource, audience: resource })
}

const guardOf = async (guard: Guard, issuer: string): Promise<ReadonlyArray<express.RequestHandler>> => {
  switch (guard) {
    case "bare":
      return []
    case "sdk":
      return [requireBearerAuth({ verifier: joseVerifier(issuer), expectedResource: new URL(resource) })]
    case "mcp-auth":
      return [await mcpAuth(issuer, false)]
    case "mcp-auth, eager":
      return [await mcpAuth(issuer, true)]
    case "express-oauth2-jwt-bearer": {
      const authenticate = auth({ issuerBaseURL: issuer, audience: resource })
      // The middleware sets another form of `auth` than the SDK. This server does not read it.
      return [authenticate, (request, _, next) => {
        delete request.auth
        next()
      }]
    }
  }
}

export const makeApp = async (guard: Guard, issuer: string): Promise<express.Express> => {
  const app = express()
  app.use("/mcp", ...await guardOf(guard, issuer), express.json())
  app.post("/mcp", (request, response) => void handler(request, response, request.body))
  return app
}
