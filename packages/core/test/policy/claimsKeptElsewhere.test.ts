import { Policy, PolicyDeclaration } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { protectProduct } from "../presets/protectProduct.ts"

/** A user with more groups than a token of Entra ID may list. */
const overage = {
  groups: undefined,
  roles: undefined,
  _claim_names: { groups: "src1" },
  _claim_sources: { src1: { endpoint: "https://graph.example.com/users/1/getMemberObjects" } }
}

const { allOf, anyOf, authenticated, not, role } = Policy
const inGroups = { at: [["groups"]] } as const
const groups = Schema.Struct({ groups: Schema.Array(Schema.String) })
const isBlocked = Policy.claim(groups, ({ groups }) => groups.includes("blocked"), "blocked")
const declared = PolicyDeclaration.toPolicy({ not: { claim: ["groups"], equals: ["blocked"] } })

type Claims = Readonly<Record<string, Schema.Json | undefined>>

// OpenID Connect Core, section 5.6.2.
describe("claims that the provider keeps elsewhere", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, policy: Policy.Policy, claims: Claims, permitted: boolean]
  > = [
    ["may have a group that must be absent", not(role("blocked")), overage, false],
    ["may have a group that must be absent at a path", not(role("blocked", inGroups)), overage, false],
    ["may have a group of a schema that must be absent", not(isBlocked), overage, false],
    ["may have a declared group that must be absent", declared, overage, false],
    ["do not grant a group", role("staff"), overage, false],
    ["do not satisfy a schema", isBlocked, overage, false],
    ["do not grant a group by a double negation", not(not(role("staff"))), overage, false],
    ["decide nothing beside another reason", anyOf(authenticated, not(role("blocked"))), overage, true],
    ["refuse all parts together", allOf(authenticated, not(role("blocked"))), overage, false],
    ["do not hide a role that is in the token", role("staff"), { ...overage, roles: ["staff"] }, true],
    ["matter only if they are the ones asked for", not(role("blocked", { at: [["wids"]] })), overage, true],
    ["may be announced by hasgroups", not(role("blocked")), { groups: undefined, hasgroups: true }, false],
    ["may be announced by hasgroups as a text", not(role("blocked")), { groups: undefined, hasgroups: "true" }, false],
    ["are none if the names are empty", not(role("blocked")), { ...overage, _claim_names: {} }, true],
    ["are none if the token lists the groups", not(role("blocked")), { groups: ["staff"] }, true],
    ["are none for a schema if the token lists the groups", not(isBlocked), { groups: ["staff"] }, true]
  ]
  for (const [rule, policy, claims, permitted] of rows) {
    it.effect(`${rule}: ${String(policy)}`, () =>
      Effect.gen(function*() {
        const { callerOf } = yield* protectProduct("entra")
        const decision = yield* Policy.evaluate(policy, yield* callerOf("access", claims))
        assert.strictEqual(decision.permitted, permitted)
      }).pipe(Effect.scoped))
  }
})
