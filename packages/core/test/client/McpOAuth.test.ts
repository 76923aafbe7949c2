import {
  ClientAuthentication,
  ClientRegistration,
  CredentialStore,
  Grant,
  McpOAuth,
  OAuthClientError,
  OAuthEvent,
  UserAgent
} from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Context,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  Option,
  Redacted,
  Scope,
  Stream,
  Tracer
} from "effect"
import { McpClient, McpProtocol } from "effect/ai"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { elapse, pass, settled } from "../time.ts"
import { issuer, json, post, refused, secret, server, sharedStore, World } from "./world.ts"

const mcpClient = (oauth: McpOAuth.McpOAuth["Service"], timeout = "60 seconds" as `${number} seconds`) =>
  Effect.map(
    Layer.build(
      McpClient.layerHttp({ name: "test", version: "1", url: server, protocol: McpProtocol.v2026_07_28, timeout }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, oauth.client))
      )
    ),
    Context.get(McpClient.McpClient)
  )

describe("McpOAuth under McpClient", () => {
  it.effect("lists and calls tools, with a token on every request after the first", () =>
    Effect.gen(function*() {
      const world = new World()
      const client = yield* Effect.flatMap(world.connect(), mcpClient)
      const [tool] = yield* client.listTools()
      if (tool === undefined) return assert.fail("no tool")
      yield* client.callTool({ tool })
      const sent = world.seen.filter(({ url }) => url === server).map(({ headers }) => headers["authorization"])
      assert.deepStrictEqual([...new Set(sent)], [undefined, "Bearer s3cret-access-1"])
      assert.strictEqual(sent.filter((one) => one === undefined).length, 1)
    }))

  it.effect("ends with the client's timeout while the login goes on, and then uses that login", () =>
    Effect.gen(function*() {
      const world = new World()
      world.thinks = "10 seconds"
      const oauth = yield* world.connect()
      const first = yield* elapse(Effect.exit(mcpClient(oauth, "2 seconds")))
      assert.isTrue(Exit.isFailure(first))
      assert.include(Exit.isFailure(first) ? Cause.pretty(first.cause) : "", "deadline exceeded")
      yield* pass(9)
      const client = yield* mcpClient(oauth, "2 seconds")
      assert.strictEqual((yield* client.listTools()).length, 1)
      assert.strictEqual(world.pages.length, 1)
    }))

  it.effect("logs in before the client's timeout begins, with layerMcpClient", () =>
    Effect.gen(function*() {
      const world = new World()
      world.thinks = "100 seconds"
      const layer = McpOAuth.layerMcpClient({
        server,
        grant: world.dynamic,
        name: "test",
        version: "1",
        protocol: McpProtocol.v2026_07_28,
        timeout: "2 seconds"
      }).pipe(Layer.provide([world.http, world.userAgent, CredentialStore.layerMemory]))
      const client = Context.get(yield* elapse(Layer.build(layer)), McpClient.McpClient)
      assert.strictEqual((yield* client.listTools()).length, 1)
      assert.strictEqual(world.pages.length, 1)
    }))

  it.effect("fails with the typed error of the login, through the client's own errors", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callback = (page) => `error=access_denied&state=${page.searchParams.get("state")}&iss=https%3A%2F%2Fas.test`
      const error = yield* Effect.flip(Effect.flatMap(world.connect(), mcpClient))
      const reason = McpOAuth.errorOf(error)
      assert.strictEqual(reason?._tag === "AuthorizationRejected" && reason.error, "access_denied")
      assert.strictEqual(McpOAuth.errorOf(new Error("other")), undefined)
      const cyclic: { cause?: unknown } = {}
      cyclic.cause = cyclic
      assert.strictEqual(McpOAuth.errorOf(cyclic), undefined)
    }))
})

describe("logins", () => {
  it.effect("belong to the layer: a request that is interrupted does not end one, the end of the layer does", () =>
    Effect.gen(function*() {
      const world = new World()
      world.thinks = "10 seconds"
      const scope = yield* Scope.make()
      const oauth = yield* Effect.provideService(world.connect(), Scope.Scope, scope)
      const first = yield* Effect.forkChild(post(oauth))
      yield* settled
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* elapse(post(oauth)), 200)
      assert.strictEqual(world.pages.length, 1)
      yield* oauth.logout
      const second = yield* Effect.forkChild(post(oauth))
      yield* settled
      assert.strictEqual(world.pages.length, 2)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(second)))
      yield* pass(20)
      assert.strictEqual(world.grants("authorization_code").length, 1)
    }))

  it.effect("do not start where no user may be asked, and refreshes still work there", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const background = yield* world.connect({ interactive: "never" }, store)
      const error = yield* refused(background)
      assert.strictEqual(error._tag === "LoginRequired" && error.reason, "not-interactive")
      assert.deepStrictEqual([world.pages.length, world.registrations], [0, 0])
      yield* Effect.flatMap(world.connect({}, store), post)
      assert.strictEqual(yield* post(background), 200)
      world.expire()
      assert.strictEqual(yield* post(background), 200)
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
    }))

  it.effect("tell a program without a user agent what is missing", () =>
    Effect.gen(function*() {
      const world = new World()
      // As an untyped program can.
      const layer = McpOAuth.layer({ server, grant: world.dynamic, interactive: "when-needed" }).pipe(
        Layer.provide([world.http, CredentialStore.layerMemory])
      ) as unknown as Layer.Layer<McpOAuth.McpOAuth>
      const oauth = Context.get(yield* Layer.build(layer), McpOAuth.McpOAuth)
      const error = yield* refused(oauth)
      assert.strictEqual(error._tag === "LoginRequired" && error.reason, "no-user-agent")
    }))

  it.effect("end after the time that a user has", () =>
    Effect.gen(function*() {
      const world = new World()
      world.thinks = "61 seconds"
      const error = yield* elapse(Effect.flatMap(world.connect({ loginTimeout: "1 minute" }), refused))
      assert.strictEqual(error._tag === "UserAgentFailed" && error.reason, "no-answer")
    }))

  it.effect("request the scopes that the program chooses", () =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = { scopes_supported: [] }
      yield* Effect.flatMap(world.connect({ scopes: ["a", "b"] }), post)
      yield* Effect.flatMap(world.connect({ scopes: ({ challenged = [] }) => [...challenged, "c"] }), post)
      assert.deepStrictEqual(world.pages.map((page) => page.searchParams.get("scope")), ["a b", "notes:read c"])
    }))

  it.effect("begin ahead of the first request with authorize, which keeps tokens that are valid", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      assert.isTrue(Option.isNone(yield* oauth.tokens))
      const tokens = yield* oauth.authorize
      assert.strictEqual((yield* oauth.authorize).accessToken, tokens.accessToken)
      assert.strictEqual(world.pages.length, 1)
      yield* TestClock.adjust("2 hours")
      yield* oauth.authorize
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
    }))
})

describe("refreshes", () => {
  it.effect("come a tenth of the life before the end, and at most 30 seconds before", () =>
    Effect.gen(function*() {
      for (const [life, ahead] of [[3600, 30], [100, 10], [2, 0.2]] as const) {
        const world = new World()
        world.expiresIn = life
        const oauth = yield* world.connect()
        yield* post(oauth)
        yield* TestClock.adjust((life - ahead) * 1000 - 1)
        yield* post(oauth)
        assert.strictEqual(world.grants("refresh_token").length, 0)
        yield* TestClock.adjust(1)
        yield* post(oauth)
        assert.strictEqual(world.grants("refresh_token").length, 1)
        assert.isFalse(world.seen.some(({ headers, url }) => url === server && headers["authorization"] === "Bearer "))
      }
    }))

  it.effect("that fail ahead of time are no error, and are not repeated with every request", () =>
    Effect.gen(function*() {
      const world = new World()
      world.expiresIn = 100
      const oauth = yield* world.connect()
      yield* post(oauth)
      yield* TestClock.adjust("92 seconds")
      world.override = ({ url }) => url.endsWith("/token") ? json(503, {}) : undefined
      for (let call = 0; call < 5; call++) assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.grants("refresh_token").length, 1)
    }))

  it.effect("read the metadata first", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.expire()
      const { length } = world.seen
      yield* post(oauth)
      const paths = world.seen.slice(length).map(({ url }) => new URL(url).pathname)
      assert.deepStrictEqual(paths, [
        "/mcp",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/token",
        "/mcp"
      ])
    }))

  for (const status of [400, 401]) {
    it.effect(`that are refused with ${status} and no reason lead to a login, and those of a server that is down do not`, () =>
      Effect.gen(function*() {
        const world = new World()
        const oauth = yield* world.connect()
        yield* post(oauth)
        const answer = (status: number) => {
          world.expire()
          world.override = ({ body, url }) =>
            url.endsWith("/token") && body.includes("refresh_token") ? new Response(null, { status }) : undefined
        }
        answer(503)
        assert.strictEqual((yield* refused(oauth))._tag, "TokenUnavailable")
        assert.strictEqual(world.pages.length, 1)
        answer(status)
        assert.strictEqual(yield* post(oauth), 200)
        assert.strictEqual(world.pages.length, 2)
      }))
  }

  it.effect("that end a login open one page for a request, also if the user does not log in", () =>
    Effect.gen(function*() {
      const world = new World()
      world.expiresIn = 100
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.refreshTokens.clear()
      yield* TestClock.adjust("200 seconds")
      world.thinks = "1000 seconds"
      const error = yield* elapse(refused(oauth))
      assert.strictEqual(error._tag === "UserAgentFailed" && error.reason, "no-answer")
      assert.strictEqual(world.pages.length, 2)
    }))

  it.effect("that end a login lead to a new one, and keep a refresh token that is not replaced", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.expire()
      world.refreshTokens.clear()
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.pages.length, 2)
      world.expire()
      world.override = ({ url }) => {
        if (!url.endsWith("/token")) return undefined
        world.valid.set("kept", ["notes:read"])
        return json(200, { access_token: "kept", token_type: "bearer" })
      }
      assert.strictEqual(yield* post(oauth), 200)
      const tokens = Option.getOrThrow(yield* oauth.tokens)
      assert.strictEqual(tokens.refreshToken && Redacted.value(tokens.refreshToken), "s3cret-refresh-2")
      assert.strictEqual(tokens.expiresAt, undefined)
    }))
})

describe("step-ups", () => {
  it.effect("ask for scopes that are not granted twice at most, whatever the number of requests", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.forbidden = { error: "insufficient_scope", scope: "never" }
      world.granted = (scopes) => scopes.filter((one) => one !== "never")
      for (let call = 0; call < 5; call++) {
        const error = yield* refused(oauth)
        assert.strictEqual(error._tag === "StepUpExhausted" && error.reason, "too-often")
      }
      assert.strictEqual(world.pages.length, 3)
      // The second attempt registers for the scopes: some servers hold a client to those that it registered for.
      assert.strictEqual(world.registrations, 2)
      assert.include(world.seen.findLast(({ url }) => url.endsWith("/register"))?.body ?? "", "never")
    }))

  it.effect("do not ask for scopes that the token has, nor for those that the program declines", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect({ stepUp: { approve: (scopes) => Effect.succeed(!scopes.includes("admin")) } })
      yield* post(oauth)
      const challenge = (scope: string) => `Bearer error="insufficient_scope", scope="${scope}"`
      const reasons: Array<unknown> = []
      for (const scope of ["notes:read", "admin"]) {
        world.override = ({ url }) =>
          url === server ? json(403, {}, { "www-authenticate": challenge(scope) }) : undefined
        const error = yield* refused(oauth)
        reasons.push(error._tag === "StepUpExhausted" && error.reason)
      }
      assert.deepStrictEqual(reasons, ["already-granted", "declined"])
      assert.strictEqual(world.pages.length, 1)
    }))

  it.effect("of requests at the same time are one", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.forbidden = { error: "insufficient_scope", scope: "notes:write" }
      const statuses = yield* Effect.all(Array.from({ length: 50 }, () => post(oauth)), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(statuses)], [200])
      assert.strictEqual(world.pages.length, 2)
    }))
})

describe("grants", () => {
  const authentication = ClientAuthentication.clientSecretBasic("service", Redacted.make("s3cret-client"))

  it.effect("of a service send its credentials, the resource and the scopes, and are repeated when they expire", () =>
    Effect.gen(function*() {
      const world = new World()
      world.expiresIn = 100
      const oauth = yield* world.connect({
        grant: Grant.clientCredentials({ issuer, clientId: "service", authentication })
      })
      assert.strictEqual(yield* post(oauth), 200)
      const [request] = world.grants("client_credentials")
      assert.deepStrictEqual([request?.form.get("resource"), request?.form.get("scope")], [server, "notes:read"])
      assert.strictEqual(request?.headers["authorization"], `Basic ${btoa("service:s3cret-client")}`)
      yield* TestClock.adjust("95 seconds")
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.seen.filter(({ url }) => url === server).length, 3)
      assert.strictEqual(world.pages.length, 0)
    }))

  it.effect("with an assertion and of one's own need no user", () =>
    Effect.gen(function*() {
      const world = new World()
      const jwt = yield* world.connect({
        grant: Grant.jwtBearer({
          issuer,
          assertion: ({ issuer }) => Effect.succeed(Redacted.make(`s3cret-for-${issuer}`))
        })
      })
      assert.strictEqual(yield* post(jwt), 200)
      const [request] = world.grants("urn:ietf:params:oauth:grant-type:jwt-bearer")
      assert.strictEqual(request?.form.get("assertion"), `s3cret-for-${issuer}`)
      world.valid.set("own", ["notes:read"])
      const own = yield* world.connect({
        grant: Grant.fromEffect(() => Effect.succeed({ accessToken: Redacted.make("own") }))
      })
      assert.strictEqual(yield* post(own), 200)
      assert.strictEqual(world.pages.length, 0)
    }))

  it.effect("of a company exchange its identity for an assertion for this authorization server", () =>
    Effect.gen(function*() {
      const world = new World()
      const idJag = "urn:ietf:params:oauth:token-type:id-jag"
      world.override = ({ form, url }) =>
        url === "https://idp.test/token"
          ? json(200, { access_token: "s3cret-jag", issued_token_type: form.get("x") ?? idJag, token_type: "N_A" })
          : undefined
      const oauth = yield* world.connect({
        grant: Grant.enterpriseManaged({
          issuer,
          clientId: "service",
          authentication,
          identityProvider: {
            issuer: "https://idp.test",
            tokenEndpoint: "https://idp.test/token",
            authentication: ClientAuthentication.none("app"),
            idToken: Effect.succeed(Redacted.make("s3cret-id"))
          }
        })
      })
      assert.strictEqual(yield* post(oauth), 200)
      const exchange = world.seen.find(({ url }) => url === "https://idp.test/token")?.form
      assert.deepStrictEqual(
        [exchange?.get("audience"), exchange?.get("resource"), exchange?.get("subject_token")],
        [issuer, server, "s3cret-id"]
      )
      const [request] = world.grants("urn:ietf:params:oauth:grant-type:jwt-bearer")
      assert.strictEqual(request?.form.get("assertion"), "s3cret-jag")
    }))
})

describe("registrations", () => {
  it.effect("are tried in order, and what a user enters is asked once", () =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = { registration_endpoint: undefined }
      let asked = 0
      const registration = ClientRegistration.firstOf(
        ClientRegistration.preregistered({ issuer: "https://other.test", clientId: "other" }),
        ClientRegistration.metadataDocument("https://client.test/id.json"),
        ClientRegistration.dynamic({ clientName: "test" }),
        ClientRegistration.prompt(() => Effect.sync(() => ({ clientId: `entered${++asked}` })))
      )
      const oauth = yield* world.connect({ grant: Grant.authorizationCode({ registration }) })
      yield* post(oauth)
      yield* oauth.logout
      yield* post(oauth)
      world.serverMetadata = { client_id_metadata_document_supported: true }
      yield* oauth.logout
      yield* post(oauth)
      assert.deepStrictEqual(world.pages.map((page) => page.searchParams.get("client_id")), [
        "entered1",
        "entered1",
        "https://client.test/id.json"
      ])
    }))

  it.effect("use the method and the secret of the response, and end with the secret", () =>
    Effect.gen(function*() {
      const world = new World()
      const secretOf = { client_id: "c", client_secret: "s3cret-client", client_secret_expires_at: 1000 }
      world.override = ({ url }) =>
        url.endsWith("/register")
          ? json(200, { ...secretOf, token_endpoint_auth_method: "client_secret_post" })
          : undefined
      const oauth = yield* world.connect()
      yield* post(oauth)
      assert.strictEqual(world.grants("authorization_code")[0]?.form.get("client_secret"), "s3cret-client")
      yield* oauth.logout
      yield* TestClock.adjust("950 seconds")
      yield* post(oauth)
      assert.strictEqual(world.seen.filter(({ url }) => url.endsWith("/register")).length, 2)
    }))

  it.effect("that are refused are reported with the words of the server", () =>
    Effect.gen(function*() {
      const world = new World()
      world.override = ({ url }) =>
        url.endsWith("/register")
          ? json(400, { error: "invalid_redirect_uri", error_description: "no loopback" })
          : undefined
      const error = yield* Effect.flatMap(world.connect(), refused)
      assert.strictEqual(error._tag === "RegistrationFailed" && error.reason, "refused")
      assert.include(error.message, "invalid_redirect_uri: no loopback")
    }))
})

describe("logout", () => {
  it.effect("deletes the tokens and revokes them, the refresh token first", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const oauth = yield* world.connect({}, store)
      yield* post(oauth)
      assert.deepStrictEqual(yield* oauth.logout, { revoked: true })
      const revoked = world.seen.filter(({ url }) => url.endsWith("/revoke")).map(({ form }) => form.get("token"))
      assert.deepStrictEqual(revoked, ["s3cret-refresh-1", "s3cret-access-1"])
      assert.isTrue(Option.isNone(yield* oauth.tokens))
      assert.deepStrictEqual(yield* oauth.logout, { revoked: false })
    }))

  it.effect("deletes the tokens also if the authorization server does not answer", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.override = ({ url }) => url.startsWith(issuer) ? json(503, {}) : undefined
      assert.deepStrictEqual(yield* elapse(oauth.logout), { revoked: false })
      assert.isTrue(Option.isNone(yield* oauth.tokens))
    }))
})

describe("stores", () => {
  it.effect("that fail are reported, and are no reason to log in", () =>
    Effect.gen(function*() {
      const world = new World()
      const failure = Effect.fail(new CredentialStore.StoreFailed({ operation: "read", detail: "EACCES" }))
      const broken = Layer.effect(
        CredentialStore.CredentialStore,
        Effect.map(CredentialStore.CredentialStore, (store) => ({ ...store, tokens: () => failure }))
      ).pipe(Layer.provide(CredentialStore.layerMemory))
      const error = yield* Effect.flatMap(world.connect({}, broken), refused)
      assert.deepStrictEqual([error._tag, error.retryable, world.pages.length], ["StoreFailed", true, 0])
    }))
})

describe("observability", () => {
  it.effect("has events, and a metric with closed reasons", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      const events = yield* Effect.forkChild(
        Stream.runCollect(Stream.takeUntil(oauth.events, OAuthEvent.OAuthEvent.$is("LoggedOut")))
      )
      yield* settled
      yield* post(oauth)
      world.expire()
      yield* post(oauth)
      yield* oauth.logout
      world.issuer = "https://gone.test"
      const found = yield* Fiber.join(events)
      assert.deepStrictEqual(found.map(({ _tag }) => _tag), [
        "ServerFound",
        "LoginStarted",
        "ClientReady",
        "TokenObtained",
        "ServerFound",
        "TokenRefreshed",
        "LoggedOut"
      ])
      assert.notMatch(`${JSON.stringify(found)} ${found.map(OAuthEvent.describe).join()}`, secret)
      const metrics = (yield* Metric.snapshot).filter(({ id }) => id === "mcp_oauth_events_total")
      assert.isAbove(metrics.length, 5)
    }))

  it.effect("has no secret in logs, spans, metrics, errors and tokens that are printed", () =>
    Effect.gen(function*() {
      const texts: Array<unknown> = []
      const logger = Logger.make(({ cause, message }) => void texts.push(message, Cause.pretty(cause)))
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          texts.push(span.attributes, options.name)
          return span
        }
      })
      const world = new World()
      yield* Effect.gen(function*() {
        const oauth = yield* world.connect()
        yield* post(oauth)
        world.expire()
        yield* post(oauth)
        const tokens = yield* oauth.tokens
        texts.push(String(tokens), JSON.stringify(tokens))
        // The error of HttpClient carries the request of the caller, without the token.
        world.override = ({ url }) => url.endsWith("/token") ? json(500, { error: "s3cret" }) : undefined
        world.expire()
        const error = yield* Effect.flip(oauth.client.execute(HttpClientRequest.post(server)))
        texts.push(String(error), JSON.stringify(error), error, Cause.pretty(Cause.fail(error)))
        texts.push(error.request.headers)
        yield* oauth.logout
      }).pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(Tracer.Tracer, tracer))
      texts.push(JSON.stringify(yield* Metric.snapshot))
      const all = texts.map((text) =>
        typeof text === "string" ? text : JSON.stringify(text instanceof Map ? [...text] : text)
      ).join("\n")
      assert.isAbove(all.length, 1000)
      assert.notMatch(all, secret)
      const [page] = world.pages
      for (const name of ["state", "code_challenge"]) assert.notInclude(all, page?.searchParams.get(name) ?? "-")
      assert.notInclude(all, world.grants("authorization_code")[0]?.form.get("code_verifier") ?? "-")
    }))
})

describe("options", () => {
  it.effect("are checked when the layer is built", () =>
    Effect.gen(function*() {
      const world = new World()
      const cases: ReadonlyArray<readonly [string, Partial<McpOAuth.Options<UserAgent.UserAgent>>]> = [
        ["server", { server: "http://api.test/mcp" }],
        ["server", { server: "http://127.0.0.1/mcp" }],
        ["server", { server: "/mcp" }],
        ["stepUp.attempts", { stepUp: { attempts: -1 } }]
      ]
      for (const [option, options] of cases) {
        const error = yield* Effect.flip(world.connect(options))
        assert.strictEqual(error.option, option)
        assert.include(error.message, `The option ${option} of McpOAuth is invalid`)
      }
      yield* world.connect({ server: "http://127.0.0.1:1/mcp", allowInsecureLoopback: true })
    }))

  it.effect("accept servers of MCP 2025-03-26 only with legacy", () =>
    Effect.gen(function*() {
      const world = new World()
      world.issuer = "https://api.test"
      world.hint = undefined
      world.override = ({ url }) => url.includes("/.well-known/") ? json(404, {}) : undefined
      const error = yield* Effect.flatMap(world.connect(), refused)
      assert.strictEqual(error._tag === "ResourceRefused" && error.reason, "not-found")
      assert.include(error.message, "legacy: true")
      assert.strictEqual(yield* Effect.flatMap(world.connect({ legacy: true }), post), 200)
      assert.strictEqual(world.pages[0]?.origin, "https://api.test")
    }))
})

describe("OAuthClientError", () => {
  it("tells for every error whether a retry can help, and what to do", () => {
    const errors: ReadonlyArray<OAuthClientError.OAuthClientError> = [
      new OAuthClientError.ResourceRefused({ server, reason: "unreachable", detail: "x" }),
      new OAuthClientError.ServerRefused({ issuer, reason: "endpoint", detail: "x", retryable: false }),
      new OAuthClientError.RegistrationFailed({ issuer, reason: "no-way" }),
      new OAuthClientError.AuthorizationRejected({
        issuer,
        reason: "denied",
        error: "access_denied",
        description: "d"
      }),
      new OAuthClientError.TokenRefused({ issuer, grant: "g", status: 400, error: "e", description: "d" }),
      new OAuthClientError.TokenUnavailable({ issuer, grant: "g", detail: "x" }),
      new OAuthClientError.StepUpExhausted({ resource: server, scopes: ["a"], reason: "too-often" }),
      new OAuthClientError.LoginRequired({ server, reason: "too-many" }),
      new CredentialStore.StoreFailed({ operation: "lock", detail: "x" }),
      new UserAgent.UserAgentFailed({ reason: "cancelled" })
    ]
    const retryable = errors.filter((error) => error.retryable).map(({ _tag }) => _tag)
    assert.deepStrictEqual(retryable, ["ResourceRefused", "TokenUnavailable", "LoginRequired", "StoreFailed"])
    for (const error of errors) {
      assert.isTrue(OAuthClientError.isOAuthClientError(error))
      assert.match(error.message, /[a-z]{3,}.*[;:,.]/)
    }
  })
})
