/** The doctor and servers of others: its findings are right, and each one is explained here. */
import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import type { Report } from "@effect-mcp-auth/core/doctor/Report"
import { listen } from "@effect-mcp-auth/examples/loopback"
import { freePort } from "@effect-mcp-auth/examples/serve"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js"
import { mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js"
import {
  getOAuthProtectedResourceMetadataUrl,
  oauthMetadataResponse,
  requireBearerAuth as requireBearerAuth2
} from "@modelcontextprotocol/server"
import { Effect } from "effect"
import { FastMCP } from "fastmcp"
import { fetchServerConfig, MCPAuth } from "mcp-auth"
import type { IncomingMessage } from "node:http"
import { createRequire } from "node:module"
import * as BetterAuthProvider from "./support/BetterAuthProvider.ts"
import { providerDocument, start as startWorld } from "./support/DoctorWorld.ts"

type Listener = (request: IncomingMessage, response: unknown) => void

interface Application extends Listener {
  readonly use: (...handlers: ReadonlyArray<unknown>) => void
}

// Express is a dependency of the examples.
const express: () => Application = createRequire(new URL("../../../../examples/package.json", import.meta.url))(
  "express"
)

const examine = (url: string) =>
  Doctor.examine(url, { allowInsecureLoopback: true }).pipe(
    Effect.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  )

/** The findings, except notes about the demo's address and about clients. */
const idsOf = ({ findings }: Report): ReadonlyArray<string> =>
  findings.filter(({ severity }) => severity !== "note").map(({ id }) => id).toSorted()

const scopesSupported = ["notes:read"]

const verifier = { verifyAccessToken: () => Promise.reject(new Error("no token is valid")) }

/** A port that answers by an application which is made with the URL. */
const serveApplication = Effect.fnUntraced(function*(make: (url: string) => Promise<Listener>) {
  const { origin, server } = yield* listen()
  const url = `${origin}/mcp`
  const application = yield* Effect.promise(() => make(url))
  server.on("request", application)
  return url
})

/** A healthy provider. */
const provider = Effect.map(startWorld(), ({ origins }) => ({
  issuer: origins.provider,
  // The document has the members that the SDK's type demands.
  metadata: providerDocument(origins) as Parameters<typeof mcpAuthMetadataRouter>[0]["oauthMetadata"]
}))

describe("the doctor and servers of others", () => {
  it.live("explains a server with requireBearerAuth of the TypeScript SDK 1.x", () =>
    Effect.gen(function*() {
      const { metadata } = yield* provider
      const url = yield* serveApplication(async (url) => {
        const application = express()
        const resourceMetadataUrl = url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
        application.use(
          mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: new URL(url), scopesSupported })
        )
        application.use("/mcp", requireBearerAuth({ verifier, requiredScopes: scopesSupported, resourceMetadataUrl }))
        return application
      })
      const report = yield* examine(url)
      assert.deepStrictEqual(idsOf(report), [
        // Express answers OPTIONS by the middleware, with 401, and the 401 has no CORS headers.
        "D25",
        "D26",
        // It sends error="invalid_token" without a token.
        "R52"
      ])
      assert.strictEqual(report.verdict, "healthy")
    }))

  it.live("explains a server with requireBearerAuth of the TypeScript SDK 2.x", () =>
    Effect.gen(function*() {
      const { metadata } = yield* provider
      const url = yield* serveApplication(async (url) => {
        const resourceServerUrl = new URL(url)
        const gate = requireBearerAuth2({
          verifier,
          requiredScopes: scopesSupported,
          resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl)
        })
        const answer = async (request: Request): Promise<Response> => {
          const metadataResponse = oauthMetadataResponse(request, {
            oauthMetadata: metadata as Parameters<typeof oauthMetadataResponse>[1]["oauthMetadata"],
            resourceServerUrl,
            scopesSupported
          })
          if (metadataResponse !== undefined) return metadataResponse
          if (new URL(request.url).pathname !== "/mcp") return new Response(null, { status: 404 })
          const admitted = await gate(request)
          return admitted instanceof Response ? admitted : new Response()
        }
        return (request, response) => void respond(url, request, response, answer)
      })
      const report = yield* examine(url)
      assert.deepStrictEqual(idsOf(report), ["D25", "D26", "R52"])
      assert.strictEqual(report.verdict, "healthy")
    }))

  it.live("explains a server of mcp-auth 0.2", () =>
    Effect.gen(function*() {
      const { issuer } = yield* provider
      const url = yield* serveApplication(async (url) => {
        const config = await fetchServerConfig(issuer, { type: "oauth" })
        const auth = new MCPAuth({
          protectedResources: { metadata: { resource: url, authorizationServers: [config], scopesSupported } }
        })
        const application = express()
        application.use(auth.protectedResourceMetadataRouter())
        application.use(
          "/mcp",
          auth.bearerAuth("jwt", { resource: url, audience: url, requiredScopes: scopesSupported })
        )
        return application
      })
      const report = yield* examine(url)
      // As above: it sends error="missing_auth_header" without a token.
      assert.deepStrictEqual(idsOf(report), ["D25", "D26", "R52"])
      assert.strictEqual(report.verdict, "healthy")
    }))

  it.live("explains a server of FastMCP for TypeScript", () =>
    Effect.gen(function*() {
      const { issuer } = yield* provider
      const port = yield* freePort
      const url = `http://127.0.0.1:${port}/mcp`
      const server = new FastMCP({
        name: "notes",
        version: "1.0.0",
        authenticate: () => Promise.reject(new Error("no token is valid")),
        oauth: { enabled: true, protectedResource: { resource: url, authorizationServers: [issuer], scopesSupported } }
      })
      yield* Effect.acquireRelease(
        Effect.promise(() => server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1" } })),
        () => Effect.promise(() => server.stop())
      )
      const report = yield* examine(url)
      assert.deepStrictEqual(idsOf(report), [
        // Its CORS does not expose WWW-Authenticate.
        "D26",
        // Its answer to HEAD is 404.
        "R29",
        // It sends error="invalid_token" without a token.
        "R52"
      ])
      assert.strictEqual(report.verdict, "healthy")
    }))

  it.live("explains better-auth as an authorization server", () =>
    Effect.gen(function*() {
      const { issuer } = yield* BetterAuthProvider.start({ resources: ["https://api.example.com/mcp"] })
      const report = yield* examine(issuer)
      assert.deepStrictEqual(idsOf(report), [
        // Its document has no CORS headers, as this program serves it, and it answers no preflights.
        "D27",
        "D28",
        // It has no client ID metadata documents.
        "R03"
      ])
      assert.deepStrictEqual([report.kind, report.verdict], ["issuer", "healthy"])
    }))
})

/** Answers a request of Node with a function of the Fetch API. */
const respond = async (
  base: string,
  request: IncomingMessage,
  response: unknown,
  answer: (request: Request) => Promise<Response>
): Promise<void> => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, [value].flat().join(", "))
  const answered = await answer(
    new Request(new URL(request.url ?? "/", base), { method: request.method ?? "GET", headers })
  )
  // The listener of `node:http` has this response.
  const out = response as { writeHead: (status: number, headers: object) => void; end: (body: string) => void }
  out.writeHead(answered.status, Object.fromEntries(answered.headers))
  out.end(await answered.text())
}
