import { AudiencePolicy, AuthorizationServer, ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import { claims, issuer, now, outcome } from "./harness.ts"

const resource = "https://api.test/mcp"
const foreign = "https://other.test/mcp"

const rows: ReadonlyArray<
  readonly [
    rule: string,
    policy: AudiencePolicy.AudiencePolicy,
    audience: ReadonlyArray<string>,
    accepted: boolean,
    claims?: Schema.JsonObject
  ]
> = [
  ["resource: ours is accepted", AudiencePolicy.resource, [resource], true],
  ["resource: ours among others is accepted", AudiencePolicy.resource, [foreign, resource], true],
  ["resource: another one is refused", AudiencePolicy.resource, [foreign], false],
  ["resource: none is refused", AudiencePolicy.resource, [], false],
  ["resource: one slash more is another", AudiencePolicy.resource, [`${resource}/`], false],
  ["resource: another case is another", AudiencePolicy.resource, ["https://API.test/mcp"], false],
  ["resource: a part of it is another", AudiencePolicy.resource, ["https://api.test"], false],
  ["resource: what begins with it is another", AudiencePolicy.resource, [`${resource}?x`], false],
  ["resource: a list in one string is another", AudiencePolicy.resource, [`${resource} ${foreign}`], false],
  ["exclusive: ours alone is accepted", AudiencePolicy.exclusive, [resource], true],
  ["exclusive: a foreign one does not ride along", AudiencePolicy.exclusive, [resource, foreign], false],
  ["exclusive: not even in front", AudiencePolicy.exclusive, [foreign, resource], false],
  ["exclusive: ours twice is accepted, as it is alone", AudiencePolicy.exclusive, [resource, resource], true],
  ["exclusive: none is refused", AudiencePolicy.exclusive, [], false],
  ["anyOf: one of them is accepted", AudiencePolicy.anyOf("api://a", "api://b"), ["api://b"], true],
  ["anyOf: the resource itself is refused", AudiencePolicy.anyOf("api://a"), [resource], false],
  ["anyOf: none is refused", AudiencePolicy.anyOf("api://a"), [], false],
  ["noneButClients: no audience and the client", AudiencePolicy.noneButClients("c"), [], true, { client_id: "c" }],
  ["noneButClients: azp names the client, too", AudiencePolicy.noneButClients("c"), [], true, { azp: "c" }],
  ["noneButClients: client_id comes before azp", AudiencePolicy.noneButClients("c"), [], false, {
    client_id: "other",
    azp: "c"
  }],
  ["noneButClients: one of several clients", AudiencePolicy.noneButClients("b", "c"), [], true, { client_id: "c" }],
  ["noneButClients: another client", AudiencePolicy.noneButClients("c"), [], false, { client_id: "d" }],
  ["noneButClients: no client", AudiencePolicy.noneButClients("c"), [], false],
  ["noneButClients: a client that is no string", AudiencePolicy.noneButClients("1"), [], false, { client_id: 1 }],
  ["noneButClients: an audience is refused", AudiencePolicy.noneButClients("c"), [foreign], false, { client_id: "c" }],
  ["noneButClients: even ours", AudiencePolicy.noneButClients("c"), [resource], false, { client_id: "c" }],
  ["acceptAnyUnsafe: another one is accepted", AudiencePolicy.acceptAnyUnsafe, [foreign], true],
  ["acceptAnyUnsafe: none is accepted", AudiencePolicy.acceptAnyUnsafe, [], true]
]

describe("AudiencePolicy", () => {
  for (const [rule, policy, audience, accepted, claims = {}] of rows) {
    it(`${rule}`, () => {
      assert.strictEqual(policy.accepts({ resource, audience, claims }), accepted)
    })
  }

  const forms: ReadonlyArray<readonly [rule: string, resource: string, audience: string, accepted: boolean]> = [
    ["with one slash more is the same", "https://h.test", "https://h.test/", true],
    ["with one slash less is the same", "https://h.test/", "https://h.test", true],
    ["as it stands is the same", "https://h.test/", "https://h.test/", true],
    ["with a port and one slash more is the same", "https://h.test:8443", "https://h.test:8443/", true],
    ["on loopback, with one slash more, is the same", "http://localhost:3000", "http://localhost:3000/", true],
    ["with two slashes more is another", "https://h.test", "https://h.test//", false],
    ["with another port is another", "https://h.test:8443", "https://h.test/", false],
    ["with the default port is another", "https://h.test", "https://h.test:443/", false],
    ["with the host in another case is another", "https://h.test", "https://H.test/", false],
    ["with the scheme in another case is another", "https://h.test", "HTTPS://h.test/", false],
    ["with another scheme is another", "https://h.test", "http://h.test/", false],
    ["with an empty query is another", "https://h.test", "https://h.test/?", false],
    ["with a fragment is another", "https://h.test", "https://h.test/#", false],
    ["with a query, and one slash more before it, is the same", "https://h.test?x=1", "https://h.test/?x=1", true],
    ["with a query, and one slash less before it, is the same", "https://h.test/?x=1", "https://h.test?x=1", true],
    ["with another query is another", "https://h.test?x=1", "https://h.test/?x=2", false],
    ["with a query that holds slashes is another", "https://h.test?x=1", "https://h.test?x=1/", false],
    ["with a path, and one slash more, is another", "https://h.test/mcp", "https://h.test/mcp/", false],
    ["with a path, and one slash less, is another", "https://h.test/mcp/", "https://h.test/mcp", false],
    ["is another than its host", "https://h.test/mcp", "https://h.test/", false],
    ["is another than a host that begins with it", "https://h.test", "https://h.test.evil.test/", false]
  ]
  it("exclusive: both forms of a resource without a path are one audience", () => {
    const accepts = (...audience: ReadonlyArray<string>) =>
      AudiencePolicy.exclusive.accepts({ resource: "https://h.test", audience, claims: {} })
    assert.isTrue(accepts("https://h.test", "https://h.test/"))
    assert.isFalse(accepts("https://h.test", "https://h.test/", "https://other.test"))
  })

  for (const [rule, resource, audience, accepted] of forms) {
    for (const policy of [AudiencePolicy.resource, AudiencePolicy.exclusive]) {
      it(`${policy.name}: the resource ${resource} ${rule}: ${audience}`, () => {
        assert.strictEqual(policy.accepts({ resource, audience: [audience], claims: {} }), accepted)
      })
    }
  }

  const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))
  for (const root of ["https://h.test", "https://h.test/"]) {
    for (const aud of ["https://h.test", "https://h.test/", ["https://other.test", "https://h.test/"]]) {
      const methods: Readonly<Record<string, TokenVerifier.Method>> = {
        jwt: TokenVerifier.jwt(),
        introspection: TokenVerifier.introspection({ authentication }),
        custom: TokenVerifier.custom(() => Effect.succeed({ ...claims, aud }))
      }
      for (const [name, method] of Object.entries(methods)) {
        it.effect(`${name}: a token for ${JSON.stringify(aud)} is accepted by the resource ${root}`, () =>
          Effect.gen(function*() {
            yield* TestClock.setTime(now * 1000)
            const provider = yield* TestProvider.TestProvider
            const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
            const verify = yield* method.make({ resource: root, authorizationServers: [server] })
            const token = Redacted.make(yield* provider.mint({ claims: { aud } }))
            assert.strictEqual(yield* elapse(outcome(verify(token))), "accepted")
          }).pipe(Effect.provide(TestProvider.layer())))
      }
    }
  }

  it("a policy of one's own reads claims", () => {
    const tenant = AudiencePolicy.make({
      name: "tenant",
      expects: () => "the tenant 1",
      accepts: ({ claims }) => claims["tid"] === 1
    })
    assert.isTrue(tenant.accepts({ resource, audience: [], claims: { tid: 1 } }))
    assert.isFalse(tenant.accepts({ resource, audience: [resource], claims: { tid: 2 } }))
  })

  it("says in words what is expected", () => {
    assert.strictEqual(AudiencePolicy.resource.expects(resource), `"${resource}"`)
    assert.strictEqual(AudiencePolicy.resource.expects("https://h.test"), "\"https://h.test\" or \"https://h.test/\"")
    assert.strictEqual(AudiencePolicy.resource.expects("https://h.test/"), "\"https://h.test\" or \"https://h.test/\"")
    assert.strictEqual(AudiencePolicy.exclusive.expects(resource), `"${resource}" alone`)
    assert.strictEqual(AudiencePolicy.anyOf("a", "b").expects(resource), "\"a\" or \"b\"")
    assert.include(AudiencePolicy.noneButClients("c").expects(resource), "\"c\"")
  })
})
