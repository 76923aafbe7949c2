/** Keys that belong to one issuer: the member `issuer` of a JWK in the tenant-independent key sets of Entra ID. */
import {
  AuthorizationServer,
  ClientAuthentication,
  IssuerPolicy,
  JwkSet,
  Jws,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { makeStore, sharing } from "../sharing/harness.ts"
import { elapse } from "../time.ts"
import { claims, compact, type Key, makeEc, makeEd25519, now, outcome, resource, signer } from "./harness.ts"

const login = "https://login.microsoftonline.com"
const tenants = {
  a: "aaaaaaaa-0000-4000-8000-000000000001",
  b: "bbbbbbbb-0000-4000-8000-000000000002",
  consumers: "9188040d-6c67-4c5b-b112-36a304b66dad"
} as const
type Tenant = keyof typeof tenants

const common = `${login}/common/v2.0`
const template = `${login}/{tenantid}/v2.0`
const v2 = (tenant: Tenant): string => `${login}/${tenants[tenant]}/v2.0`
const v1 = (tenant: Tenant): string => `https://sts.windows.net/${tenants[tenant]}/`

const keys = [makeEd25519(), makeEd25519(), makeEd25519()] as const
const [first, second] = keys

const token = (key: Key, kid: string | undefined, changes: Readonly<Record<string, unknown>>): string =>
  compact({ alg: "EdDSA", typ: "at+jwt", kid }, { ...claims, ...changes }, signer(key, "EdDSA"))

/** Publishes exactly these keys. */
const publish = (...all: ReadonlyArray<Schema.JsonObject>) =>
  Effect.flatMap(
    TestProvider.TestProvider,
    ({ fault, heal }) => Effect.andThen(heal("jwks"), fault("jwks", Fault.document(() => ({ keys: all }))))
  )

interface World {
  readonly configured: string
  readonly document: string
  readonly policy: IssuerPolicy.IssuerPolicy
}

const anyTenant: World = { configured: common, document: template, policy: IssuerPolicy.template(template) }

const firstVersion = "https://sts.windows.net/{tenantid}/"
const anyTenantV1: World = {
  configured: `${login}/common`,
  document: firstVersion,
  policy: IssuerPolicy.template(firstVersion)
}

const oneTenant: World = { configured: v2("a"), document: v2("a"), policy: IssuerPolicy.exact }

/** A verifier for a server that is found under a policy. */
const verifierOf = Effect.fnUntraced(function*<R>(
  { configured, document, policy }: World,
  method: TokenVerifier.Method<R>
) {
  const provider = yield* TestProvider.TestProvider
  yield* TestClock.setTime(now * 1000)
  yield* provider.heal("metadata")
  yield* provider.fault("metadata", Fault.wrongIssuer(document))
  const server = yield* AuthorizationServer.discover(configured, { type: "oidc", issuerPolicy: policy })
  const verify = yield* method.make({ resource, authorizationServers: [server] })
  return (token: string) => verify(Redacted.make(token))
})

const within = (world: World) => Effect.provide(TestProvider.layer({ issuer: world.configured }))

const platforms = {
  "with WebCrypto, which answers later": Jws.Jws.defaultValue(),
  "with node:crypto, which answers at once": NodeJws.nodeCrypto
} as const

interface Row {
  readonly world: World
  /** The member `issuer` of the key. */
  readonly issuer: Schema.Json | undefined
  readonly iss: string
  readonly tid?: Schema.Json
  readonly outcome: string
}

const unknownKey = "unknown-key kid"

const unusableKey = "unusable-key kid"

const rows: Readonly<Record<string, Row>> = {
  "a key without issuer verifies a token of any tenant": {
    world: anyTenant,
    issuer: undefined,
    iss: v2("a"),
    outcome: "accepted"
  },
  "a key with the issuer of the token's tenant verifies it": {
    world: anyTenant,
    issuer: v2("a"),
    iss: v2("a"),
    outcome: "accepted"
  },
  "a key with a template of the issuer verifies a token of any tenant": {
    world: anyTenant,
    issuer: template,
    iss: v2("b"),
    tid: tenants.b,
    outcome: "accepted"
  },
  "a key of the consumer tenant does not verify a token of another tenant": {
    world: anyTenant,
    issuer: v2("consumers"),
    iss: v2("a"),
    tid: tenants.a,
    outcome: unknownKey
  },
  "a key of the consumer tenant does not verify a token of another tenant that claims to be of the consumer tenant": {
    world: anyTenant,
    issuer: v2("consumers"),
    iss: v2("a"),
    tid: tenants.consumers,
    outcome: "unknown-issuer tid"
  },
  "a key whose issuer is in another case is for another issuer": {
    world: anyTenant,
    issuer: v2("a").toUpperCase(),
    iss: v2("a"),
    outcome: unknownKey
  },
  "a key whose issuer has an additional slash is for another issuer": {
    world: anyTenant,
    issuer: `${v2("a")}/`,
    iss: v2("a"),
    outcome: unknownKey
  },
  "a key whose issuer is a template of another host is for another issuer": {
    world: anyTenant,
    issuer: "https://login.test/{tenantid}/v2.0",
    iss: v2("a"),
    outcome: unknownKey
  },
  "another placeholder in the issuer of a key is compared literally": {
    world: anyTenant,
    issuer: `${login}/{tenant}/v2.0`,
    iss: v2("a"),
    outcome: unknownKey
  },
  "an empty issuer of a key matches no token": {
    world: anyTenant,
    issuer: "",
    iss: v2("a"),
    outcome: unknownKey
  },
  "a key whose issuer is null is ignored": {
    world: anyTenant,
    issuer: null,
    iss: v2("a"),
    outcome: unusableKey
  },
  "a key whose issuer is a list is ignored": {
    world: anyTenant,
    issuer: [v2("a")],
    iss: v2("a"),
    outcome: unusableKey
  },
  "a key whose issuer is an object is ignored": {
    world: anyTenant,
    issuer: { [v2("a")]: true },
    iss: v2("a"),
    outcome: unusableKey
  },
  "a key of another tenant does not verify a token of the only trusted tenant": {
    world: oneTenant,
    issuer: v2("b"),
    iss: v2("a"),
    outcome: unknownKey
  },
  "a key with a template verifies a token of the only trusted tenant": {
    world: oneTenant,
    issuer: template,
    iss: v2("a"),
    outcome: "accepted"
  },
  "a version 1 token is verified by a key that names the version 2 issuer of its tenant": {
    world: anyTenantV1,
    issuer: v2("a"),
    iss: v1("a"),
    tid: tenants.a,
    outcome: "accepted"
  },
  "a version 1 token is verified by a key with the template of version 2 issuers": {
    world: anyTenantV1,
    issuer: template,
    iss: v1("a"),
    outcome: "accepted"
  },
  "a version 1 token is not verified by a key that names the version 2 issuer of another tenant": {
    world: anyTenantV1,
    issuer: v2("consumers"),
    iss: v1("a"),
    outcome: unknownKey
  },
  "a version 1 token is not verified by a key that names its tenant at another host": {
    world: anyTenantV1,
    issuer: `https://login.test/${tenants.a}/v2.0`,
    iss: v1("a"),
    outcome: unknownKey
  },
  "a version 2 token is not verified by a key that names the version 1 issuer of its tenant": {
    world: anyTenant,
    issuer: v1("a"),
    iss: v2("a"),
    outcome: unknownKey
  }
}

describe("the issuer of a key", () => {
  for (const [rule, { iss, issuer, outcome: expected, tid, world }] of Object.entries(rows)) {
    for (const [platform, jws] of Object.entries(platforms)) {
      for (const kid of ["k", undefined]) {
        const name = `${rule}${kid === undefined ? ", also without kid" : ""}, ${platform}`
        it.effect(name, () =>
          Effect.gen(function*() {
            const key = { ...first.jwk, kid: "k", ...(issuer === undefined ? {} : { issuer }) }
            // Another key, so that the set is never empty.
            yield* publish(key, { ...second.jwk, kid: "other" })
            const verify = yield* verifierOf(world, TokenVerifier.jwt())
            const one = token(first, kid, { iss, tid })
            const said = kid === undefined && [unknownKey, unusableKey].includes(expected) ? "bad-signature" : expected
            for (let time = 0; time < 3; time++) assert.strictEqual(yield* elapse(outcome(verify(one))), said)
          }).pipe(Effect.provideService(Jws.Jws, jws), within(world)))
      }
    }
  }

  it.effect("the message about a key for another issuer names the issuer of the token, also beside a key of another type", () =>
    Effect.gen(function*() {
      yield* publish({ ...first.jwk, kid: "k", issuer: v2("b") }, { ...makeEc("P-256").jwk, kid: "k" })
      const verify = yield* verifierOf(anyTenant, TokenVerifier.jwt())
      const error = yield* elapse(Effect.flip(verify(token(first, "k", { iss: v2("a") }))))
      assert.include(error.message, `expected a key for the issuer "${v2("a")}", got "k"`)
    }).pipe(within(anyTenant)))

  it.effect("two keys with the same kid verify only the tokens of their own tenant", () =>
    Effect.gen(function*() {
      yield* publish(
        { ...first.jwk, kid: "k", issuer: v2("a") },
        { ...second.jwk, kid: "k", issuer: v2("b") }
      )
      const verify = yield* verifierOf(anyTenant, TokenVerifier.jwt())
      const said = (key: Key, tenant: Tenant) => elapse(outcome(verify(token(key, "k", { iss: v2(tenant) }))))
      assert.strictEqual(yield* said(first, "a"), "accepted")
      assert.strictEqual(yield* said(second, "b"), "accepted")
      assert.strictEqual(yield* said(first, "b"), "bad-signature")
      assert.strictEqual(yield* said(second, "a"), "bad-signature")
    }).pipe(within(anyTenant)))

  it.effect("keys of other tenants do not count toward the eight keys that a token may try", () =>
    Effect.gen(function*() {
      const others = Array.from({ length: 20 }, () => ({ ...makeEd25519().jwk, issuer: v2("b") }))
      yield* publish(...others, { ...first.jwk, issuer: v2("a") })
      const verify = yield* verifierOf(anyTenant, TokenVerifier.jwt())
      assert.strictEqual(yield* elapse(outcome(verify(token(first, undefined, { iss: v2("a") })))), "accepted")
    }).pipe(within(anyTenant)))

  it.effect("a key that is for one issuer is not found without the issuer of a token", () =>
    Effect.gen(function*() {
      yield* publish({ ...first.jwk, kid: "a", issuer: v2("a") }, { ...second.jwk, kid: "any" })
      const keys = yield* JwkSet.make(yield* AuthorizationServer.discover(v2("a"), { type: "oidc" }))
      const found = (query: Omit<JwkSet.KeyQuery, "algorithm">) =>
        Effect.map(keys.find({ algorithm: "EdDSA", ...query }), ({ length }) => length)
      assert.strictEqual(yield* found({ kid: "a" }), 0)
      assert.strictEqual(yield* found({ kid: "a", issuer: v2("a") }), 1)
      assert.strictEqual(yield* found({ kid: "any" }), 1)
    }).pipe(within(oneTenant)))
})

describe("a token that was verified before", () => {
  const reclaimed = (changed: string, expected: string) =>
    Effect.gen(function*() {
      yield* publish({ ...first.jwk, kid: "k" }, { ...second.jwk, kid: "other" })
      const verify = yield* verifierOf(anyTenant, TokenVerifier.jwt({ lifetime: "1 minute" }))
      const one = token(first, "k", { iss: v2("a") })
      for (let time = 0; time < 3; time++) assert.strictEqual(yield* elapse(outcome(verify(one))), "accepted")
      yield* publish({ ...first.jwk, kid: "k", issuer: changed }, { ...second.jwk, kid: "other" })
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* elapse(outcome(verify(one))), expected)
    })

  /** Gives each key one function, even if it is prepared several times. */
  const caching = (): Jws.Shape => {
    const known = new Map<string, Jws.VerifySignature>()
    return {
      prepare: Effect.fnUntraced(function*(key, algorithm) {
        const name = JSON.stringify([key, algorithm])
        const verify = known.get(name) ?? (yield* NodeJws.nodeCrypto.prepare(key, algorithm))
        known.set(name, verify)
        return verify
      })
    }
  }

  for (
    const [platform, jws] of Object.entries({
      ...platforms,
      "on a platform that gives one key the same function each time": caching()
    })
  ) {
    it.effect(`is refused when its key is published for another tenant, ${platform}`, () =>
      reclaimed(v2("b"), unknownKey).pipe(Effect.provideService(Jws.Jws, jws), within(anyTenant)))

    it.effect(`is still accepted when its key is published for its tenant, ${platform}`, () =>
      reclaimed(template, "accepted").pipe(Effect.provideService(Jws.Jws, jws), within(anyTenant)))
  }
})

describe("instances that share a key set", () => {
  it.effect("keep the issuer of a key that another instance has fetched", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      yield* publish({ ...first.jwk, kid: "k", issuer: v2("b") })
      for (let instance = 0; instance < 2; instance++) {
        const verify = yield* sharing(store)(verifierOf(anyTenant, TokenVerifier.jwt()))
        const said = (tenant: Tenant) => elapse(outcome(verify(token(first, "k", { iss: v2(tenant) }))))
        assert.strictEqual(yield* said("b"), "accepted")
        assert.strictEqual(yield* said("a"), unknownKey)
        assert.strictEqual(yield* provider.count("jwks"), 1)
      }
    }).pipe(Effect.scoped, within(anyTenant)))
})

describe("the tenant of a token, where any tenant is trusted", () => {
  const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))
  const tids: ReadonlyArray<readonly [rule: string, iss: string, tid: Schema.Json | undefined, outcome: string]> = [
    ["may be in iss alone", v2("a"), undefined, "accepted"],
    ["is accepted when tid equals the tenant in iss", v2("a"), tenants.a, "accepted"],
    ["is refused when tid is another tenant", v2("a"), tenants.b, "unknown-issuer tid"],
    ["is refused when tid is the same in another case", v2("a"), tenants.a.toUpperCase(), "unknown-issuer tid"],
    ["is refused when tid is empty", v2("a"), "", "unknown-issuer tid"],
    ["is refused when tid is a number", v2("a"), 1, "unknown-issuer tid"],
    ["is refused when tid is null", v2("a"), null, "unknown-issuer tid"],
    ["is refused when tid is a list of the tenant", v2("a"), [tenants.a], "unknown-issuer tid"],
    ["is refused when iss has a word in place of the tenant", `${login}/contoso/v2.0`, undefined, "unknown-issuer iss"],
    [
      "is refused when iss has a word in place of the tenant that tid repeats",
      `${login}/contoso/v2.0`,
      "contoso",
      "unknown-issuer iss"
    ],
    ["is refused when iss has common in place of the tenant", common, undefined, "unknown-issuer iss"],
    [
      "is refused when iss has more than a GUID in place of the tenant",
      `${login}/${tenants.a}0/v2.0`,
      undefined,
      "unknown-issuer iss"
    ],
    ["is refused when iss has the template in place of the tenant", template, undefined, "unknown-issuer iss"]
  ]
  for (const [rule, iss, tid, expected] of tids) {
    const said = { iss, ...(tid === undefined ? {} : { tid }) }
    const methods: Readonly<Record<string, TokenVerifier.Method>> = {
      jwt: TokenVerifier.jwt(),
      introspection: TokenVerifier.introspection({ authentication }),
      custom: TokenVerifier.custom(() => Effect.succeed({ ...claims, ...said })),
      firstOf: TokenVerifier.firstOf(TokenVerifier.jwt(), TokenVerifier.introspection({ authentication }))
    }
    for (const [name, method] of Object.entries(methods)) {
      it.effect(`${name}: the tenant ${rule}`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const verify = yield* verifierOf(anyTenant, method)
          const minted = yield* provider.mint({ claims: said })
          assert.strictEqual(yield* elapse(outcome(verify(minted))), expected)
          // The claims of a JWT suffice to refuse it.
          if (name === "jwt" && expected !== "accepted") assert.strictEqual(yield* provider.count(), 0)
        }).pipe(within(anyTenant)))
    }
  }

  it.effect("is named in the message when tid is another tenant, also beside a server that does not issue the token", () =>
    Effect.gen(function*() {
      const discover = (configured: string, issuerPolicy: IssuerPolicy.IssuerPolicy) =>
        AuthorizationServer.discover(configured, { type: "oidc", issuerPolicy })
      const authorizationServers = [
        yield* discover(common, anyTenant.policy),
        yield* discover("https://b.test", IssuerPolicy.exact)
      ]
      yield* TestClock.setTime(now * 1000)
      const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers })
      const error = yield* Effect.flip(verify(Redacted.make(token(first, "k", { iss: v2("a"), tid: tenants.b }))))
      assert.include(error.message, `(tid), expected the tenant in "${v2("a")}", got "${tenants.b}"`)
    }).pipe(within(anyTenant)))

  for (const iss of [null, 1, [v2("a")]]) {
    it.effect(`introspection: the tenant is unknown when iss is ${JSON.stringify(iss)}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("introspection", Fault.document(() => ({ ...claims, active: true, iss })))
        const verify = yield* verifierOf(anyTenant, TokenVerifier.introspection({ authentication }))
        assert.strictEqual(yield* elapse(outcome(verify("opaque"))), "unknown-issuer iss")
      }).pipe(within(anyTenant)))
  }

  it("counts as one where a template names it twice", () => {
    const twice = IssuerPolicy.template("https://{tenantid}.ciamlogin.com/{tenantid}/v2.0")
    const accepts = (answered: string) => twice.accepts({ asked: answered, answered, claims: {} })
    assert.isTrue(accepts(`https://${tenants.a}.ciamlogin.com/${tenants.a}/v2.0`))
    assert.isFalse(accepts(`https://${tenants.a}.ciamlogin.com/${tenants.b}/v2.0`))
  })
})

it.layer(TestProvider.layer({ issuer: anyTenant.configured }))("properties of the issuer of a key", (it) => {
  const tenant = Arbitrary.schema(Schema.Literals(["a", "b", "consumers"]))
  const which = Arbitrary.schema(Schema.Literals([0, 1, 2]))
  const kid = Arbitrary.schema(Schema.UndefinedOr(Schema.Literals(["k", "l"])))
  const member = Arbitrary.schema(
    Schema.UndefinedOr(Schema.Literals([template, v2("a"), v2("b"), v2("consumers"), v1("a"), "", `${v2("a")}/`]))
  )
  const published = Arbitrary.all({ which, kid, member })

  /** Whether a key with this member belongs to the tenant, following Microsoft's documentation. */
  const isOf = (member: string | undefined, tenant: Tenant): boolean =>
    member === undefined || member.replace("{tenantid}", tenants[tenant]) === v2(tenant)

  it.effect.prop(
    "a token is verified only by a key of its own tenant, whatever keys are published beside it",
    [Arbitrary.array(published, { minLength: 1, maxLength: 4 }), Arbitrary.all({ which, kid, tenant })],
    ([set, { kid, tenant, which }]) =>
      Effect.gen(function*() {
        yield* publish(...set.map((one) => ({
          ...keys[one.which].jwk,
          ...(one.kid === undefined ? {} : { kid: one.kid }),
          ...(one.member === undefined ? {} : { issuer: one.member })
        })))
        const verify = yield* verifierOf(anyTenant, TokenVerifier.jwt())
        const named = kid === undefined ? set : set.filter((one) => one.kid === kid)
        const candidates = named.length > 0 ? named : set.filter((one) => one.kid === undefined)
        const isGood = candidates.some((one) => one.which === which && isOf(one.member, tenant))
        const one = token(keys[which], kid, { iss: v2(tenant) })
        for (let time = 0; time < 3; time++) {
          assert.strictEqual((yield* elapse(outcome(verify(one)))) === "accepted", isGood)
        }
      }).pipe(Effect.provideService(Jws.Jws, NodeJws.nodeCrypto), Effect.scoped),
    { timeout: 300_000, arbitrary: { runs: 200 } }
  )
})
