/**
 * A server and a provider on loopback ports that answer from a script, healthy unless a fault changes it. Clients and the
 * doctor see the same answers.
 */
import { listen } from "@effect-mcp-auth/examples/loopback"
import { Effect } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"

export interface Origins {
  /** The MCP server. */
  readonly server: string
  readonly provider: string
  /** A third one, for redirects and foreign documents. */
  readonly other: string
}

export type Document = Readonly<Record<string, unknown>>

/** An answer. An object is sent as JSON. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Document | string
}

export interface Asked {
  readonly side: keyof Origins
  readonly method: string
  readonly path: string
  readonly hasToken: boolean
}

/** What differs from the healthy world. */
export interface Fault {
  readonly resource?: (document: Document, origins: Origins) => Document
  readonly provider?: (document: Document, origins: Origins) => Document
  readonly challenge?: (header: string, origins: Origins) => string | undefined
  readonly answer?: (asked: Asked, origins: Origins) => Answer | undefined
}

const scopes = ["notes:read"]

const resourceDocument = ({ provider, server }: Origins): Document => ({
  resource: `${server}/mcp`,
  authorization_servers: [provider],
  scopes_supported: scopes
})

export const providerDocument = ({ provider }: Origins): Document => ({
  issuer: provider,
  authorization_endpoint: `${provider}/authorize`,
  token_endpoint: `${provider}/token`,
  registration_endpoint: `${provider}/register`,
  jwks_uri: `${provider}/jwks`,
  scopes_supported: ["offline_access", ...scopes],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_post"],
  code_challenge_methods_supported: ["S256"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["ES256"],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true
})

const key = {
  kty: "OKP",
  crv: "Ed25519",
  kid: "1",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
}

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization,content-type,mcp-protocol-version",
  "access-control-expose-headers": "WWW-Authenticate"
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const send = (response: ServerResponse, { body, headers, status = 200 }: Answer): void => {
  const type = typeof body === "object" ? { "content-type": "application/json" } : {}
  response.writeHead(status, { ...cors, ...type, ...headers })
  response.end(typeof body === "object" ? JSON.stringify(body) : body)
}

/** The answers of an MCP server without tools. */
const mcpAnswer = (body: string): Answer => {
  const { id, method, params } = JSON.parse(body)
  if (id === undefined) return { status: 202 }
  if (method === "initialize") {
    const result = {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "scripted", version: "1.0.0" }
    }
    return { body: { jsonrpc: "2.0", id, result } }
  }
  return method === "tools/list"
    ? { body: { jsonrpc: "2.0", id, result: { tools: [] } } }
    : { body: { jsonrpc: "2.0", id, error: { code: -32601, message: "unknown method" } } }
}

const authorizeAnswer = (search: URLSearchParams, issuer: unknown): Answer => {
  const redirect = search.get("redirect_uri") ?? ""
  if (redirect.startsWith("https://doctor.invalid")) return { status: 400, body: "unknown redirect URI" }
  const location = new URL(redirect)
  location.searchParams.set("code", "c")
  for (const name of ["state"]) location.searchParams.set(name, search.get(name) ?? "")
  location.searchParams.set("iss", String(issuer))
  return { status: 302, headers: { location: location.href } }
}

/** Starts a world. It ends with the scope. */
export const start = Effect.fnUntraced(function*(fault: Fault = {}) {
  const [one, two, three] = [yield* listen(), yield* listen(), yield* listen()] as const
  const origins: Origins = { server: one.origin, provider: two.origin, other: three.origin }
  const resource = (fault.resource ?? ((same) => same))(resourceDocument(origins), origins)
  const provider = (fault.provider ?? ((same) => same))(providerDocument(origins), origins)
  const usual =
    `Bearer resource_metadata="${origins.server}/.well-known/oauth-protected-resource/mcp", scope="notes:read"`
  const header = fault.challenge === undefined ? usual : fault.challenge(usual, origins)
  const healthy = ({ hasToken, method, path, side }: Asked, body: string, search: URLSearchParams): Answer => {
    if (method === "OPTIONS") return { status: 204 }
    if (side === "server" && path === "/mcp") {
      if (!hasToken) return { status: 401, headers: header === undefined ? {} : { "www-authenticate": header } }
      return method === "POST" ? mcpAnswer(body) : { status: 405 }
    }
    if (side === "server" && /^\/\.well-known\/oauth-protected-resource(?:\/mcp)?$/.test(path)) {
      return { body: resource }
    }
    if (side === "provider") {
      if (/^\/\.well-known\/(?:oauth-authorization-server|openid-configuration)$/.test(path)) return { body: provider }
      if (path === "/jwks") return { body: { keys: [key] } }
      if (path === "/register") return { status: 201, body: { ...JSON.parse(body), client_id: "c" } }
      if (path === "/authorize") return authorizeAnswer(search, provider["issuer"])
      if (path === "/token") {
        return {
          body: { access_token: "t", token_type: "Bearer", expires_in: 3600, refresh_token: "r", scope: "notes:read" }
        }
      }
    }
    return { status: 404, body: { error: "not_found" } }
  }
  const serve = (side: keyof Origins, server: Server) =>
    server.on("request", async (request, response) => {
      const url = new URL(request.url ?? "/", origins[side])
      const asked = {
        side,
        method: request.method ?? "GET",
        path: url.pathname,
        hasToken: request.headers.authorization !== undefined
      }
      const body = await read(request)
      send(response, fault.answer?.(asked, origins) ?? healthy(asked, body, url.searchParams))
    })
  serve("server", one.server)
  serve("provider", two.server)
  serve("other", three.server)
  return { url: `${origins.server}/mcp`, origins }
})
