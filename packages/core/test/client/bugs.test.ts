/** Mistakes that other OAuth clients of MCP have made, each with the public report. */
import { ClientAuthentication, ClientRegistration, Grant } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { elapse, settled } from "../time.ts"
import { issuer, json, post, refused, server, sharedStore, World } from "./world.ts"

const all = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.all(Array.from({ length: count }, () => effect), { concurrency: "unbounded" })

describe("mistakes of other clients that this one does not make", () => {
  it.effect("1. concurrent 401s never spend a rotating refresh token twice (typescript-sdk#1760)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      assert.deepStrictEqual([...new Set(yield* all(100, post(oauth)))], [200])
      assert.deepStrictEqual(
        [world.pages.length, world.registrations, world.grants("authorization_code").length],
        [1, 1, 1]
      )
      world.expire()
      assert.deepStrictEqual([...new Set(yield* all(100, post(oauth)))], [200])
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length, world.reuse], [1, 1, 0])
    }))

  it.effect("2. clients that share a store refresh once (opencode#49439)", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const clients = yield* Effect.all(Array.from({ length: 5 }, () => world.connect({}, store)))
      const [first] = clients
      if (first !== undefined) yield* post(first)
      for (let round = 0; round < 20; round++) {
        world.expire()
        const statuses = yield* Effect.all(clients.map((client) => post(client)), { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(statuses)], [200])
      }
      assert.deepStrictEqual([world.pages.length, world.reuse, world.grants("refresh_token").length], [1, 0, 20])
    }))

  it.effect("3. tokens outlive the program with their expiry, and the user does not log in again (python-sdk#1318)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.expiresIn = 100
      const store = yield* sharedStore
      yield* Effect.scoped(Effect.flatMap(world.connect({}, store), post))
      yield* TestClock.adjust("91 seconds")
      const oauth = yield* world.connect({}, store)
      assert.strictEqual(yield* post(oauth), 200)
      // Refreshed ahead of time, so the server has not refused the old one.
      assert.strictEqual(world.seen.filter(({ url }) => url === server).length, 3)
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
    }))

  it.effect("4. the resource is sent as the metadata writes it, without a slash of its own (typescript-sdk#1968)", () =>
    Effect.gen(function*() {
      for (const resource of ["https://api.test", "https://api.test/", server]) {
        const world = new World()
        world.resource = resource
        const oauth = yield* world.connect()
        yield* post(oauth)
        world.expire()
        yield* post(oauth)
        const sent = [
          world.pages[0]?.searchParams.get("resource"),
          ...world.seen.flatMap(({ form, url }) => url.endsWith("/token") ? [form.get("resource")] : [])
        ]
        assert.deepStrictEqual(sent, [resource, resource, resource])
      }
    }))

  it.effect("5. a step-up asks the user for the union of scopes, and does not refresh (typescript-sdk#2255)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.forbidden = { error: "insufficient_scope", scope: "notes:write" }
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.grants("refresh_token").length, 0)
      assert.strictEqual(world.pages[1]?.searchParams.get("scope"), "notes:read offline_access notes:write")
    }))

  it.effect("6. a 403 for another reason is the caller's (python-sdk#1602)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      for (const error of ["access_denied", "invalid_token", ""]) {
        world.forbidden = { error, scope: "notes:write" }
        assert.strictEqual(yield* post(oauth), 403)
      }
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 0])
    }))

  it.effect("7. a decoy in another challenge is not read (python-sdk#3009)", () =>
    Effect.gen(function*() {
      // The world sends one with every 401.
      const world = new World()
      yield* Effect.flatMap(world.connect(), post)
      assert.strictEqual(world.pages[0]?.searchParams.get("scope"), "notes:read offline_access")
    }))

  it.effect("8. a refresh sends the resource (codex#33403)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.expire()
      yield* post(oauth)
      assert.deepStrictEqual(world.grants("refresh_token").map(({ form }) => form.get("resource")), [server])
    }))

  it.effect("9. no URL is opened that is not https (CVE-2025-6514, codex#37077)", () =>
    Effect.gen(function*() {
      for (
        const endpoint of [
          "file:///etc/passwd",
          "javascript:alert(1)",
          "http://as.test/authorize",
          "http://127.0.0.1/authorize",
          "ms-search:query=x",
          "https:/as.test/authorize",
          "https://as.test\\@evil.test/authorize",
          "\"https://as.test/authorize\" & calc.exe"
        ]
      ) {
        const world = new World()
        world.serverMetadata = { authorization_endpoint: endpoint }
        assert.strictEqual((yield* Effect.flatMap(world.connect(), refused))._tag, "ServerRefused", endpoint)
        assert.deepStrictEqual([world.pages.length, world.registrations], [0, 0])
      }
    }))

  it.effect("10. a server that refuses every token does not open page after page (mcp-remote#68)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      world.override = ({ url }) => url === server ? json(401, {}, { "www-authenticate": "Bearer" }) : undefined
      const outcomes: Array<string | number> = []
      for (let call = 0; call < 20; call++) {
        outcomes.push(yield* Effect.catch(post(oauth), (error) => Effect.succeed(error._tag)))
      }
      assert.deepStrictEqual([...new Set(outcomes)], [401, "LoginRequired"])
      assert.strictEqual(world.pages.length, 5)
      // One request opens one page at most.
      assert.strictEqual(outcomes.filter((one) => one === 401).length, 5)
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(yield* post(oauth), 401)
      assert.strictEqual(world.pages.length, 6)
    }))

  it.effect("11. a long response blocks no other request (hermes-agent#93562)", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect()
      yield* post(oauth)
      const stream = new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } })
      world.override = ({ body, url }) => url === server && body === "long" ? stream : undefined
      const long = yield* Effect.forkChild(
        Effect.flatMap(
          oauth.client.execute(HttpClientRequest.post(server).pipe(HttpClientRequest.bodyText("long"))),
          (response) => response.text
        )
      )
      yield* settled
      assert.strictEqual(long.pollUnsafe(), undefined)
      world.expire()
      assert.deepStrictEqual(yield* all(3, post(oauth)), [200, 200, 200])
      yield* Fiber.interrupt(long)
    }))

  it.effect("12. a dead registration is renewed once, also for other scopes and another redirect (supabase/mcp#355)", () =>
    Effect.gen(function*() {
      const deaths: ReadonlyArray<(world: World) => void> = [
        (world) => {
          world.override = ({ form, url }) =>
            url.endsWith("/token") && form.get("client_id") === "client1@as.test"
              ? json(401, { error: "invalid_client" })
              : undefined
        },
        (world) => {
          const usual = world.callback
          world.callback = (page) =>
            page.searchParams.get("client_id") === "client1@as.test"
              ? `error=invalid_scope&state=${page.searchParams.get("state")}&iss=${encodeURIComponent(issuer)}`
              : usual(page)
        },
        (world) => {
          world.redirectUri = "http://127.0.0.1:40000/callback"
        }
      ]
      for (const die of deaths) {
        const world = new World()
        const store = yield* sharedStore
        const oauth = yield* world.connect({}, store)
        yield* post(oauth)
        yield* oauth.logout
        die(world)
        assert.strictEqual(yield* post(oauth), 200)
        assert.strictEqual(world.registrations, 2)
        yield* oauth.logout
        assert.strictEqual(yield* post(oauth), 200)
        assert.strictEqual(world.registrations, 2)
      }
    }))

  it.effect("12b. after a login from which the user does not come back, the next one registers anew", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const oauth = yield* world.connect({}, store)
      yield* post(oauth)
      yield* oauth.logout
      world.thinks = "1000 seconds"
      const error = yield* elapse(refused(oauth))
      assert.strictEqual(error._tag === "UserAgentFailed" && error.reason, "no-answer")
      world.thinks = "0 seconds"
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.registrations, 2)
    }))

  it.effect("13. a pre-registered client is not replaced after invalid_client (vercel/ai#21020)", () =>
    Effect.gen(function*() {
      const world = new World()
      const authentication = ClientAuthentication.clientSecretPost("by-hand", Redacted.make("s3cret-client"))
      const oauth = yield* world.connect({
        grant: Grant.authorizationCode({
          registration: ClientRegistration.firstOf(
            ClientRegistration.preregistered({ issuer, clientId: "by-hand", authentication }),
            ClientRegistration.dynamic({ clientName: "test" })
          )
        })
      })
      world.override = ({ url }) => url.endsWith("/token") ? json(401, { error: "invalid_client" }) : undefined
      for (let call = 0; call < 2; call++) {
        const error = yield* refused(oauth)
        assert.strictEqual(error._tag === "TokenRefused" && error.error, "invalid_client")
      }
      world.override = () => undefined
      assert.strictEqual(yield* post(oauth), 200)
      assert.deepStrictEqual([...new Set(world.pages.map((page) => page.searchParams.get("client_id")))], ["by-hand"])
      assert.strictEqual(world.registrations, 0)
    }))

  it.effect("14. offline_access is requested only where it is offered (claude-code#41610)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.serverMetadata = { scopes_supported: ["notes:read"] }
      yield* Effect.flatMap(world.connect(), post)
      assert.strictEqual(world.pages[0]?.searchParams.get("scope"), "notes:read")
      assert.isFalse(world.pages[0]?.searchParams.has("prompt"))
      const other = new World()
      yield* Effect.flatMap(other.connect(), post)
      assert.strictEqual(other.pages[0]?.searchParams.get("prompt"), "consent")
    }))
})
