import { AuthorizationServer, IssuerLookup } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Redacted, Ref } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import { now, outcome, resource } from "./harness.ts"

class TableDown extends Data.TaggedError("TableDown") {}

const issuers = ["https://id.test", "https://acme.test", "https://globex.test", "https://evil.test"] as const

/** A verifier that trusts one configured server, and the tenants in a table. */
const tenants = (capacity?: number) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now * 1000)
    const { client, providers } = yield* TestProvider.makeNetwork(...issuers.map((issuer) => ({ issuer })))
    const table = yield* Ref.make<ReadonlySet<string> | "down">(new Set(["https://acme.test", "https://globex.test"]))
    const asked = yield* Ref.make<ReadonlyArray<string>>([])
    const provide = Effect.provideService(HttpClient.HttpClient, client)
    const configured = yield* provide(AuthorizationServer.discover(issuers[0]))
    const verifier = IssuerLookup.make({
      capacity,
      lookup: (issuer) =>
        Effect.gen(function*() {
          yield* Ref.update(asked, (all) => [...all, issuer])
          const known = yield* Ref.get(table)
          if (known === "down") return yield* new TableDown()
          return known.has(issuer) ? AuthorizationServer.discover(issuer) : undefined
        })
    })
    const verify = yield* provide(verifier.make({ resource, authorizationServers: [configured] }))
    const [home, acme, globex, evil] = providers
    if (home === undefined || acme === undefined || globex === undefined || evil === undefined) return assert.fail()
    return { verify: (token: string) => verify(Redacted.make(token)), table, asked, home, acme, globex, evil }
  })

describe("a verifier that looks up issuers", () => {
  it.effect("accepts tokens of the configured server and of trusted tenants, each with its own keys", () =>
    Effect.gen(function*() {
      const { acme, asked, evil, globex, home, verify } = yield* tenants()
      assert.strictEqual(yield* outcome(verify(yield* home.mint())), "accepted")
      assert.deepStrictEqual(yield* Ref.get(asked), [])
      for (const tenant of [acme, globex, acme]) {
        assert.strictEqual((yield* verify(yield* tenant.mint())).issuer, tenant.issuer)
      }
      assert.strictEqual(yield* outcome(verify(yield* evil.mint())), "unknown-issuer iss")
      assert.strictEqual(yield* evil.count(), 0)
    }).pipe(Effect.scoped))

  it.effect("refuses a token that names a trusted issuer and has the key of another", () =>
    Effect.gen(function*() {
      const { acme, verify } = yield* tenants()
      yield* verify(yield* acme.mint())
      assert.strictEqual(yield* outcome(verify(yield* acme.mint({ forged: true }))), "bad-signature")
    }).pipe(Effect.scoped))

  it.effect("asks once for a thousand tokens at once, and fetches once", () =>
    Effect.gen(function*() {
      const { acme, asked, verify } = yield* tenants()
      const tokens = yield* Effect.forEach(Array.from({ length: 50 }), () => acme.mint())
      yield* Effect.forEach(tokens, (token) => verify(token), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* Ref.get(asked), [acme.issuer])
      assert.strictEqual(yield* acme.count("jwks"), 1)
    }).pipe(Effect.scoped))

  it.effect("does not ask again within 10 seconds for an issuer that is not trusted", () =>
    Effect.gen(function*() {
      const { asked, evil, table, verify } = yield* tenants()
      const token = yield* evil.mint()
      yield* outcome(verify(token))
      yield* outcome(verify(token))
      assert.strictEqual((yield* Ref.get(asked)).length, 1)
      yield* Ref.set(table, new Set([evil.issuer]))
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
    }).pipe(Effect.scoped))

  it.effect("refuses a tenant within 10 seconds after it is removed", () =>
    Effect.gen(function*() {
      const { acme, table, verify } = yield* tenants()
      const token = yield* acme.mint()
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* Ref.set(table, new Set())
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* outcome(verify(token)), "unknown-issuer iss")
    }).pipe(Effect.scoped))

  it.effect("answers 503 while the lookup fails, and asks again for the next token", () =>
    Effect.gen(function*() {
      const { acme, table, verify } = yield* tenants()
      yield* Ref.set(table, "down")
      const token = yield* acme.mint()
      assert.strictEqual((yield* Effect.flip(verify(token)))._tag, "VerificationUnavailable")
      yield* Ref.set(table, new Set([acme.issuer]))
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
    }).pipe(Effect.scoped))

  it.effect("keeps no more servers than its capacity", () =>
    Effect.gen(function*() {
      const { acme, globex, verify } = yield* tenants(1)
      for (let times = 0; times < 2; times++) {
        yield* verify(yield* acme.mint())
        yield* verify(yield* globex.mint())
      }
      assert.strictEqual(yield* acme.count("jwks"), 2)
      assert.strictEqual(yield* globex.count("jwks"), 2)
    }).pipe(Effect.scoped))

  it.effect("verifies opaque tokens as the configured method does, without a lookup", () =>
    Effect.gen(function*() {
      const { asked, verify } = yield* tenants()
      assert.strictEqual((yield* Effect.flip(verify("opaque")))._tag, "InvalidToken")
      assert.deepStrictEqual(yield* Ref.get(asked), [])
    }).pipe(Effect.scoped))
})
