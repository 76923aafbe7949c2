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
  ["resource: accepts the configured resource", AudiencePolicy.resource, [resource], true],
  [
    "resource: accepts a list that contains the configured resource",
    AudiencePolicy.resource,
    [foreign, resource],
    true
  ],
  ["resource: refuses another resource", AudiencePolicy.resource, [foreign], false],
  ["resource: refuses an absent audience", AudiencePolicy.resource, [], false],
  ["resource: refuses an additional slash after a path", AudiencePolicy.resource, [`${resource}/`], false],
  ["resource: refuses another case", AudiencePolicy.resource, ["https://API.test/mcp"], false],
  ["resource: refuses a prefix of the resource", AudiencePolicy.resource, ["https://api.test"], false],
  ["resource: refuses a longer URL that begins with the resource", AudiencePolicy.resource, [`${resource}?x`], false],
  [
    "resource: refuses a list that is written as one string",
    AudiencePolicy.resource,
    [`${resource} ${foreign}`],
    false
  ],
  ["exclusive: accepts the resource alone", AudiencePolicy.exclusive, [resource], true],
  ["exclusive: refuses a second audience after the resource", AudiencePolicy.exclusive, [resource, foreign], false],
  ["exclusive: refuses a second audience before the resource", AudiencePolicy.exclusive, [foreign, resource], false],
  ["exclusive: accepts the resource listed twice", AudiencePolicy.exclusive, [resource, resource], true],
  ["exclusive: refuses an absent audience", AudiencePolicy.exclusive, [], false],
  ["anyOf: accepts one of the configured audiences", AudiencePolicy.anyOf("api://a", "api://b"), ["api://b"], true],
  ["anyOf: refuses the resource if it is not configured", AudiencePolicy.anyOf("api://a"), [resource], false],
  ["anyOf: refuses an absent audience", AudiencePolicy.anyOf("api://a"), [], false],
  [
    "noneButClients: accepts an absent audience with the configured client",
    AudiencePolicy.noneButClients("c"),
    [],
    true,
    { client_id: "c" }
  ],
  ["noneButClients: accepts azp as the client", AudiencePolicy.noneButClients("c"), [], true, { azp: "c" }],
  ["noneButClients: prefers client_id to azp", AudiencePolicy.noneButClients("c"), [], false, {
    client_id: "other",
    azp: "c"
  }],
  ["noneButClients: accepts one of several clients", AudiencePolicy.noneButClients("b", "c"), [], true, {
    client_id: "c"
  }],
  ["noneButClients: refuses another client", AudiencePolicy.noneButClients("c"), [], false, { client_id: "d" }],
  ["noneButClients: refuses an absent client", AudiencePolicy.noneButClients("c"), [], false],
  ["noneButClients: refuses a client that is not a string", AudiencePolicy.noneButClients("1"), [], false, {
    client_id: 1
  }],
  ["noneButClients: refuses any audience", AudiencePolicy.noneButClients("c"), [foreign], false, { client_id: "c" }],
  ["noneButClients: refuses even the resource as audience", AudiencePolicy.noneButClients("c"), [resource], false, {
    client_id: "c"
  }],
  ["acceptAnyUnsafe: accepts another resource", AudiencePolicy.acceptAnyUnsafe, [foreign], true],
  ["acceptAnyUnsafe: accepts an absent audience", AudiencePolicy.acceptAnyUnsafe, [], true]
]

describe("AudiencePolicy", () => {
  for (const [rule, policy, audience, accepted, claims = {}] of rows) {
    it(`${rule}`, () => {
      assert.strictEqual(policy.accepts({ resource, audience, claims }), accepted)
    })
  }

  const forms: ReadonlyArray<readonly [rule: string, resource: string, audience: string, accepted: boolean]> = [
    ["matches with an additional slash", "https://h.test", "https://h.test/", true],
    ["matches without its slash", "https://h.test/", "https://h.test", true],
    ["matches as it stands", "https://h.test/", "https://h.test/", true],
    ["with a port matches with an additional slash", "https://h.test:8443", "https://h.test:8443/", true],
    ["on loopback matches with an additional slash", "http://localhost:3000", "http://localhost:3000/", true],
    ["differs with two additional slashes", "https://h.test", "https://h.test//", false],
    ["differs with another port", "https://h.test:8443", "https://h.test/", false],
    ["differs with the default port written out", "https://h.test", "https://h.test:443/", false],
    ["differs with the host in another case", "https://h.test", "https://H.test/", false],
    ["differs with the scheme in another case", "https://h.test", "HTTPS://h.test/", false],
    ["differs with another scheme", "https://h.test", "http://h.test/", false],
    ["differs with an empty query", "https://h.test", "https://h.test/?", false],
    ["differs with a fragment", "https://h.test", "https://h.test/#", false],
    [
      "with a query matches with an additional slash before the query",
      "https://h.test?x=1",
      "https://h.test/?x=1",
      true
    ],
    ["with a query matches without the slash before the query", "https://h.test/?x=1", "https://h.test?x=1", true],
    ["differs with another query", "https://h.test?x=1", "https://h.test/?x=2", false],
    ["differs with a slash inside the query", "https://h.test?x=1", "https://h.test?x=1/", false],
    ["with a path differs with an additional slash", "https://h.test/mcp", "https://h.test/mcp/", false],
    ["with a path differs without its slash", "https://h.test/mcp/", "https://h.test/mcp", false],
    ["with a path differs from its host alone", "https://h.test/mcp", "https://h.test/", false],
    ["differs from a longer host that begins with it", "https://h.test", "https://h.test.evil.test/", false]
  ]
  it("exclusive: both forms of a resource without a path count as one audience", () => {
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

  it("a custom policy reads the claims", () => {
    const tenant = AudiencePolicy.make({
      name: "tenant",
      expects: () => "the tenant 1",
      accepts: ({ claims }) => claims["tid"] === 1
    })
    assert.isTrue(tenant.accepts({ resource, audience: [], claims: { tid: 1 } }))
    assert.isFalse(tenant.accepts({ resource, audience: [resource], claims: { tid: 2 } }))
  })

  it("a policy describes the expected audience in words", () => {
    assert.strictEqual(AudiencePolicy.resource.expects(resource), `"${resource}"`)
    assert.strictEqual(AudiencePolicy.resource.expects("https://h.test"), "\"https://h.test\" or \"https://h.test/\"")
    assert.strictEqual(AudiencePolicy.resource.expects("https://h.test/"), "\"https://h.test\" or \"https://h.test/\"")
    assert.strictEqual(AudiencePolicy.exclusive.expects(resource), `"${resource}" alone`)
    assert.strictEqual(AudiencePolicy.anyOf("a", "b").expects(resource), "\"a\" or \"b\"")
    assert.include(AudiencePolicy.noneButClients("c").expects(resource), "\"c\"")
  })
})
