import {
  AuthorizationServer,
  ClientAuthentication,
  ClientRegistration,
  CredentialStore,
  Grant,
  McpAuth,
  McpOAuth,
  Policy
} from "@effect-mcp-auth/core"
import { TestClient, TestProvider, TestUser } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Redacted, Schema } from "effect"
import { McpClient, McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"

const url = "https://api.test/mcp"

const tools = Toolkit.make(
  Policy.tool(Policy.scopes("notes:read"))(Tool.make("Count", { success: Schema.Int })),
  Policy.tool(Policy.scopes("notes:write"))(Tool.make("Clear", { success: Schema.Int }))
)

const server = McpServer.layerHttp({
  name: "notes",
  version: "1.0.0",
  path: "/mcp",
  protocols: [McpProtocol.v2026_07_28],
  registrations: McpServer.toolkit(tools).pipe(
    Layer.provide(tools.toLayer({ Count: () => Effect.succeed(3), Clear: () => Effect.succeed(0) }))
  )
}).pipe(McpAuth.protect({
  resource: url,
  authorizationServers: [AuthorizationServer.discover("https://as.test")],
  requiredScopes: ["notes:read"],
  loginScopes: ["notes:read"],
  visibility: "locked"
}))

const network = (options?: TestProvider.Options) =>
  Layer.mergeAll(TestClient.layerNetwork(server, { url }), TestUser.layer(), CredentialStore.layerMemory).pipe(
    Layer.provideMerge(TestProvider.layer(options))
  )

const dynamic = Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "test" }) })

/** Effect's own client, logged in. */
const connect = Effect.gen(function*() {
  const context = yield* Layer.build(McpOAuth.layerMcpClient({
    server: url,
    grant: dynamic,
    name: "test",
    version: "1.0.0",
    protocol: McpProtocol.v2026_07_28
  }))
  const client = Context.get(context, McpClient.McpClient)
  const { tokens } = Context.get(context, McpOAuth.McpOAuth)
  const call = Effect.fnUntraced(function*(name: string) {
    const found = yield* client.listTools()
    const tool = found.find((tool) => tool.name === name)
    if (tool === undefined) return yield* Effect.die(`no tool ${name}`)
    return (yield* client.callTool({ tool, arguments: {} })).structuredContent
  })
  return { call, tokens }
})

const oauth = Effect.map(Layer.build(McpOAuth.layer({ server: url, grant: dynamic })), Context.get(McpOAuth.McpOAuth))

describe("a user and Effect's McpClient, in memory", () => {
  it.effect("log in once, and every expired token is refreshed with a refresh token that comes once", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const user = yield* TestUser.TestUser
      const { call } = yield* connect
      assert.strictEqual(yield* call("Count"), 3)
      for (let hour = 0; hour < 3; hour++) {
        yield* TestClock.adjust("2 hours")
        assert.strictEqual(yield* call("Count"), 3)
      }
      assert.strictEqual((yield* user.pages).length, 1)
      assert.strictEqual(yield* provider.count("registration"), 1)
      assert.strictEqual(yield* provider.count("token"), 4)
      assert.strictEqual(yield* provider.reused, 0)
    }).pipe(Effect.scoped, Effect.provide(network())))

  it.effect("are asked for the scope of a tool, and again after the provider has ended all logins", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const user = yield* TestUser.TestUser
      const { call } = yield* connect
      assert.strictEqual(yield* call("Clear"), 0)
      assert.strictEqual((yield* user.pages).length, 2)
      yield* provider.endLogins
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(yield* call("Clear"), 0)
      assert.strictEqual((yield* user.pages).length, 3)
    }).pipe(Effect.scoped, Effect.provide(network())))

  const outcomes: ReadonlyArray<readonly [does: string, behaviour: TestUser.Behaviour, tag: string, says: string]> = [
    ["denies access", TestUser.denies, "AuthorizationRejected", "denied"],
    ["closes the window", TestUser.closesWindow, "UserAgentFailed", "cancelled"],
    ["is sent back by another issuer", TestUser.mixesUp("https://evil.test"), "AuthorizationRejected", "issuer"]
  ]
  for (const [does, behaviour, tag, says] of outcomes) {
    it.effect(`the client fails with ${tag} if the user ${does}, and no code is redeemed`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const user = yield* TestUser.TestUser
        const { authorize } = yield* oauth
        yield* user.next(behaviour)
        const error = yield* Effect.flip(authorize)
        assert.strictEqual(error._tag, tag)
        assert.include(error.message, says)
        assert.strictEqual(yield* provider.count("token"), 0)
        // The next page is answered as usual.
        assert.strictEqual((yield* authorize).type, "Bearer")
        yield* user.does(behaviour)
        assert.strictEqual((yield* user.pages).length, 2)
      }).pipe(Effect.scoped, Effect.provide(network())))
  }

  it.effect("a login ends by its time limit if the user never comes back", () =>
    Effect.gen(function*() {
      const user = yield* TestUser.TestUser
      const { authorize } = yield* oauth
      yield* user.does(TestUser.neverComes)
      const fiber = yield* Effect.forkChild(Effect.flip(authorize), { startImmediately: true })
      while ((yield* user.pages).length === 0) yield* Effect.yieldNow
      yield* TestClock.adjust("5 minutes")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "UserAgentFailed")
      assert.include(error.message, "did not come back")
    }).pipe(Effect.scoped, Effect.provide(network())))

  it.effect("a user who grants less and is another one appears so in the token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const user = yield* TestUser.TestUser
      yield* user.next(TestUser.consents({ subject: "grace", scopes: ["notes:read"] }))
      const { tokens } = yield* connect
      const token = Redacted.value(Option.getOrThrow(yield* tokens).accessToken)
      const [, payload = ""] = token.split(".")
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString())
      assert.deepInclude(claims, { sub: "grace", scope: "notes:read", aud: url, iss: provider.issuer })
    }).pipe(Effect.scoped, Effect.provide(network())))

  it.effect("a client with a secret gets tokens without a user, and with another secret it gets none", () =>
    Effect.gen(function*() {
      const client = (secret: string) =>
        McpOAuth.layer({
          server: url,
          grant: Grant.clientCredentials({
            issuer: "https://as.test",
            clientId: "sync: 1",
            authentication: ClientAuthentication.clientSecretBasic("sync: 1", Redacted.make(secret))
          })
        }).pipe(Layer.provide(Layer.fresh(CredentialStore.layerMemory)))
      const tokensWith = (secret: string) =>
        Effect.flatMap(Layer.build(client(secret)), (context) => Context.get(context, McpOAuth.McpOAuth).authorize)
      assert.strictEqual((yield* tokensWith("s+3 %")).refreshToken, undefined)
      const error = yield* Effect.flip(tokensWith("wrong"))
      assert.strictEqual(error._tag === "TokenRefused" && error.error, "invalid_client")
    }).pipe(
      Effect.scoped,
      Effect.provide(network({ clients: [{ clientId: "sync: 1", clientSecret: "s+3 %" }] }))
    ))
})

const verifier = "a verifier that has forty-three characters ..".replaceAll(" ", "-")
const redirectUri = "http://127.0.0.1:1/callback"

const page = (changes: Readonly<Record<string, string>> = {}): URL => {
  const parameters = {
    client_id: "c1",
    redirect_uri: redirectUri,
    response_type: "code",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: "s1",
    scope: "notes:read notes:write",
    ...changes
  }
  return new URL(`https://as.test/authorize?${new URLSearchParams(parameters)}`)
}

const Body = Schema.Struct({
  error: Schema.optionalKey(Schema.String),
  access_token: Schema.optionalKey(Schema.String),
  refresh_token: Schema.optionalKey(Schema.String),
  scope: Schema.optionalKey(Schema.String),
  expires_in: Schema.optionalKey(Schema.Int),
  active: Schema.optionalKey(Schema.Boolean)
})

const post = Effect.fnUntraced(function*(path: string, form: Readonly<Record<string, string>>) {
  const response = yield* HttpClient.execute(
    HttpClientRequest.post(`https://as.test${path}`).pipe(HttpClientRequest.bodyUrlParams(form))
  )
  return { status: response.status, ...yield* Effect.flatMap(response.json, Schema.decodeUnknownEffect(Body)) }
})

const redeem = (code: string, changes: Readonly<Record<string, string>> = {}) =>
  post("/token", {
    grant_type: "authorization_code",
    client_id: "c1",
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    ...changes
  })

const refresh = (token: string | undefined, changes: Readonly<Record<string, string>> = {}) =>
  post("/token", { grant_type: "refresh_token", client_id: "c1", refresh_token: token ?? "", ...changes })

const codeOf = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  return (yield* provider.authorize(page())).searchParams.get("code") ?? ""
})

const provider = (options: TestProvider.Options = {}) =>
  TestProvider.layer({ clients: [{ clientId: "c1", redirectUris: [redirectUri] }], ...options })

describe("the authorization server of a test", () => {
  it.effect("shows an error for a page of another server, an unknown client or an unknown redirect URI", () =>
    Effect.gen(function*() {
      const { authorize } = yield* TestProvider.TestProvider
      const foreign = new URL(page().href.replace("/authorize", "/elsewhere"))
      const pages = [foreign, page({ client_id: "c2" }), page({ redirect_uri: "https://evil.test/" })]
      const reasons = yield* Effect.forEach(pages, (page) => Effect.map(Effect.flip(authorize(page)), (e) => e.reason))
      assert.deepStrictEqual(reasons, ["foreign-page", "unknown-client", "unknown-redirect-uri"])
    }).pipe(Effect.provide(provider())))

  it.effect("tells the client of a request without PKCE, with state and iss, and has no code for it", () =>
    Effect.gen(function*() {
      const { authorize } = yield* TestProvider.TestProvider
      const parameters = (yield* authorize(page({ code_challenge_method: "plain" }))).searchParams
      assert.deepStrictEqual(Object.fromEntries(parameters), {
        error: "invalid_request",
        state: "s1",
        iss: "https://as.test"
      })
    }).pipe(Effect.provide(provider())))

  it.effect("redirects a browser to the client, for tests that follow links", () =>
    Effect.gen(function*() {
      const response = yield* HttpClient.get(page())
      assert.strictEqual(response.status, 302)
      assert.isTrue(response.headers["location"]?.startsWith(`${redirectUri}?code=`) === true)
    }).pipe(Effect.provide(provider())))

  it.effect("redeems a code once, for its client, redirect URI and verifier, and a second time ends the login", () =>
    Effect.gen(function*() {
      const code = yield* codeOf
      for (const change of [{ code_verifier: "other" }, { redirect_uri: "https://evil.test/" }, { code: "other" }]) {
        assert.deepInclude(yield* redeem(code, change), { status: 400, error: "invalid_grant" })
      }
      assert.deepInclude(yield* redeem(code, { client_id: "c2" }), { status: 401, error: "invalid_client" })
      const tokens = yield* redeem(code)
      assert.strictEqual(tokens.status, 200)
      assert.strictEqual((yield* redeem(code)).error, "invalid_grant")
      assert.strictEqual((yield* refresh(tokens.refresh_token)).error, "invalid_grant")
    }).pipe(Effect.provide(provider())))

  it.effect("rotates refresh tokens, and ends the login when one comes twice", () =>
    Effect.gen(function*() {
      const { reused } = yield* TestProvider.TestProvider
      const first = yield* Effect.flatMap(codeOf, redeem)
      const second = yield* refresh(first.refresh_token)
      assert.notStrictEqual(second.refresh_token, first.refresh_token)
      assert.strictEqual(yield* reused, 0)
      assert.strictEqual((yield* refresh(first.refresh_token)).error, "invalid_grant")
      assert.strictEqual(yield* reused, 1)
      assert.strictEqual((yield* refresh(second.refresh_token)).error, "invalid_grant")
      const introspected = yield* post("/introspect", { token: second.access_token ?? "" })
      assert.strictEqual(introspected.active, false)
    }).pipe(Effect.provide(provider())))

  it.effect("keeps refresh tokens if it does not rotate, and grants no scopes that the login lacks", () =>
    Effect.gen(function*() {
      const first = yield* Effect.flatMap(codeOf, redeem)
      const narrower = yield* refresh(first.refresh_token, { scope: "notes:read" })
      assert.strictEqual(narrower.scope, "notes:read")
      assert.strictEqual(narrower.expires_in, 60)
      assert.strictEqual(narrower.refresh_token, first.refresh_token)
      assert.strictEqual((yield* refresh(first.refresh_token, { scope: "admin" })).error, "invalid_scope")
    }).pipe(Effect.provide(provider({ rotatesRefreshTokens: false, accessTokenLifetime: 60 }))))

  it.effect("revokes an access token alone, and a login by its refresh token", () =>
    Effect.gen(function*() {
      const { access_token: access = "", refresh_token: token = "" } = yield* Effect.flatMap(codeOf, redeem)
      const isActive = Effect.map(post("/introspect", { token: access }), (answer) => answer.active)
      assert.strictEqual(yield* isActive, true)
      assert.strictEqual((yield* post("/revoke", { token: access })).status, 200)
      assert.strictEqual(yield* isActive, false)
      assert.strictEqual((yield* post("/revoke", { token })).status, 200)
      assert.strictEqual((yield* refresh(token)).error, "invalid_grant")
    }).pipe(Effect.provide(provider())))

  it.effect("refuses unknown grants, secrets that are wrong, and registrations without a redirect URI", () =>
    Effect.gen(function*() {
      const asked = { client_id: "c3", client_secret: "right" }
      const token = (form: Readonly<Record<string, string>>) => post("/token", { ...asked, ...form })
      assert.strictEqual((yield* token({ grant_type: "password" })).error, "unsupported_grant_type")
      const grant = { grant_type: "client_credentials" }
      assert.strictEqual((yield* token({ ...grant, client_secret: "wrong" })).error, "invalid_client")
      assert.strictEqual((yield* token(grant)).status, 200)
      assert.strictEqual((yield* post("/register", {})).error, "invalid_client_metadata")
      const response = yield* HttpClient.execute(
        HttpClientRequest.post("https://as.test/register").pipe(HttpClientRequest.bodyText("{}", "application/json"))
      )
      assert.strictEqual(response.status, 400)
      assert.strictEqual((yield* HttpClient.get("https://as.test/token")).status, 405)
    }).pipe(Effect.provide(provider({ clients: [{ clientId: "c3", clientSecret: "right" }] }))))
})
