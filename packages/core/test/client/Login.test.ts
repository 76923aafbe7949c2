import { ClientRegistration, Login } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { issuer, World } from "./world.ts"

const logIn = (world: World, options: Partial<Login.Options> = {}) =>
  Effect.provide(
    Login.logIn({ issuer, registration: ClientRegistration.dynamic({ clientName: "Test" }), ...options }),
    [world.http, world.userAgent]
  )

describe("a login without an MCP server", () => {
  it.effect("brings a token for the resource and the scopes, with PKCE", () =>
    Effect.gen(function*() {
      const world = new World()
      const resource = "https://api.test/other"
      const { accessToken, clientId, expiresAt, refreshToken, scopes } = yield* logIn(world, {
        resource,
        scopes: ["a", "b"]
      })
      assert.deepStrictEqual(
        [accessToken, refreshToken].map((token) => token === undefined ? token : Redacted.value(token)),
        ["s3cret-access-1", "s3cret-refresh-1"]
      )
      assert.deepStrictEqual([clientId, scopes, expiresAt], ["client1@as.test", ["a", "b"], 3_600_000])
      const [page] = world.pages
      const [request] = world.grants("authorization_code")
      assert.deepStrictEqual([page?.searchParams.get("resource"), request?.form.get("resource")], [resource, resource])
      const verifier = request?.form.get("code_verifier") ?? ""
      assert.match(verifier, /^[\w-]{43}$/)
      assert.strictEqual(
        page?.searchParams.get("code_challenge"),
        createHash("sha256").update(verifier).digest("base64url")
      )
    }))

  it.effect("sends no resource and no scope unless they are given, and asks nothing of an MCP server", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* logIn(world)
      const [page] = world.pages
      const [request] = world.grants("authorization_code")
      for (const params of [page?.searchParams, request?.form]) {
        assert.isFalse(params?.has("resource"))
        assert.isFalse(params?.has("scope"))
      }
      assert.deepStrictEqual([...new Set(world.seen.map(({ url }) => new URL(url).host))], ["as.test"])
    }))

  it.effect("registers for each login, and uses a client that is registered by hand", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* logIn(world)
      yield* logIn(world)
      assert.strictEqual(world.registrations, 2)
      const registration = ClientRegistration.preregistered({ issuer, clientId: "by-hand" })
      assert.strictEqual((yield* logIn(world, { registration })).clientId, "by-hand")
      assert.strictEqual(world.registrations, 2)
    }))

  const forged: ReadonlyArray<readonly [what: string, answer: Record<string, string>, reason: string]> = [
    ["a foreign state", { code: "evil", state: "forged", iss: issuer }, "state"],
    ["a foreign issuer", { code: "evil", iss: "https://evil.test" }, "issuer"],
    ["no issuer, although the metadata promises it", { code: "evil" }, "issuer"],
    ["an error", { error: "access_denied", iss: issuer }, "denied"]
  ]
  for (const [what, answer, reason] of forged) {
    it.effect(`fails for an answer with ${what}, and requests no token`, () =>
      Effect.gen(function*() {
        const world = new World()
        world.callback = (page) =>
          String(new URLSearchParams({ state: page.searchParams.get("state") ?? "", ...answer }))
        const error = yield* Effect.flip(logIn(world))
        assert.deepStrictEqual(
          error._tag === "AuthorizationRejected" ? error.reason : error._tag,
          reason
        )
        assert.deepStrictEqual(world.grants("authorization_code"), [])
      }))
  }

  it.effect("does not begin if the metadata has no PKCE, or the endpoint is no https URL", () =>
    Effect.gen(function*() {
      for (
        const serverMetadata of [
          { code_challenge_methods_supported: ["plain"] },
          { authorization_endpoint: "http://localhost/authorize" },
          { authorization_endpoint: "javascript:alert(1)" }
        ]
      ) {
        const world = new World()
        world.serverMetadata = serverMetadata
        const error = yield* Effect.flip(logIn(world))
        assert.deepStrictEqual([error._tag, world.pages, world.registrations], ["ServerRefused", [], 0])
      }
    }))
})
