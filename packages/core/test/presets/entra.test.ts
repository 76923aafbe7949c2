import * as Fault from "@effect-mcp-auth/test-utils/Fault"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import { protectProduct } from "./protectProduct.ts"

const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
const otherTenant = "ddddeeee-0000-cccc-1111-dddd2222eeee"
const v2 = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`

const issuers = {
  "entra": v2(otherTenant),
  "entra-external": `https://${otherTenant}.ciamlogin.com/${otherTenant}/v2.0`,
  "entra-multi-tenant": v2(otherTenant),
  "entra-v1": `https://sts.windows.net/${otherTenant}/`
} as const

for (const name of ["entra", "entra-external", "entra-multi-tenant", "entra-v1"] as const) {
  describe(`the preset ${name}`, () => {
    it.effect("refuses an ID token of a registration that is client and API, with and without roles and nonce", () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct(name)
        assert.strictEqual(yield* refusalOf("id"), "wrong-audience")
        assert.strictEqual(yield* refusalOf("id", { roles: undefined }), "wrong-audience")
        assert.strictEqual(yield* refusalOf("id", { nonce: "n-0S6" }), "not-an-access-token")
      }).pipe(Effect.scoped))

    it.effect("refuses a client that acts for itself without a role, because every client of a tenant gets such a token", () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct(name)
        assert.strictEqual(yield* refusalOf("machine", { roles: undefined }), "wrong-audience")
        assert.strictEqual(yield* refusalOf("machine", { roles: [] }), "wrong-audience")
        const withoutClient = { azp: undefined, appid: undefined }
        assert.strictEqual(yield* refusalOf("machine", withoutClient), "wrong-audience")
      }).pipe(Effect.scoped))

    it.effect("grants the roles of a client that acts for itself as scopes, if switched on, and never those of a user", () =>
      Effect.gen(function*() {
        const off = yield* protectProduct(name)
        assert.strictEqual((yield* off.callerOf("machine")).scopes.size, 0)
        const { callerOf } = yield* protectProduct(name, { applicationRolesAsScopes: true })
        const machine = yield* callerOf("machine")
        assert.deepStrictEqual([...machine.scopes], ["notes.read.all"])
        assert.deepStrictEqual([...machine.roles ?? []], ["notes.read.all"])
        const user = yield* callerOf("access")
        assert.deepStrictEqual([...user.scopes], ["notes:read", "notes:write"])
        // No claim of Entra ID: a token with an empty scp is still one of a user.
        const without = yield* callerOf("access", { scp: "", azp: "app", appid: "app" })
        assert.strictEqual(without.scopes.size, 0)
      }).pipe(Effect.scoped))

    it.effect("refuses a token of another tenant", () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct(name)
        const refusal = yield* refusalOf("access", { iss: issuers[name], tid: otherTenant })
        assert.strictEqual(refusal, "unknown-issuer")
      }).pipe(Effect.scoped))

    it.effect("requests scopes with the Application ID URI, and those of OpenID Connect without", () =>
      Effect.gen(function*() {
        const { preset, product } = yield* protectProduct(name)
        const { appIdUri, clientId } = product.parameters
        const uri = String(appIdUri ?? `api://${clientId}`)
        const form = preset.scopeRequestForm ?? ((scope: string) => scope)
        assert.strictEqual(form("notes:read"), `${uri}/notes:read`)
        assert.strictEqual(form(`${uri}/notes:read`), `${uri}/notes:read`)
        assert.strictEqual(form("offline_access"), "offline_access")
      }).pipe(Effect.scoped))
  })
}

const claimIssuer = (issuer: string) => (document: Schema.JsonObject) => ({
  ...document,
  // Every key of the key set is a JSON object.
  keys: (document["keys"] as ReadonlyArray<Schema.JsonObject>).map((key) => ({ ...key, issuer }))
})

describe("the preset entra-multi-tenant", () => {
  it.effect("accepts a token of each listed tenant, whose key is for every tenant", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("entra-multi-tenant")
      const second = "bbbbcccc-0000-cccc-1111-dddd2222eeee"
      for (const tid of [tenant, second]) {
        const { issuer } = yield* callerOf("access", { iss: v2(tid), tid })
        assert.strictEqual(issuer, v2(tid))
      }
    }).pipe(Effect.scoped))

  it.effect("refuses a token whose claim tid is another tenant than its issuer", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("entra-multi-tenant")
      assert.strictEqual(yield* refusalOf("access", { tid: "bbbbcccc-0000-cccc-1111-dddd2222eeee" }), "unknown-issuer")
    }).pipe(Effect.scoped))

  it.effect("refuses a token that is signed by a key of another tenant, such as that of personal accounts", () =>
    Effect.gen(function*() {
      const { product, refusalOf } = yield* protectProduct("entra-multi-tenant")
      const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"
      yield* product.provider.fault("jwks", Fault.document(claimIssuer(v2(consumers))))
      assert.strictEqual(yield* refusalOf("access"), "unknown-key")
    }).pipe(Effect.scoped))

  it.effect("refuses the template of the metadata as the issuer of a token", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("entra-multi-tenant")
      assert.strictEqual(yield* refusalOf("access", { iss: v2("{tenantid}") }), "unknown-issuer")
    }).pipe(Effect.scoped))
})

describe("the preset entra", () => {
  it.effect("reads the issuer of a national cloud from its parameters", () =>
    Effect.gen(function*() {
      const { preset } = yield* protectProduct("entra", { authority: "login.microsoftonline.us" })
      const { issuer } = yield* Effect.fromResult(preset.settings)
      assert.strictEqual(issuer, `https://login.microsoftonline.us/${tenant}/v2.0`)
    }).pipe(Effect.scoped))
})
