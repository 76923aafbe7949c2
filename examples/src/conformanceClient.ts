/**
 * The client under test of the MCP conformance suite: Effect's own `McpClient` over `McpOAuth`, by the public API alone.
 *
 * The suite starts it with the URL of a server, and with the scenario in variables. A user consents to everything, in a
 * browser that goes nowhere.
 */
import * as ClientAuthentication from "@effect-mcp-auth/core/ClientAuthentication"
import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as FetchLimits from "@effect-mcp-auth/core/FetchLimits"
import * as Grant from "@effect-mcp-auth/core/Grant"
import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as McpClient from "effect/ai/McpClient"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Jose from "jose"

/** What the suite tells about a scenario. */
const Scenario = Schema.fromJsonString(Schema.Struct({
  client_id: Schema.optionalKey(Schema.String),
  client_secret: Schema.optionalKey(Schema.String),
  issuer: Schema.optionalKey(Schema.String),
  private_key_pem: Schema.optionalKey(Schema.String),
  valid_jwt: Schema.optionalKey(Schema.String),
  idp_issuer: Schema.optionalKey(Schema.String),
  idp_client_id: Schema.optionalKey(Schema.String),
  idp_id_token: Schema.optionalKey(Schema.String),
  idp_token_endpoint: Schema.optionalKey(Schema.String),
  toolCalls: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, arguments: Schema.Record(Schema.String, Schema.Json) }))
  )
}))
type Scenario = typeof Scenario.Type

const decodeKey = Schema.decodeUnknownEffect(Schema.Struct({
  kty: Schema.Literal("EC"),
  crv: Schema.Literal("P-256"),
  x: Schema.String,
  y: Schema.String,
  d: Schema.String
}))

const userAgent = Layer.unwrap(Effect.map(HttpClient.HttpClient, (client) =>
  UserAgent.layerHeadless({
    redirectUri: "http://localhost:3000/callback",
    authorize: (page) =>
      client.execute(HttpClientRequest.get(page.href)).pipe(
        Effect.map(({ headers }) => new URL(headers["location"] ?? "").searchParams),
        Effect.mapError(() => new UserAgent.UserAgentFailed({ reason: "failed" }))
      )
  })))

const basic = ({ client_id = "", client_secret = "" }: Scenario) =>
  ClientAuthentication.clientSecretBasic(client_id, Redacted.make(client_secret))

const privateKey = Effect.fnUntraced(function*({ client_id = "", private_key_pem = "" }: Scenario) {
  const key = yield* Effect.promise(() => Jose.importPKCS8(private_key_pem, "ES256", { extractable: true }))
  const jwk = yield* Effect.flatMap(Effect.promise(() => Jose.exportJWK(key)), decodeKey)
  return ClientAuthentication.privateKeyJwt(client_id, Redacted.make(jwk), "ES256")
})

/** The suite names the authorization server only by the metadata of its MCP server. */
const unsafeAnyIssuer = true

const withUser = (scenario: Scenario) => {
  const { client_id: clientId, issuer } = scenario
  return Grant.authorizationCode({
    registration: ClientRegistration.firstOf(
      ...clientId === undefined || issuer === undefined
        ? []
        : [ClientRegistration.preregistered({ issuer, clientId, authentication: basic(scenario) })],
      ClientRegistration.metadataDocument("https://conformance-test.local/client-metadata.json"),
      ClientRegistration.dynamic({ clientName: "effect-mcp-auth conformance" })
    )
  })
}

const grantOf = Effect.fnUntraced(function*(
  name: string,
  scenario: Scenario
): Effect.fn.Return<Grant.Grant<UserAgent.UserAgent | HttpClient.HttpClient>, Schema.SchemaError> {
  const { client_id: clientId = "" } = scenario
  switch (name) {
    case "auth/client-credentials-basic":
      return Grant.clientCredentials({ clientId, authentication: basic(scenario), unsafeAnyIssuer })
    case "auth/client-credentials-jwt":
      return Grant.clientCredentials({ clientId, authentication: yield* privateKey(scenario), unsafeAnyIssuer })
    case "auth/wif-jwt-bearer": {
      const assertion = Redacted.make(scenario.valid_jwt ?? "")
      return Grant.jwtBearer({ assertion: () => Effect.succeed(assertion), unsafeAnyIssuer })
    }
    case "auth/enterprise-managed-authorization":
      return Grant.enterpriseManaged({
        clientId,
        authentication: basic(scenario),
        unsafeAnyIssuer,
        identityProvider: {
          issuer: scenario.idp_issuer ?? "",
          tokenEndpoint: scenario.idp_token_endpoint,
          authentication: ClientAuthentication.none(scenario.idp_client_id ?? ""),
          idToken: Effect.succeed(Redacted.make(scenario.idp_id_token ?? ""))
        }
      })
    default:
      return withUser(scenario)
  }
})

/** What the scenarios do with a server: list its tools, and call those that they name, or the first one. */
const use = Effect.fnUntraced(function*(name: string, { toolCalls }: Scenario) {
  const client = yield* McpClient.McpClient
  const tools = yield* client.listTools()
  const [first] = tools
  const calls = toolCalls ??
    (first === undefined ? [] : [{ name: first.name, arguments: name === "tools_call" ? { a: 5, b: 3 } : {} }])
  for (const call of calls) {
    const tool = tools.find(({ name }) => name === call.name)
    if (tool !== undefined) yield* client.callTool({ tool, arguments: call.arguments })
  }
  if (name === "auth/authorization-server-migration") yield* client.listTools()
})

const program = Effect.gen(function*() {
  const url = process.argv[2] ?? ""
  const name = yield* Config.withDefault(Config.String("MCP_CONFORMANCE_SCENARIO"), "")
  const revision = yield* Config.withDefault(Config.String("MCP_CONFORMANCE_PROTOCOL_VERSION"), "2026-07-28")
  const scenario = yield* Effect.flatMap(
    Config.withDefault(Config.String("MCP_CONFORMANCE_CONTEXT"), "{}"),
    Schema.decodeEffect(Scenario)
  )
  // Servers of MCP 2025-03-26 have no metadata. The second variable shows that they are refused without the option.
  const strict = yield* Config.withDefault(Config.Boolean("STRICT"), false)
  const oauth = McpOAuth.layer({
    server: url,
    grant: yield* grantOf(name, scenario),
    legacy: name.startsWith("auth/2025-03-26") && !strict,
    allowInsecureLoopback: true
  })
  const client = McpClient.layerHttp({
    name: "effect-mcp-auth conformance",
    version: "0.0.0",
    url,
    protocol: revision === "2025-11-25" ? McpProtocol.v2025_11_25 : McpProtocol.v2026_07_28,
    timeout: "5 minutes"
  }).pipe(Layer.provide(oauth))
  yield* Effect.provide(use(name, scenario), client)
}).pipe(
  // The servers of the suite share a busy machine with it.
  Effect.updateService(FetchLimits.FetchLimits, (limits) => ({
    ...limits,
    attemptTimeout: Duration.minutes(1),
    totalTimeout: Duration.minutes(3)
  })),
  Effect.provide(
    Layer.mergeAll(CredentialStore.layerMemory, userAgent).pipe(Layer.provideMerge(NodeHttpClient.layerUndici))
  ),
  Effect.tapError((error) => Console.error(String(McpOAuth.errorOf(error) ?? error)))
)

Effect.runPromise(program).then(() => process.exit(0), () => process.exit(1))
