import { AuthorizationServer, IssuerLookup, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Data, Effect, Fiber, Layer, Redacted, Ref, Schema } from "effect"
import { HttpServerRequest } from "effect/http"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import { claims, compact, makeEd25519, now, outcome, resource, signer } from "./harness.ts"

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

  it.effect("never interrupts a request to make room for the server of another tenant", () =>
    Effect.gen(function*() {
      const { acme, globex, verify } = yield* tenants(1)
      const tokens = yield* Effect.forEach(Array.from({ length: 10 }), () => Effect.all([acme.mint(), globex.mint()]))
      const outcomes = yield* Effect.forEach(tokens.flat(), (token) => outcome(verify(token)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(outcomes), new Set(["accepted"]))
    }).pipe(Effect.scoped))

  it.effect("verifies opaque tokens as the configured method does, without a lookup", () =>
    Effect.gen(function*() {
      const { asked, verify } = yield* tenants()
      assert.strictEqual((yield* Effect.flip(verify("opaque")))._tag, "InvalidToken")
      assert.deepStrictEqual(yield* Ref.get(asked), [])
    }).pipe(Effect.scoped))
})

const [first, second] = [makeEd25519(), makeEd25519()]

/** A tenant whose key is in the table of the tenants. */
const tenantWith = ({ jwk }: typeof first) =>
  AuthorizationServer.make({ type: "oauth", metadata: { issuer: issuers[1] }, keys: { keys: [{ ...jwk, kid: "1" }] } })

const tokenBy = (key: typeof first) =>
  compact({ alg: "EdDSA", typ: "at+jwt", kid: "1" }, { ...claims, iss: issuers[1] }, signer(key, "EdDSA"))

type Lookup = IssuerLookup.Options<unknown, HttpClient.HttpClient, HttpClient.HttpClient, unknown>["lookup"]

/** A protected resource that trusts one configured server, and the issuers of a lookup. */
const protectedBy = Effect.fnUntraced(function*(lookup: Lookup) {
  yield* TestClock.setTime(now * 1000)
  const { client } = yield* TestProvider.makeNetwork({ issuer: issuers[0] })
  const layer = McpAuth.layer({
    resource,
    authorizationServers: [AuthorizationServer.discover(issuers[0])],
    verifier: IssuerLookup.make({ lookup })
  }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  const { authenticate } = yield* Effect.flatMap(
    Layer.build(layer),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )
  const send = (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
  return (token: string) =>
    Effect.match(send(token), {
      onSuccess: () => "accepted",
      onFailure: (error) => error._tag === "InvalidToken" ? error.reason : error._tag
    })
})

describe("the server of a tenant", () => {
  it.effect("is created anew when the tenant is trusted again after it was refused", () =>
    Effect.gen(function*() {
      const table = yield* Ref.make<ReturnType<typeof tenantWith> | undefined>(tenantWith(first))
      const outcomeOf = yield* protectedBy(() => Ref.get(table))
      assert.strictEqual(yield* outcomeOf(tokenBy(first)), "accepted")
      yield* Ref.set(table, undefined)
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* outcomeOf(tokenBy(first)), "unknown-issuer")
      yield* Ref.set(table, tenantWith(second))
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* outcomeOf(tokenBy(first)), "bad-signature")
      assert.strictEqual(yield* outcomeOf(tokenBy(second)), "accepted")
    }).pipe(Effect.scoped))

  it.effect("is created anew within 10 seconds after its version changes, also if no token arrived in between", () =>
    Effect.gen(function*() {
      const table = yield* Ref.make({ server: tenantWith(first), version: "1" })
      const outcomeOf = yield* protectedBy(() => Ref.get(table))
      assert.strictEqual(yield* outcomeOf(tokenBy(first)), "accepted")
      yield* Ref.set(table, { server: tenantWith(second), version: "2" })
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* outcomeOf(tokenBy(first)), "bad-signature")
      assert.strictEqual(yield* outcomeOf(tokenBy(second)), "accepted")
    }).pipe(Effect.scoped))

  it.effect("is kept while its version stays the same", () =>
    Effect.gen(function*() {
      const created = yield* Ref.make(0)
      const server = Effect.andThen(Ref.update(created, (times) => times + 1), tenantWith(first))
      const outcomeOf = yield* protectedBy(() => Effect.succeed({ server, version: "1" }))
      for (let times = 0; times < 3; times++) {
        assert.strictEqual(yield* outcomeOf(tokenBy(first)), "accepted")
        yield* TestClock.adjust("11 seconds")
      }
      assert.strictEqual(yield* Ref.get(created), 1)
    }).pipe(Effect.scoped))

  class Table extends Context.Service<Table, string>()("@effect-mcp-auth/core/test/token/IssuerLookup.test/Table") {}

  it.effect("is looked up, created and fetched with the services of the verifier, and not with those of a request", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const { client, providers: [, acme] } = yield* TestProvider.makeNetwork(
        { issuer: issuers[0] },
        { issuer: issuers[1] }
      )
      if (acme === undefined) return assert.fail()
      const used = yield* Ref.make<ReadonlyArray<string>>([])
      const use = (name: string) => Ref.update(used, (all) => [...all, name])
      const named = (name: string) =>
        Context.make(HttpClient.HttpClient, HttpClient.tapRequest(client, () => use(`client of the ${name}`))).pipe(
          Context.add(Table, `table of the ${name}`)
        )
      const create = Effect.andThen(Effect.flatMap(Table, use), AuthorizationServer.discover(acme.issuer))
      const { authenticate } = yield* Effect.flatMap(
        Layer.build(
          McpAuth.layer({
            resource,
            authorizationServers: [AuthorizationServer.discover(issuers[0])],
            verifier: IssuerLookup.make({ lookup: () => Effect.as(Effect.flatMap(Table, use), create) })
          }).pipe(Layer.provide(Layer.succeedContext(named("verifier"))))
        ),
        (context) => Effect.provide(McpAuth.McpAuth, context)
      )
      const headers = { authorization: `Bearer ${yield* acme.mint()}` }
      const answer = authenticate(HttpServerRequest.fromWeb(new Request(resource, { headers })))
      yield* Effect.provideContext(answer, named("request"))
      assert.deepStrictEqual(yield* Ref.get(used), [
        "table of the verifier",
        "table of the verifier",
        "client of the verifier",
        "client of the verifier"
      ])
    }).pipe(Effect.scoped))

  class TableDown extends Schema.TaggedError<TableDown>()("TableDown", {}) {}

  const outages: ReadonlyArray<readonly [rule: string, lookup: Lookup]> = [
    ["the lookup fails", () => Effect.fail(new TableDown())],
    ["the lookup has a defect", () => Effect.die("bug")],
    ["the lookup throws", () => {
      // The function of a user may throw.
      throw new TypeError("bug")
    }],
    ["the lookup never ends", () => Effect.never],
    ["the server cannot be created", () => Effect.succeed(Effect.fail(new TableDown()))],
    ["the creation has a defect", () => Effect.succeed(Effect.die("bug"))],
    ["the creation never ends", () => Effect.succeed(Effect.never)],
    [
      "its keys have a defect",
      () =>
        Effect.succeed(
          AuthorizationServer.make({ type: "oauth", metadata: { issuer: issuers[1] }, keys: Effect.die("bug") })
        )
    ],
    [
      "its keys never end",
      () =>
        Effect.succeed(
          AuthorizationServer.make({ type: "oauth", metadata: { issuer: issuers[1] }, keys: Effect.never })
        )
    ]
  ]
  for (const [rule, failing] of outages) {
    it.effect(`makes its tokens unverifiable, and not invalid, while ${rule}, and is created when that ends`, () =>
      Effect.gen(function*() {
        const isDown = yield* Ref.make(true)
        const outcomeOf = yield* protectedBy((issuer) =>
          Effect.flatMap(Ref.get(isDown), (isDown) => isDown ? failing(issuer) : Effect.succeed(tenantWith(first)))
        )
        const waiting = yield* Effect.forkChild(Effect.all([outcomeOf(tokenBy(first)), outcomeOf(tokenBy(first))]))
        // A limit starts when the effect before it has ended.
        for (let times = 0; times < 5; times++) yield* TestClock.adjust("20 seconds")
        assert.deepStrictEqual(yield* Fiber.join(waiting), ["VerificationUnavailable", "VerificationUnavailable"])
        yield* Ref.set(isDown, false)
        yield* TestClock.adjust("1 minute")
        if (!rule.startsWith("its keys")) assert.strictEqual(yield* outcomeOf(tokenBy(first)), "accepted")
      }).pipe(Effect.scoped))
  }
})

describe("issuers that are looked up beside servers with verifiers of their own", () => {
  const [main, own, tenant] = ["https://id.test", "https://own.test", "https://acme.test"] as const

  const rows: ReadonlyArray<
    readonly [rule: string, servers: ReadonlyArray<"main" | "own">, wrap: (lookup: Lookup) => TokenVerifier.Method]
  > = [
    ["are accepted beside such a server and another one", ["main", "own"], (lookup) => IssuerLookup.make({ lookup })],
    ["are accepted beside such a server alone", ["own"], (lookup) => IssuerLookup.make({ lookup })],
    [
      "are accepted as a part of several methods",
      ["own"],
      (lookup) =>
        TokenVerifier.firstOf(
          TokenVerifier.custom(() => Effect.succeed(undefined), { handles: (token) => token.startsWith("key_") }),
          IssuerLookup.make({ lookup })
        )
    ]
  ]
  for (const [rule, configured, wrap] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now * 1000)
        const { client, providers } = yield* TestProvider.makeNetwork(
          { issuer: main },
          { issuer: own },
          { issuer: tenant },
          { issuer: "https://evil.test" }
        )
        const asked = yield* Ref.make<ReadonlyArray<string>>([])
        const servers = {
          main: AuthorizationServer.discover(main),
          own: {
            authorizationServer: AuthorizationServer.discover(own),
            verifier: TokenVerifier.jwt({ typ: "rfc9068" })
          }
        }
        const layer = McpAuth.layer({
          resource,
          authorizationServers: configured.map((name) => servers[name]),
          verifier: wrap((issuer) =>
            Effect.as(
              Ref.update(asked, (all) => [...all, issuer]),
              issuer === tenant ? AuthorizationServer.discover(issuer) : undefined
            )
          )
        }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
        const { authenticate } = yield* Effect.flatMap(
          Layer.build(layer),
          (context) => Effect.provide(McpAuth.McpAuth, context)
        )
        const outcomes: Array<string> = []
        for (const provider of providers) {
          for (const typ of ["at+jwt", "JWT"]) {
            const authorization = `Bearer ${yield* provider.mint({ header: { typ } })}`
            const request = HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization } }))
            outcomes.push(
              yield* Effect.match(authenticate(request), {
                onSuccess: () => "accepted",
                onFailure: (error) => error._tag === "InvalidToken" ? error.reason : error._tag
              })
            )
          }
        }
        const isMain = configured.includes("main")
        assert.deepStrictEqual(outcomes, [
          ...isMain ? ["accepted", "accepted"] : ["unknown-issuer", "unknown-issuer"],
          // The rules of its own verifier apply to this server, and no lookup replaces them.
          "accepted",
          "not-an-access-token",
          "accepted",
          "accepted",
          "unknown-issuer",
          "unknown-issuer"
        ])
        assert.notInclude(yield* Ref.get(asked), own)
      }).pipe(Effect.scoped))
  }
})
