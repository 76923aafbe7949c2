/** Authorization servers and MCP servers that attack a client. No page opens, and nothing secret goes to another origin. */
import {
  ClientAuthentication,
  ClientRegistration,
  CredentialStore,
  Grant,
  ResourceDiscovery,
  UserAgent
} from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, type Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import { issuer, json, metadataUrl, post, refused, secret, type Seen, server, sharedStore, World } from "./world.ts"

const evil = "https://evil.test"

/** The requests that carry a secret, without those to the servers that may get it. */
const leaks = (world: World, ...trusted: ReadonlyArray<string>): ReadonlyArray<string> =>
  world.seen
    .filter(({ body, headers, url }) => secret.test(`${url} ${body} ${headers["authorization"] ?? ""}`))
    .map(({ url }) => url)
    .filter((url) => ![server, `${issuer}/token`, `${issuer}/revoke`, ...trusted].includes(url))

const to = (origin: string) => ({ url }: Seen) => url.startsWith(origin)

describe("hostile MCP servers", () => {
  const metadata: ReadonlyArray<readonly [name: string, attack: (world: World) => void, reason: string]> = [
    ["a metadata URL of another origin", (world) => void (world.hint = `${evil}/prm`), "foreign-metadata-url"],
    [
      "a metadata URL with another port",
      (world) => void (world.hint = "https://api.test:8443/x"),
      "foreign-metadata-url"
    ],
    [
      "a metadata URL that is a host suffix",
      (world) => void (world.hint = "https://api.test.evil.test/"),
      "foreign-metadata-url"
    ],
    ["a metadata URL that is no URL", (world) => void (world.hint = "/relative"), "foreign-metadata-url"],
    ["a metadata URL of a file", (world) => void (world.hint = "file:///etc/passwd"), "foreign-metadata-url"],
    ["metadata of another resource", (world) => void (world.resource = `${evil}/mcp`), "resource-mismatch"],
    ["metadata of a neighbour", (world) => void (world.resource = "https://api.test/mc"), "resource-mismatch"],
    ["metadata of a path below", (world) => void (world.resource = `${server}/below`), "resource-mismatch"],
    ["metadata without a server", (world) => {
      world.resourceMetadata = { authorization_servers: undefined }
    }, "no-authorization-server"],
    ["metadata with an authorization server that is no issuer", (world) => {
      world.resourceMetadata = { authorization_servers: ["javascript:alert(1)"] }
    }, "invalid-metadata"],
    ["metadata that forbids the header", (world) => {
      world.resourceMetadata = { bearer_methods_supported: ["query"] }
    }, "header-not-accepted"],
    ["metadata of 10 MB", (world) => {
      world.override = ({ url }) =>
        url === metadataUrl ? json(200, { resource: server, x: "x".repeat(10_000_000) }) : undefined
    }, "invalid-metadata"],
    ["metadata that redirects to another origin", (world) => {
      world.override = ({ url }) =>
        url === metadataUrl ? new Response(null, { status: 302, headers: { location: `${evil}/prm` } }) : undefined
    }, "invalid-metadata"],
    ["metadata that redirects without an end", (world) => {
      world.override = ({ url }) =>
        url.startsWith(metadataUrl) ? new Response(null, { status: 302, headers: { location: `${url}x` } }) : undefined
    }, "invalid-metadata"],
    ["no metadata at all", (world) => {
      world.override = ({ url }) => url.includes("oauth-protected-resource") ? json(404, {}) : undefined
    }, "not-found"],
    ["metadata that is unavailable", (world) => {
      world.override = ({ url }) => url === metadataUrl ? json(503, {}) : undefined
    }, "unreachable"]
  ]

  it.effect.each(metadata)("get no login with %s", ([, attack, reason]) =>
    Effect.gen(function*() {
      const world = new World()
      attack(world)
      const error = yield* elapse(Effect.flatMap(world.connect(), refused))
      assert.strictEqual(error._tag === "ResourceRefused" ? String(error.reason) : error._tag, reason)
      assert.strictEqual(error.retryable, reason === "unreachable")
      assert.deepStrictEqual([world.pages.length, world.seen.filter(to(evil)).length], [0, 0])
    }))

  it.effect("get a login with metadata of another origin, if the client allows that origin", () =>
    Effect.gen(function*() {
      const world = new World()
      world.hint = "https://docs.test/prm"
      world.override = ({ url }) =>
        url === world.hint ? json(200, { resource: server, authorization_servers: [issuer] }) : undefined
      const oauth = yield* world.connect({ hintPolicy: ResourceDiscovery.allowOrigins(["https://docs.test"]) })
      assert.strictEqual(yield* post(oauth), 200)
    }))

  it.effect("get no token for the whole origin with metadata of their own folder", () =>
    Effect.gen(function*() {
      for (const resource of ["https://api.test", "https://api.test/"]) {
        for (const hint of ["https://api.test/mcp/my-prm", metadataUrl]) {
          const world = new World()
          world.hint = hint
          world.override = ({ url }) =>
            url === hint
              ? json(200, { resource, authorization_servers: [evil] })
              : url === "https://api.test/.well-known/oauth-protected-resource"
              ? json(404, {})
              : undefined
          const error = yield* Effect.flatMap(world.connect(), refused)
          assert.strictEqual(error._tag === "ResourceRefused" && error.reason, "resource-mismatch")
          assert.deepStrictEqual([world.pages.length, world.seen.filter(to(evil)).length], [0, 0])
        }
      }
    }))

  it.effect("get a token for the whole origin only from the authorization server that the origin names", () =>
    Effect.gen(function*() {
      const world = new World()
      world.resource = "https://api.test"
      world.hint = "https://api.test/mcp/my-prm"
      world.override = ({ url }) =>
        url === world.hint ? json(200, { resource: world.resource, authorization_servers: [evil] }) : undefined
      assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
      assert.deepStrictEqual(world.grants("authorization_code").map(({ form, url }) => [url, form.get("resource")]), [
        [`${issuer}/token`, "https://api.test"]
      ])
      assert.strictEqual(world.seen.filter(to(evil)).length, 0)
      const exact = new World()
      exact.resource = "https://api.test"
      const error = yield* Effect.flatMap(exact.connect({ resourceMatch: ResourceDiscovery.exact }), refused)
      assert.strictEqual(error._tag === "ResourceRefused" && error.reason, "resource-mismatch")
    }))

  it.effect("get no token on another URL: another path, port, scheme or host, nor a redirect", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      const others = [
        `${evil}/mcp`,
        "https://api.test/other",
        "https://api.test/mcp/",
        "https://api.test/",
        "https://api.test:444/mcp",
        "http://api.test/mcp",
        "https://api.test.evil.test/mcp",
        "https://evil.test/https://api.test/mcp"
      ]
      for (const url of others) yield* Effect.exit(post(oauth, url))
      world.override = ({ url }) =>
        url === server ? new Response(null, { status: 307, headers: { location: `${evil}/mcp` } }) : undefined
      assert.strictEqual(yield* post(oauth), 307)
      assert.deepStrictEqual(leaks(world), [])
      // The query is not part of the place.
      world.override = () => undefined
      yield* post(oauth, `${server}?x=1`)
      assert.match(world.seen.at(-1)?.headers["authorization"] ?? "", secret)
    }))

  it.effect("get no secret of a client by naming another authorization server", () =>
    Effect.gen(function*() {
      const authentication = ClientAuthentication.clientSecretBasic("service", Redacted.make("s3cret-client"))
      const assertion = () => Effect.succeed(Redacted.make("s3cret-assertion"))
      const grants = [
        Grant.clientCredentials({ issuer, clientId: "service", authentication }),
        Grant.jwtBearer({ issuer, assertion }),
        Grant.authorizationCode({
          registration: ClientRegistration.preregistered({ issuer, clientId: "service", authentication })
        })
      ]
      for (const grant of grants) {
        const world = new World()
        const oauth = yield* world.connect({ grant })
        assert.strictEqual(yield* post(oauth), 200)
        const { length } = world.pages
        world.expire()
        world.issuer = evil
        const error = yield* refused(oauth)
        assert.strictEqual(error._tag === "RegistrationFailed" && error.reason, "registered-elsewhere")
        assert.deepStrictEqual([leaks(world), world.pages.length], [[], length])
        // The next answer is right again, and nothing was lost.
        world.issuer = issuer
        assert.strictEqual(yield* post(oauth), 200)
        assert.strictEqual(world.pages.length, length)
      }
    }))

  it.effect("get a new login at a new authorization server, and nothing of the old one is sent there", () =>
    Effect.gen(function*() {
      for (const documents of [false, true]) {
        const world = new World()
        world.serverMetadata = { client_id_metadata_document_supported: documents }
        const oauth = yield* world.connect({
          // The ID of this client is the same everywhere. Its refresh token is not.
          grant: Grant.authorizationCode({
            registration: ClientRegistration.firstOf(
              ClientRegistration.metadataDocument("https://client.test/id.json"),
              ClientRegistration.dynamic({ clientName: "test" })
            )
          })
        })
        yield* post(oauth)
        world.expire()
        world.issuer = "https://as2.test"
        assert.strictEqual(yield* post(oauth), 200)
        const there = world.seen.filter(to("https://as2.test"))
        assert.isFalse(there.some(({ body }) => /s3cret-refresh-1|s3cret-code-1|client1/.test(body)))
        assert.deepStrictEqual([world.registrations, world.pages.length], [documents ? 0 : 2, 2])
      }
    }))

  const neighbour = "https://evil-mcp.test/mcp"

  /** An MCP server of an attacker at the issuer of the others. */
  const besides = (required: string) => {
    const world = new World()
    world.override = ({ url }) => {
      if (url === neighbour) return json(401, {}, { "www-authenticate": `Bearer scope="${required}"` })
      if (url === "https://evil-mcp.test/.well-known/oauth-protected-resource/mcp") {
        return json(200, { resource: neighbour, authorization_servers: [issuer] })
      }
      return url.endsWith("/register") ? json(201, { client_id: "other" }) : undefined
    }
    return world
  }
  const failing = (error: string) => (page: URL) =>
    String(new URLSearchParams({ error, state: page.searchParams.get("state") ?? "", iss: issuer }))
  const registered = (store: Layer.Layer<CredentialStore.CredentialStore>) =>
    Effect.provide(Effect.flatMap(CredentialStore.CredentialStore, (one) => one.registrations(issuer)), store)

  it.effect("cannot take the registration away from the logins to other MCP servers with a scope that is refused", () =>
    Effect.gen(function*() {
      for (const error of ["invalid_scope", "unauthorized_client"]) {
        const world = new World()
        const store = yield* sharedStore
        const oauth = yield* world.connect({}, store)
        yield* post(oauth)
        const attacker = besides("bogus")
        attacker.callback = failing(error)
        const attacked = yield* attacker.connect({ server: neighbour }, store)
        for (let login = 0; login < 5; login++) {
          assert.strictEqual((yield* Effect.flip(post(attacked, neighbour)))._tag, "AuthorizationRejected")
        }
        assert.deepStrictEqual((yield* registered(store)).map(({ clientId }) => clientId), ["client1@as.test"])
        world.expire()
        assert.strictEqual(yield* post(oauth), 200)
        assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
      }
    }))

  it.effect("cannot take the registration away from other logins with a page from which the user does not come back", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const oauth = yield* world.connect({}, store)
      yield* post(oauth)
      const attacker = besides("notes:read")
      attacker.thinks = "1000 seconds"
      const attacked = yield* attacker.connect({ server: neighbour }, store)
      assert.strictEqual((yield* elapse(Effect.flip(post(attacked, neighbour))))._tag, "UserAgentFailed")
      const redirects = Effect.map(registered(store), (all) => all.map(({ redirectUri }) => redirectUri))
      assert.deepStrictEqual(yield* redirects, [undefined])
      world.expire()
      assert.strictEqual(yield* post(oauth), 200)
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
      // The next login registers anew.
      attacker.thinks = "0 seconds"
      yield* Effect.exit(post(attacked, neighbour))
      assert.deepStrictEqual(yield* redirects, [attacker.redirectUri, undefined])
    }))

  it.effect("cannot take away the client that a person has typed, nor one whose page no browser could open", () =>
    Effect.gen(function*() {
      for (const reason of ["no-browser", "port-taken", "cancelled", "no-answer"] as const) {
        for (const isTyped of [true, false]) {
          const world = new World()
          const store = yield* sharedStore
          let asked = 0
          const ask = () =>
            Effect.sync(() => {
              asked++
              return { clientId: "typed" }
            })
          const grant = isTyped
            ? Grant.authorizationCode({ registration: ClientRegistration.prompt(ask) })
            : world.dynamic
          const oauth = yield* world.connect({ grant }, store)
          yield* post(oauth)
          yield* oauth.logout
          const { authorize } = world
          Object.assign(world, { authorize: () => Effect.fail(new UserAgent.UserAgentFailed({ reason })) })
          assert.strictEqual((yield* refused(oauth))._tag, "UserAgentFailed")
          Object.assign(world, { authorize })
          assert.strictEqual(yield* post(oauth), 200)
          const isKept = isTyped || reason === "no-browser" || reason === "port-taken"
          assert.deepStrictEqual([asked, world.registrations], [isTyped ? 1 : 0, isTyped ? 0 : isKept ? 1 : 2])
        }
      }
    }))

  const supported: ReadonlyArray<readonly [name: string, scopes: ReadonlyArray<string>, requested: string]> = [
    ["odd", ["a b", "\u009b31mX", "\"q\"", "", "notes:read"], "notes:read offline_access"],
    ["enormous", ["x".repeat(200_000), "notes:read"], "notes:read offline_access"]
  ]

  it.effect.each(supported)(
    "get no odd or endless authorization page with scopes that are %s",
    ([, scopes, requested]) =>
      Effect.gen(function*() {
        const world = new World()
        world.resourceMetadata = { scopes_supported: scopes }
        world.override = ({ headers, url }) =>
          url === server && headers["authorization"] === undefined
            ? json(401, {}, { "www-authenticate": "Bearer" })
            : undefined
        assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
        assert.strictEqual(world.pages[0]?.searchParams.get("scope"), requested)
      })
  )

  it.effect("get no endless authorization page with thousands of scopes", () =>
    Effect.gen(function*() {
      const world = new World()
      world.resourceMetadata = { scopes_supported: Array.from({ length: 10_000 }, (_, index) => `scope${index}`) }
      world.override = ({ headers, url }) =>
        url === server && headers["authorization"] === undefined
          ? json(401, {}, { "www-authenticate": "Bearer" })
          : undefined
      assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
      const scope = world.pages[0]?.searchParams.get("scope") ?? ""
      assert.match(scope, /^scope0 scope1 /)
      assert.isBelow(scope.length, 4200)
    }))

  it.effect("can ask for ever new scopes, and open a bounded number of pages", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      for (let call = 0; call < 20; call++) {
        world.forbidden = { error: "insufficient_scope", scope: `scope${call}` }
        yield* Effect.exit(post(oauth))
      }
      assert.strictEqual(world.pages.length, 5)
    }))
})

describe("hostile authorization servers", () => {
  const responses: ReadonlyArray<readonly [response: string, reason: string]> = [
    ["code=x&state=STATE&iss=https%3A%2F%2Fevil.test", "issuer"],
    ["code=x&state=STATE&iss=https%3A%2F%2Fas.test%2F", "issuer"],
    ["code=x&state=STATE&iss=https%3A%2F%2FAS.test", "issuer"],
    ["code=x&state=STATE&iss=https%3A%2F%2Fas.test%3A443", "issuer"],
    ["code=x&state=STATE", "issuer"],
    ["code=x&state=STATE&iss=", "issuer"],
    ["code=x&state=STATE&iss=https%3A%2F%2Fas.test&iss=https%3A%2F%2Fevil.test", "duplicate"],
    ["code=x&state=STATE&state=STATE&iss=https%3A%2F%2Fas.test", "duplicate"],
    ["code=x&code=y&state=STATE&iss=https%3A%2F%2Fas.test", "duplicate"],
    ["code=x&state=other&iss=https%3A%2F%2Fas.test", "state"],
    ["code=x&iss=https%3A%2F%2Fas.test", "state"],
    ["error=access_denied&error_description=EVIL&state=STATE&iss=https%3A%2F%2Fevil.test", "issuer"],
    ["error=access_denied&error_description=EVIL&state=x&iss=https%3A%2F%2Fas.test", "state"],
    ["error=access_denied&code=x&state=STATE&iss=https%3A%2F%2Fas.test", "denied"],
    ["state=STATE&iss=https%3A%2F%2Fas.test", "no-code"]
  ]

  it.effect.each(responses)(
    "get no code redeemed with the response %s",
    ([response, reason]) =>
      Effect.gen(function*() {
        const world = new World()
        world.callback = (page) => response.replaceAll("STATE", page.searchParams.get("state") ?? "")
        const error = yield* Effect.flatMap(world.connect(), refused)
        assert.strictEqual(error._tag === "AuthorizationRejected" ? String(error.reason) : error._tag, reason)
        assert.notInclude(error.message, "EVIL")
        assert.notInclude(error.message, world.pages[0]?.searchParams.get("state") ?? "-")
        assert.strictEqual(world.grants("authorization_code").length, 0)
      })
  )

  it.effect("need no iss in the response only if their metadata does not announce it", () =>
    Effect.gen(function*() {
      for (const announced of [undefined, false]) {
        const world = new World()
        world.serverMetadata = { authorization_response_iss_parameter_supported: announced }
        world.callback = (page) => `code=&state=${page.searchParams.get("state")}`
        assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
        world.callback = (page) => `code=&state=${page.searchParams.get("state")}&iss=https%3A%2F%2Fevil.test`
        const error = yield* Effect.flatMap(world.connect(), refused)
        assert.strictEqual(error._tag === "AuthorizationRejected" && error.reason, "issuer")
      }
    }))

  const anonymous = { authorization_response_iss_parameter_supported: undefined }
  const borrowed: ReadonlyArray<readonly [page: string, named: string]> = [
    ["/authorize", "/authorize"],
    ["/authorize?tenant=1", "/authorize"],
    ["//Authorize/", "/authorize"],
    ["/%61uthorize", "/authorize"],
    ["/realms/x/protocol/openid-connect/auth", "/realms/x/protocol/openid-connect/auth"]
  ]

  it.effect.each(borrowed)(
    "get no code by naming the page of another authorization server as their own: %s",
    ([page, named]) =>
      Effect.gen(function*() {
        const world = new World()
        world.issuer = evil
        world.serverMetadata = { ...anonymous, authorization_endpoint: `${issuer}${page}` }
        const realm = named.startsWith("/realms/x/") ? "/realms/x" : ""
        world.override = ({ url }) =>
          url.startsWith(`${issuer}/`)
            ? url === `${issuer}/.well-known/oauth-authorization-server${realm}`
              ? json(200, { issuer: `${issuer}${realm}`, authorization_endpoint: `${issuer}${named}` })
              : json(404, {})
            : undefined
        world.callback = (page) => `code=&state=${page.searchParams.get("state")}`
        const error = yield* Effect.flatMap(world.connect(), refused)
        assert.strictEqual(error._tag === "ServerRefused" && error.reason, "endpoint")
        assert.isFalse(error.retryable)
        assert.deepStrictEqual([world.pages.length, world.registrations, leaks(world)], [0, 0, []])
      })
  )

  it.effect("get no page opened on another origin whose metadata cannot be fetched", () =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = { ...anonymous, authorization_endpoint: "https://pages.test/authorize" }
      world.override = ({ url }) => url.startsWith("https://pages.test/") ? json(503, {}) : undefined
      const error = yield* elapse(Effect.flatMap(world.connect(), refused))
      assert.deepStrictEqual([error._tag, error.retryable, world.pages.length], ["ServerRefused", true, 0])
    }))

  it.effect("may have their page on another origin, if that is the page of no other issuer", () =>
    Effect.gen(function*() {
      const others: ReadonlyArray<(url: string) => Response> = [
        () => json(404, {}),
        () => new Response("<html>", { headers: { "content-type": "text/html" } }),
        () => json(200, { issuer, authorization_endpoint: "https://pages.test/authorize" }),
        () => json(200, { issuer: "https://pages.test", authorization_endpoint: "https://pages.test/other" })
      ]
      for (const other of others) {
        const world = new World()
        world.serverMetadata = { ...anonymous, authorization_endpoint: "https://pages.test/authorize" }
        world.override = ({ url }) => url.startsWith("https://pages.test/") ? other(url) : undefined
        world.callback = (page) => `code=&state=${page.searchParams.get("state")}`
        assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
      }
      // The response names the issuer, so nothing has to be asked.
      const world = new World()
      world.serverMetadata = { authorization_endpoint: "https://pages.test/authorize" }
      assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
      assert.strictEqual(world.seen.filter(to("https://pages.test/")).length, 0)
    }))

  it.effect("cannot make a client that wants bound tokens send and keep a Bearer token", () =>
    Effect.gen(function*() {
      const authentication = ClientAuthentication.clientSecretBasic("service", Redacted.make("s3cret-client"))
      for (const grant of [undefined, Grant.clientCredentials({ issuer, clientId: "service", authentication })]) {
        const world = new World()
        const store = yield* sharedStore
        const oauth = yield* world.connect({ dpop: "always", ...(grant === undefined ? {} : { grant }) }, store)
        const error = yield* refused(oauth)
        assert.strictEqual(error._tag === "ServerRefused" && error.reason, "token-type")
        assert.notMatch(error.message, secret)
        assert.isTrue(Option.isNone(yield* oauth.tokens))
        const stored = Effect.flatMap(CredentialStore.CredentialStore, ({ servers }) => servers)
        assert.deepStrictEqual(yield* Effect.provide(stored, store), [])
        assert.isFalse(world.seen.some(({ headers, url }) => url === server && headers["authorization"] !== undefined))
      }
    }))

  it.effect("cannot have a Bearer token of an earlier run used", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      yield* (yield* world.connect({}, store)).authorize
      const oauth = yield* world.connect({ dpop: "always" }, store)
      assert.isTrue(Option.isNone(yield* oauth.tokens))
      const error = yield* refused(oauth)
      assert.strictEqual(error._tag === "ServerRefused" && error.reason, "token-type")
    }))

  it.effect("cannot replace a bound token by a Bearer token when it is refreshed", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect({ dpop: "always" })
      const answer = (type: string) => ({ url }: Seen) =>
        url.endsWith("/token")
          ? json(200, {
            access_token: "s3cret-bound",
            token_type: type,
            refresh_token: "s3cret-refresh",
            expires_in: 1
          })
          : undefined
      world.override = answer("DPoP")
      assert.strictEqual((yield* oauth.authorize).type, "DPoP")
      world.override = answer("Bearer")
      yield* TestClock.adjust("2 seconds")
      const error = yield* Effect.flip(oauth.authorize)
      assert.strictEqual(error._tag === "ServerRefused" && error.reason, "token-type")
      assert.strictEqual(Option.map(yield* oauth.tokens, ({ type }) => type).pipe(Option.getOrUndefined), "DPoP")
    }))

  const documents: ReadonlyArray<readonly [name: string, metadata: Readonly<Record<string, unknown>>]> = [
    ["another issuer", { issuer: evil }],
    ["an issuer with a slash", { issuer: `${issuer}/` }],
    ["no PKCE", { code_challenge_methods_supported: undefined }],
    ["PKCE without S256", { code_challenge_methods_supported: ["plain"] }],
    ["no authorization endpoint", { authorization_endpoint: undefined }],
    ["a text for the mix-up protection", { authorization_response_iss_parameter_supported: "false" }],
    ["10 MB", { x: "x".repeat(10_000_000) }]
  ]

  it.effect.each(documents)("get no page opened with metadata with %s", ([, metadata]) =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = metadata
      assert.strictEqual((yield* elapse(Effect.flatMap(world.connect(), refused)))._tag, "ServerRefused")
      assert.deepStrictEqual([world.pages.length, world.registrations], [0, 0])
    }))

  const answers: ReadonlyArray<readonly [name: string, answer: () => Response]> = [
    ["redirects", () => new Response(null, { status: 307, headers: { location: `${evil}/token` } })],
    ["redirects with a 308", () => new Response(null, { status: 308, headers: { location: `${evil}/token` } })],
    ["is a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["has 10 MB", () => json(200, { access_token: "x".repeat(10_000_000), token_type: "Bearer" })],
    ["is no object", () => json(200, ["access_token"])],
    ["has no token", () => json(200, { token_type: "Bearer" })],
    ["has an empty token", () => json(200, { access_token: "", token_type: "Bearer" })],
    ["has a token that ends the header", () => json(200, { access_token: "x\r\nx-evil: 1", token_type: "Bearer" })],
    ["has another type of token", () => json(200, { access_token: "x", token_type: "mac" })],
    ["has a bound token without a proof", () => json(200, { access_token: "x", token_type: "DPoP" })],
    ["is an outage", () => json(503, { error: "invalid_grant" })],
    ["is a rate limit", () => json(429, { error: "invalid_grant" })],
    ["is a temporary error", () => json(400, { error: "temporarily_unavailable" })]
  ]

  it.effect.each(answers)(
    "cost no refresh token and open no page with a token response that %s",
    ([, answer]) =>
      Effect.gen(function*() {
        const world = new World()
        const oauth = yield* world.connect()
        yield* post(oauth)
        world.expire()
        world.override = ({ url }) => url.endsWith("/token") ? answer() : undefined
        const error = yield* refused(oauth)
        assert.strictEqual(error._tag, "TokenUnavailable")
        assert.isTrue(error.retryable)
        assert.notMatch(error.message, secret)
        assert.deepStrictEqual([leaks(world), world.seen.filter(to(evil)).length], [[], 0])
        world.override = () => undefined
        assert.strictEqual(yield* post(oauth), 200)
        assert.deepStrictEqual([world.pages.length, world.reuse], [1, 0])
      })
  )

  it.effect("get no code, secret or token where their endpoints redirect to, with an HTTP client that follows redirects", () =>
    Effect.gen(function*() {
      for (const endpoint of ["token", "register", "revoke"]) {
        const world = new World()
        const oauth = yield* world.connect()
        if (endpoint === "revoke") yield* oauth.authorize
        world.override = ({ url }) =>
          url.endsWith(`/${endpoint}`)
            ? new Response(null, { status: 308, headers: { location: `${evil}/${endpoint}` } })
            : undefined
        if (endpoint === "revoke") assert.deepStrictEqual(yield* oauth.logout, { revoked: false })
        else assert.include(["TokenUnavailable", "RegistrationFailed"], (yield* Effect.flip(oauth.authorize))._tag)
        assert.deepStrictEqual([leaks(world), world.seen.filter(to(evil)).length], [[], 0])
      }
    }))

  it.effect("cannot make a client wait for ever", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.expire()
      const never = new Response(new ReadableStream(), { headers: { "content-type": "application/json" } })
      world.override = ({ url }) => url.endsWith("/token") ? never : undefined
      assert.strictEqual((yield* elapse(refused(oauth)))._tag, "TokenUnavailable")
    }))

  it.effect("cannot put what was sent to them into an error, and not forge lines of a log", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      world.override = ({ form, url }) =>
        url.endsWith("/token")
          ? json(400, {
            error: "invalid_request",
            error_description: `${form.get("code")} ${form.get("code_verifier")} \u001b[31m\n${
              form.get("refresh_token")
            }`
          })
          : undefined
      const error = yield* refused(oauth)
      assert.strictEqual(error._tag, "TokenRefused")
      const verifier = world.grants("authorization_code")[0]?.form.get("code_verifier") ?? ""
      assert.isAbove(verifier.length, 42)
      const shown = `${error.message} ${JSON.stringify(error)} ${String(error)}`
      assert.notMatch(shown, secret)
      assert.notInclude(shown, verifier)
      assert.notInclude(error.message, "\u001b")
      assert.notInclude(error.message, "\n")
    }))

  it.effect("cannot put what was sent to them into an error in another encoding", () =>
    Effect.gen(function*() {
      const authentication = ClientAuthentication.clientSecretBasic("service", Redacted.make("s3cret/client+100%"))
      const world = new World()
      world.callback = (page) =>
        String(
          new URLSearchParams({
            code: "4/0AX (s3cret) code~é",
            state: page.searchParams.get("state") ?? "",
            iss: issuer
          })
        )
      const grant = Grant.authorizationCode({
        registration: ClientRegistration.preregistered({ issuer, clientId: "service", authentication })
      })
      const basic = (headers: Seen["headers"]) => atob((headers["authorization"] ?? "").slice(6))
      const repeats: ReadonlyArray<(seen: Seen) => string> = [
        ({ body }) => body,
        ({ body }) => body.replaceAll(/%../g, (escape) => escape.toLowerCase()),
        ({ form }) => encodeURIComponent(form.get("code") ?? ""),
        ({ headers }) => headers["authorization"] ?? "",
        ({ headers }) => basic(headers),
        ({ headers }) => basic(headers).split(":")[1] ?? "",
        ({ headers }) => decodeURIComponent(basic(headers))
      ]
      for (const repeat of repeats) {
        world.override = (seen) =>
          seen.url.endsWith("/token")
            ? json(400, { error: "invalid_request", error_description: `bad: ${repeat(seen)}` })
            : undefined
        const { message } = yield* Effect.flatMap(world.connect({ grant }), refused)
        assert.match(message, /bad: .*…/)
        assert.notMatch(message, secret)
        assert.notMatch(message, /0AX|100%|c2VydmljZ/)
      }
    }))

  it.effect("cannot break a client with a secret that is no valid text", () =>
    Effect.gen(function*() {
      const world = new World()
      world.override = ({ form, url }) =>
        url.endsWith("/register")
          ? new Response(
            `{"client_id":"c","client_secret":"s3cret-\\ud800","token_endpoint_auth_method":"client_secret_post"}`,
            { status: 201, headers: { "content-type": "application/json" } }
          )
          : url.endsWith("/token")
          ? json(400, { error: "invalid_request", error_description: form.get("client_secret") })
          : undefined
      const error = yield* Effect.flatMap(world.connect(), refused)
      assert.strictEqual(error._tag, "TokenRefused")
      assert.notMatch(error.message, secret)
    }))

  it.effect.each(["1e306", "1e400", "10000000000", "-1", "1e-320", "null", "\"soon\""])(
    "cannot break a client with a secret that expires at %s",
    (expiry) =>
      Effect.gen(function*() {
        const world = new World()
        world.override = ({ url }) =>
          url.endsWith("/register")
            ? new Response(`{"client_id":"c","client_secret_expires_at":${expiry}}`, {
              status: 201,
              headers: { "content-type": "application/json" }
            })
            : undefined
        const exit = yield* Effect.exit(Effect.flatMap(world.connect(), post))
        assert.isFalse(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        if (expiry !== "1e400") assert.isTrue(Exit.isSuccess(exit))
      })
  )

  it.effect("cannot add parameters that replace those of the client", () =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = {
        authorization_endpoint:
          `${issuer}/authorize?keep=1&state=x&state=y&redirect_uri=${evil}&code_challenge_method=plain`
      }
      assert.strictEqual(yield* Effect.flatMap(world.connect(), post), 200)
      const [page] = world.pages
      assert.deepStrictEqual(page?.searchParams.getAll("redirect_uri"), [world.redirectUri])
      assert.deepStrictEqual(page?.searchParams.getAll("code_challenge_method"), ["S256"])
      assert.deepStrictEqual([page?.searchParams.getAll("state").length, page?.searchParams.get("keep")], [1, "1"])
    }))

  it.effect("get no registration, code or token at an endpoint without TLS", () =>
    Effect.gen(function*() {
      for (const name of ["registration_endpoint", "token_endpoint"]) {
        const world = new World()
        world.serverMetadata = { [name]: "http://as.test/endpoint" }
        const error = yield* Effect.flatMap(world.connect(), refused)
        assert.include(["RegistrationFailed", "TokenUnavailable"], error._tag)
        assert.isFalse(world.seen.some(({ url }) => url.startsWith("http:")))
      }
    }))
})
