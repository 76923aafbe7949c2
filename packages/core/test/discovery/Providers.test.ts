import {
  AuthorizationServerMetadata,
  Discovery,
  type DiscoveryError,
  Issuer,
  IssuerPolicy,
  Purpose,
  Repairs,
  Transpiler,
  Validation,
  WellKnown
} from "@effect-mcp-auth/core"
import { Providers } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result, Schema } from "effect"
import { HttpClient } from "effect/http"

type Row = readonly [
  provider: Providers.Provider,
  /** The result of each place if discovery knows only the issuer. */
  unaided: ReadonlyArray<string>,
  /** The error codes of the document that is found then. */
  errors: ReadonlyArray<string>,
  /** The repairs that change something if discovery is configured as recorded. */
  repairs: ReadonlyArray<string>,
  /** The remaining error codes. */
  left: ReadonlyArray<string>
]

const rows: ReadonlyArray<Row> = [
  [Providers.google, ["IssuerMismatch", "IssuerMismatch"], [], [], []],
  [
    Providers.firebase,
    ["Status", "Status", "Found"],
    ["invalid_server_metadata", "code_response_type_not_supported", "pkce_not_supported"],
    [],
    ["invalid_server_metadata", "code_response_type_not_supported", "pkce_not_supported"]
  ],
  [Providers.entraV1, ["Status", "Status", "IssuerMismatch"], [], ["pkce"], []],
  [Providers.entraV2, ["Status", "Status", "Found"], ["pkce_not_supported"], ["pkce"], []],
  [Providers.entraCommon, ["Status", "Status", "IssuerMismatch"], [], ["pkce"], []],
  [Providers.azureB2C, ["Status", "Status", "IssuerMismatch"], [], ["pkce"], []],
  [Providers.adfs, ["Status", "Status", "Found"], ["pkce_not_supported"], ["pkce"], []],
  [Providers.auth0, ["Found"], [], [], []],
  [Providers.oktaOrg, ["Found"], [], [], []],
  [Providers.oktaCustom, ["Found"], [], [], []],
  [Providers.keycloak, ["Found"], [], [], []],
  [Providers.cognito, ["Status", "Status", "Found"], ["pkce_not_supported"], ["pkce"], []],
  [Providers.logto, ["Status", "Status", "Found"], [], [], []],
  [Providers.github, ["Found"], [], [], []],
  [Providers.gitlab, ["Found"], [], [], []],
  [Providers.salesforce, ["Status", "Found"], [], [], []],
  [Providers.pingOne, ["Found"], [], [], []],
  [Providers.workos, ["Found"], [], [], []],
  [Providers.clerk, ["Found"], [], [], []],
  [Providers.supabase, ["Found"], [], [], []],
  [Providers.slack, ["Status", "Found"], ["pkce_not_supported"], ["pkce"], []],
  [Providers.box, ["IssuerMismatch", "Status"], [], [], []],
  [Providers.authentik, ["Status", "Status", "Found"], [], [], []],
  [
    Providers.facebook,
    ["Status", "Found"],
    ["invalid_server_metadata", "code_response_type_not_supported", "pkce_not_supported"],
    ["pkce", "endpoints"],
    ["code_response_type_not_supported"]
  ],
  [Providers.ory, ["Status", "Found"], [], [], []],
  [Providers.descope, ["Status", "Status", "Found"], [], [], []],
  [Providers.intuit, ["Status", "Status", "Status"], [], [], ["pkce_not_supported"]]
]

const documents = Providers.all.flatMap((provider) =>
  provider.documents.map((document) => [`${provider.name}, ${document.form}`, provider, document] as const)
)

const codec = AuthorizationServerMetadata.AuthorizationServerMetadata

/** `Found`, or the reason of the failure. */
const endings = ({ attempts }: Discovery.Search) =>
  attempts.map(({ error }) => {
    if (error === undefined) return "Found"
    return error._tag === "MetadataFetchError" ? error.reason._tag : error._tag
  })

const codesOf = (subject: Validation.Subject) => Validation.validate(subject).errors.map(({ code }) => code)

const outcomeOf = (error: Issuer.InvalidIssuer | DiscoveryError.DiscoveryFailed) =>
  error._tag === "DiscoveryFailed" ? error.outcome : error._tag

const published = ({ issuer }: Schema.JsonObject) => typeof issuer === "string" ? issuer : ""

describe("the provider records", () => {
  it("are complete, each under its own name, and each has a row here", () => {
    const named: ReadonlyArray<unknown> = Object.values(Providers).filter((value) => "documents" in value)
    assert.sameMembers([...named], [...Providers.all])
    assert.deepStrictEqual(rows.map(([provider]) => provider), Providers.all)
    assert.isAtLeast(Providers.all.length, 22)
    assert.strictEqual(new Set(Providers.all.map(({ name }) => name)).size, Providers.all.length)
  })

  it("name a public source and a month", () => {
    for (const { date, name, source } of Providers.all) {
      assert.match(source, /^https:\/\/[^/]+\/./, name)
      assert.match(date, /^20\d\d-(?:0[1-9]|1[0-2])$/, name)
    }
  })

  it("name repairs that the command line accepts", () => {
    assert.includeMembers([...Repairs.byName.keys()], Providers.all.flatMap(({ repairs }) => repairs))
  })

  for (const [name, { issuer }, { form, url }] of documents) {
    it.effect(`${name}: the form leads from the issuer to the URL, or is absent`, () =>
      Effect.gen(function*() {
        const asked = yield* Issuer.make(issuer)
        if (form === "other") assert.isFalse(WellKnown.leadsTo(asked, url))
        else assert.strictEqual(WellKnown.ofForm(asked, form), url)
      }))
  }
})

describe("the metadata schema", () => {
  /** Unregistered members. A misspelt member of the schema would appear beside these. */
  const extensions = [
    "access_token_issuer",
    "as_access_token_token_binding_supported",
    "authorization_signing_alg_values_supported",
    "backchannel_authentication_endpoint",
    "backchannel_logout_supported",
    "backchannel_token_delivery_modes_supported",
    "capabilities",
    "check_session_iframe",
    "cloud_graph_host_name",
    "cloud_instance_name",
    "credentials_endpoint_draft_00",
    "credentials_supported_draft_00",
    "frontchannel_logout_supported",
    "http_logout_supported",
    "id_token_signed_response_alg",
    "kerberos_endpoint",
    "mfa_challenge_endpoint",
    "microsoft_multi_refresh_token",
    "msgraph_host",
    "rbac_url",
    "tenant_region_scope",
    "userinfo_signed_response_alg"
  ]

  for (const [name, , { json }] of documents) {
    it.effect(`${name}: the document survives a round trip`, () =>
      Effect.gen(function*() {
        const metadata = yield* Schema.decodeEffect(codec)(json)
        assert.strictEqual(metadata.issuer, published(json))
        assert.deepStrictEqual(yield* Schema.encodeEffect(codec)(metadata), json)
      }))
  }

  it.effect("has every member except the extensions, which it keeps", () =>
    Effect.gen(function*() {
      const decoded = yield* Effect.forEach(documents, ([, , { json }]) => Schema.decodeEffect(codec)(json))
      const kept = decoded.flatMap(({ additionalParameters = {} }) => Object.keys(additionalParameters))
      assert.deepStrictEqual([...new Set(kept)].toSorted(), extensions)
    }))
})

describe("the repairs of the command line", () => {
  for (const [name, , { json }] of documents) {
    it.effect(`${name}: do not contradict the document`, () =>
      Effect.gen(function*() {
        const { document } = yield* Transpiler.run(Transpiler.all(...Repairs.byName.values()), json)
        const said = Object.entries(json).filter(([, value]) => value !== null)
        assert.deepStrictEqual({ ...document, ...Object.fromEntries(said) }, document)
        assert.notInclude(Object.values(document), null)
      }))
  }
})

describe("discovery that knows only the issuer", () => {
  for (const [provider, unaided, errors] of rows) {
    it.effect(`${provider.name}: every place ends as expected`, () =>
      Effect.gen(function*() {
        const search = yield* Discovery.search(Discovery.mcp, provider.issuer)
        assert.deepStrictEqual(endings(search), unaided)
        assert.deepStrictEqual(Option.match(search.config, { onNone: () => [], onSome: codesOf }), errors)
      }).pipe(Effect.provide(Providers.layer(provider))))
  }

  for (const provider of Providers.all) {
    it.effect(`${provider.name}: ends as recorded: ${provider.unaided}`, () =>
      Effect.gen(function*() {
        const fetched = Discovery.fetchServerConfig(provider.issuer)
        if (provider.unaided !== "Found") {
          const outcomes = { IssuerMismatch: "Refused", Miss: "Miss" } as const
          assert.strictEqual(outcomeOf(yield* Effect.flip(fetched)), outcomes[provider.unaided])
          return
        }
        const config = yield* fetched
        assert.deepStrictEqual(config.locations, [provider.documents[0].url])
        assert.deepStrictEqual(codesOf(config), provider.documents[0].errors)
        assert.deepStrictEqual(config.repairs, [])
        assert.strictEqual(config.issuer, provider.issuer)
      }).pipe(Effect.provide(Providers.layer(provider))))
  }

  for (const [name, provider, { errors, json, url }] of documents) {
    it.effect(`${name}: the document breaks the recorded rules, and has no other peculiarity`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.fetchServerConfigByWellKnownUrl(url, { expectedIssuer: published(json) })
        assert.deepStrictEqual(codesOf(config), errors)
        assert.deepStrictEqual(config.oddities, [])
      }).pipe(Effect.provide(Providers.layer(provider))))
  }
})

describe("discovery that is configured as recorded", () => {
  for (const [provider, , , repairs, left] of rows) {
    it.effect(`${provider.name}: finds the first document, with the recorded repairs and no others`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.discover(Providers.strategy(provider), provider.issuer)
        assert.deepStrictEqual(config.locations, [provider.documents[0].url])
        assert.deepStrictEqual(config.repairs.map(({ name }) => name), repairs)
        assert.deepStrictEqual(codesOf(config), left)
        const endpoints = provider.endpoints === undefined ? [] : ["endpoints"]
        assert.deepStrictEqual([...provider.repairs, ...endpoints], repairs)
        assert.deepStrictEqual(provider.beyondRepair, left)
      }).pipe(Effect.provide(Providers.layer(provider))))
  }

  for (const provider of Providers.all) {
    const [{ json }] = provider.documents
    const layer = Providers.layer(provider)

    it.effect(`${provider.name}: no repair changes the issuer, or any other member of the document`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.discover(Providers.strategy(provider), provider.issuer)
        assert.strictEqual(config.issuer, published(json))
        const operations = config.repairs.flatMap(({ patch }) => patch.map(({ op }) => op))
        assert.deepStrictEqual(operations, config.repairs.map(() => "add" as const))
        const encoded = yield* Schema.encodeEffect(codec)(config.metadata)
        assert.deepStrictEqual({ ...encoded, ...json }, encoded)
      }).pipe(Effect.provide(layer)))

    it.effect(`${provider.name}: passes the rules, unless it cannot be repaired`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.discover(Providers.strategy(provider), provider.issuer)
        const result = yield* Effect.result(Validation.validateServerConfig(config))
        const broken = Result.isSuccess(result) ? [] : result.failure.report.errors.map(({ code }) => code)
        assert.deepStrictEqual(broken, provider.beyondRepair)
        const held = Discovery.validate(Providers.strategy(provider))
        const search = yield* Discovery.search(held, provider.issuer)
        assert.strictEqual(Option.isSome(search.config), provider.beyondRepair.length === 0)
      }).pipe(Effect.provide(layer)))

    it.effect(`${provider.name}: is never mistaken for another provider`, () =>
      Effect.gen(function*() {
        const evil = IssuerPolicy.expected("https://evil.test")
        const strategy = Discovery.withIssuerPolicy(Providers.strategy(provider), evil)
        const error = yield* Effect.flip(Discovery.discover(strategy, provider.issuer))
        assert.strictEqual(outcomeOf(error), "Refused")
      }).pipe(Effect.provide(layer)))

    for (const repair of provider.repairs) {
      it.effect(`${provider.name}: more rules are broken without the repair ${repair}`, () =>
        Effect.gen(function*() {
          const without = { ...provider, repairs: provider.repairs.filter((name) => name !== repair) }
          const config = yield* Discovery.discover(Providers.strategy(without), provider.issuer)
          assert.isAbove(codesOf(config).length, provider.beyondRepair.length)
        }).pipe(Effect.provide(layer)))
    }

    if (provider.issuerPolicy._tag === "exact") continue
    it.effect(`${provider.name}: is refused under the policy exact, whatever the repairs do`, () =>
      Effect.gen(function*() {
        const exact = Providers.strategy({ ...provider, issuerPolicy: { _tag: "exact" } })
        const error = yield* Effect.flip(Discovery.discover(exact, provider.issuer))
        assert.strictEqual(outcomeOf(error), "Refused")
      }).pipe(Effect.provide(layer)))
  }

  it("the template of Entra's common document covers its tenants, and no other issuer of Microsoft", () => {
    const { issuerPolicy } = Providers.fetchOptions(Providers.entraCommon)
    const asked = Providers.entraCommon.issuer
    assert.isTrue(issuerPolicy.accepts({ asked, answered: Providers.entraV2.issuer }))
    assert.isFalse(issuerPolicy.accepts({ asked, answered: published(Providers.entraV1.documents[0].json) }))
  })
})

describe("split metadata", () => {
  const userinfo = Purpose.make(
    "userinfo",
    ({ userinfoEndpoint }) => userinfoEndpoint === undefined ? ["userinfo_endpoint"] : []
  )

  interface Split {
    readonly provider: Providers.Provider
    readonly strategy: Discovery.Strategy
    readonly verification: string
    readonly authorization: string
    readonly both: Purpose.Purpose
    readonly merged: ReadonlyArray<string>
    readonly members: ReadonlyArray<string>
  }

  const splits: ReadonlyArray<Split> = [
    {
      provider: Providers.github,
      strategy: Discovery.mcp,
      verification: "https://github.com/login/oauth/.well-known/openid-configuration",
      authorization: "https://github.com/.well-known/oauth-authorization-server/login/oauth",
      both: Purpose.all(Purpose.verification, Purpose.authorization),
      merged: [
        "https://github.com/.well-known/oauth-authorization-server/login/oauth",
        "https://github.com/login/oauth/.well-known/openid-configuration"
      ],
      members: ["code_challenge_methods_supported", "jwks_uri", "subject_types_supported"]
    },
    {
      provider: Providers.workos,
      // The key set is in both documents, so only an order that begins with OpenID distinguishes the purposes.
      strategy: Discovery.orElse(Discovery.oidc, Discovery.oauth),
      verification: "https://example-tenant.authkit.app/.well-known/openid-configuration",
      authorization: "https://example-tenant.authkit.app/.well-known/oauth-authorization-server",
      both: Purpose.all(Purpose.authorization, userinfo),
      merged: [
        "https://example-tenant.authkit.app/.well-known/openid-configuration",
        "https://example-tenant.authkit.app/.well-known/oauth-authorization-server"
      ],
      members: ["code_challenge_methods_supported", "registration_endpoint", "userinfo_endpoint"]
    }
  ]

  for (const { authorization, both: purpose, members, merged, provider, strategy, verification } of splits) {
    it.effect(`${provider.name}: each purpose finds its document`, () =>
      Effect.gen(function*() {
        const verifying = yield* Discovery.discover(strategy, provider.issuer, { purpose: Purpose.verification })
        assert.deepStrictEqual(verifying.locations, [verification])
        assert.isDefined(verifying.metadata.jwksUri)
        const authorizing = yield* Discovery.discover(strategy, provider.issuer, { purpose: Purpose.authorization })
        assert.deepStrictEqual(authorizing.locations, [authorization])
        assert.deepStrictEqual(authorizing.metadata.codeChallengeMethodsSupported, ["S256"])
      }).pipe(Effect.provide(Providers.layer(provider))))

    it.effect(`${provider.name}: no single document serves both purposes, and the merged one does`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Discovery.discover(strategy, provider.issuer, { purpose }))
        assert.strictEqual(outcomeOf(error), "Incomplete")
        const config = yield* Discovery.discover(strategy, provider.issuer, { purpose, mergeDocuments: true })
        assert.deepStrictEqual(config.locations, merged)
        assert.deepStrictEqual(config.oddities.map(({ code }) => code), ["documents_merged"])
        assert.containsAllKeys(yield* Schema.encodeEffect(codec)(config.metadata), members)
        assert.deepStrictEqual(codesOf(config), [])
      }).pipe(Effect.provide(Providers.layer(provider))))
  }

  it.effect("GitHub's OpenID document alone cannot start authorization", () =>
    Effect.gen(function*() {
      const options = { purpose: Purpose.authorization }
      const { attempts } = yield* Discovery.search(Discovery.oidc, Providers.github.issuer, options)
      assert.deepStrictEqual(attempts.map(({ error }) => error?._tag), ["IncompleteMetadata"])
    }).pipe(Effect.provide(Providers.layer(Providers.github))))
})

describe("the network of a record", () => {
  const status = (url: string) => Effect.map(HttpClient.get(url), ({ status }) => status)

  for (const [name, provider, { json, url }] of documents) {
    it.effect(`${name}: serves the document at its URL, as JSON`, () =>
      Effect.gen(function*() {
        const response = yield* HttpClient.get(url)
        assert.strictEqual(response.status, 200)
        assert.strictEqual(response.headers["content-type"], "application/json")
        assert.deepStrictEqual(yield* response.json, json)
      }).pipe(Effect.provide(Providers.layer(provider))))
  }

  it.effect("serves nothing at another URL of its hosts, even if only the query differs", () =>
    Effect.gen(function*() {
      const tenant = "https://example-tenant.b2clogin.com/example-tenant.onmicrosoft.com"
      const wellKnown = `${tenant}/v2.0/.well-known/openid-configuration`
      assert.strictEqual(yield* status(`${wellKnown}?p=b2c_1_signin`), 200)
      assert.strictEqual(yield* status(`${wellKnown}?p=b2c_1_signup`), 404)
      assert.strictEqual(yield* status(wellKnown), 404)
      assert.strictEqual(yield* status(`${tenant}/jwks`), 404)
      assert.strictEqual(yield* status("https://example-tenant.b2clogin.com/"), 404)
    }).pipe(Effect.provide(Providers.layer(Providers.azureB2C))))

  it.effect("has the issuer's host, even if its documents are on another host", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* status("https://oauth.platform.intuit.com/op/v1"), 404)
      assert.strictEqual(yield* status("https://developer.api.intuit.com/.well-known/openid_configuration"), 200)
    }).pipe(Effect.provide(Providers.layer(Providers.intuit))))

  it.effect("has no host of another provider", () =>
    Effect.gen(function*() {
      const { reason } = yield* Effect.flip(status("https://github.com/.well-known/openid-configuration"))
      if (reason._tag !== "TransportError") return assert.fail(reason._tag)
      assert.propertyVal(reason.cause, "code", "ENOTFOUND")
    }).pipe(Effect.provide(Providers.layer(Providers.google))))
})
