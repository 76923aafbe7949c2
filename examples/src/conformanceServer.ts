/**
 * The portable fixture of the MCP conformance suite for request-time scope challenges
 * (https://github.com/modelcontextprotocol/conformance/issues/480): its four operations, its scopes and its two opaque
 * tokens. The suite's other scenarios send no token at all and find everything open.
 *
 * `conformance.ts` serves it, for the suite to be run against.
 */
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
import * as Policy from "@effect-mcp-auth/core/Policy"
import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const SimpleText = Policy.tool(
  Policy.scopes("mcp:conformance:tools:call", "mcp:conformance:tools:test_simple_text")
)(Tool.make("test_simple_text", { description: "Answers with a text", success: Schema.String }))

const Tools = Toolkit.make(SimpleText)

const tools = McpServer.toolkit(Tools).pipe(
  Layer.provide(
    Tools.toLayer({ test_simple_text: () => Effect.succeed("This is a simple text response for testing.") })
  )
)

const resource = McpServer.resource({
  uri: "test://static-text",
  name: "Static text",
  mimeType: "text/plain",
  content: Effect.succeed("This is the content of the static text resource.")
}).pipe(
  Policy.guard(Policy.scopes("mcp:conformance:resources:read", "mcp:conformance:resources:static"))
)

/** The scope names the parameter of the template, so it is made for each request. */
const ofTemplate = Policy.byParameters(
  Schema.Struct({ id: Schema.String }),
  ({ id }) => Policy.scopes("mcp:conformance:resources:read", `mcp:conformance:resources:template:${id}`),
  "resources:template:{id}"
)

const template = McpServer.resource`test://template/${McpSchema.param("id", Schema.String)}/data`({
  name: "Template",
  mimeType: "application/json",
  content: (_, id) => Effect.succeed(JSON.stringify({ id, templateTest: true }))
}).pipe(Policy.guard(ofTemplate))

const prompt = McpServer.prompt({
  name: "test_simple_prompt",
  description: "A prompt without arguments",
  content: () => Effect.succeed("This is a simple prompt for testing.")
}).pipe(
  Policy.guard(Policy.scopes("mcp:conformance:prompts:get", "mcp:conformance:prompts:test_simple_prompt"))
)

const full = [
  "mcp:conformance:tools:call",
  "mcp:conformance:tools:test_simple_text",
  "mcp:conformance:resources:read",
  "mcp:conformance:resources:static",
  "mcp:conformance:resources:template:123",
  "mcp:conformance:prompts:get",
  "mcp:conformance:prompts:test_simple_prompt"
].join(" ")

/** What each token grants. They are published, so they protect nothing. */
const scopeOf: ReadonlyMap<string, string> = new Map([
  ["mcp-conformance-scope-low", "mcp:conformance:baseline"],
  ["mcp-conformance-scope-full", full],
  ["mcp-conformance-no-token", full]
])

const verifier = (resource: string) =>
  TokenVerifier.custom(
    (token) => {
      const scope = scopeOf.get(Redacted.value(token))
      return Effect.succeed(scope === undefined ? undefined : { sub: "conformance", aud: resource, scope })
    },
    { acceptWithoutExpiry: true }
  )

/** A request without a token is one of another scenario, for which this server is an open one. */
const openWithoutToken = HttpRouter.middleware(
  (respond) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.provideService(
        respond,
        HttpServerRequest.HttpServerRequest,
        request.headers["authorization"] === undefined
          ? request.modify({ headers: { ...request.headers, authorization: "Bearer mcp-conformance-no-token" } })
          : request
      )),
  { global: true }
)

/** The server as a layer, for any HTTP server. */
export const layer = (options: { readonly resource: string }) =>
  McpServer.layerHttp({
    name: "conformance",
    version: "1.0.0",
    path: "/mcp",
    protocols: [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25, McpProtocol.v2025_06_18, McpProtocol.v2025_03_26],
    registrations: Layer.mergeAll(tools, resource, template, prompt)
  }).pipe(
    McpAuth.protect({
      resource: options.resource,
      // There is no login here: the tokens are fixed.
      authorizationServers: [
        AuthorizationServer.make({
          type: "oauth",
          metadata: {
            issuer: "https://as.conformance.test",
            responseTypesSupported: ["code"],
            jwksUri: "https://as.conformance.test/keys"
          }
        })
      ],
      verifier: verifier(options.resource),
      allowInsecureLoopback: true
    }),
    Layer.provide(openWithoutToken)
  )
