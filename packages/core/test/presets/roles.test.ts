import { McpAuth, Policy } from "@effect-mcp-auth/core"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, type Schema } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { protectProduct, resource } from "./protectProduct.ts"

type Info = Effect.Success<ReturnType<Effect.Success<ReturnType<typeof protectProduct>>["authenticate"]>>

const requestWith = (token: string) =>
  HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))

const isPermitted = (role: string, info: Info) =>
  Effect.map(Policy.evaluate(Policy.role(role), info), ({ permitted }) => permitted)

/** Roles in every claim that `Policy.role` reads without a preset. */
const elsewhere = {
  realm_access: { roles: ["outsider"] },
  roles: ["outsider"],
  "cognito:groups": ["outsider"],
  permissions: ["outsider"]
}

describe("the roles of presets", () => {
  for (const name of TestProvider.products) {
    it.effect(`are read from the claims of the preset alone: ${name}`, () =>
      Effect.gen(function*() {
        const { callerOf, preset, product } = yield* protectProduct(name)
        const settings = Result.getOrThrow(preset.settings)
        if (settings.roles === undefined) return
        const own = new Set(new Set<string>(settings.roles.map((claim) => ("path" in claim ? claim.path : claim)[0])))
        const others = Object.fromEntries(Object.entries(elsewhere).filter(([claim]) => !own.has(claim)))
        const info = yield* callerOf("access", others)
        assert.isDefined(info.roles, "a method of the preset reads them, too")
        assert.isFalse(yield* isPermitted("outsider", info))
        for (const role of product.expected.roles) assert.isTrue(yield* isPermitted(role, info), role)
      }).pipe(Effect.scoped))
  }

  const project = (id: string) => `urn:zitadel:iam:org:project:${id}:roles`
  const zitadel: ReadonlyArray<
    readonly [what: string, claims: Record<string, Schema.Json>, role: string, is: boolean]
  > = [
    ["two roles", { [project("170079991923474689")]: { a: { 1: "x" }, b: { 2: "y" } } }, "b", true],
    ["another project", { [project("170000000000000001")]: { admin: { 1: "x" } } }, "admin", false],
    ["the project of the request", { "urn:zitadel:iam:org:project:roles": { admin: { 1: "x" } } }, "admin", false],
    ["a role that was withdrawn", { [project("170079991923474689")]: { admin: null } }, "admin", false],
    [
      "an organization instead of a role",
      { [project("170079991923474689")]: { a: { admin: "admin" } } },
      "admin",
      false
    ]
  ]
  for (const [what, claims, role, is] of zitadel) {
    it.effect(`of ZITADEL are the keys of the claim of its own project: ${what}`, () =>
      Effect.gen(function*() {
        const { callerOf } = yield* protectProduct("zitadel")
        assert.strictEqual(yield* isPermitted(role, yield* callerOf("access", claims)), is)
      }).pipe(Effect.scoped))
  }

  it.effect("of Keycloak are those of the client that roleClient names, and not those of the realm or other clients", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("keycloak", { roleClient: "notes.server" })
      const info = yield* callerOf("access", {
        realm_access: { roles: ["admin"] },
        resource_access: { "notes.server": { roles: ["editor"] }, account: { roles: ["owner"] } },
        "resource_access.notes.server.roles": ["joined"]
      })
      assert.deepStrictEqual([...info.roles ?? []], ["editor"])
    }).pipe(Effect.scoped))

  it.effect("of several providers are read from the claims of each", () =>
    Effect.gen(function*() {
      const [keycloak, okta] = [yield* TestProvider.likeProvider("keycloak"), yield* TestProvider.likeProvider("okta")]
      const client = HttpClient.make((request) =>
        (request.url.startsWith("https://keycloak.example.com") ? keycloak : okta).client.execute(request)
      )
      const presets = [
        (yield* Presets.load("keycloak"))(keycloak.parameters),
        (yield* Presets.load("okta"))(okta.parameters)
      ]
      const layer = Layer.provide(
        McpAuth.layer({ resource, authorizationServers: presets }),
        Layer.succeed(HttpClient.HttpClient, client)
      )
      const { authenticate } = yield* Effect.flatMap(
        Layer.build(layer),
        (context) => Effect.provide(McpAuth.McpAuth, context)
      )
      const claims = { realm_access: { roles: ["of-realm"] }, groups: ["of-groups"] }
      for (const [product, role] of [[keycloak, "of-realm"], [okta, "of-groups"]] as const) {
        const info = yield* authenticate(requestWith(yield* product.issue("access", resource, claims)))
        assert.deepStrictEqual([...info.roles ?? []], [role])
      }
    }).pipe(Effect.scoped))
})
