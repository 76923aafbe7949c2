import { AudiencePolicy } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import type { Schema } from "effect"

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
  ["exclusive: ours twice is refused", AudiencePolicy.exclusive, [resource, resource], false],
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
    assert.strictEqual(AudiencePolicy.exclusive.expects(resource), `"${resource}" alone`)
    assert.strictEqual(AudiencePolicy.anyOf("a", "b").expects(resource), "\"a\" or \"b\"")
    assert.include(AudiencePolicy.noneButClients("c").expects(resource), "\"c\"")
  })
})
