import { AuthorizationServerMetadata, Validation } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

/** A document without any finding, in any revision. */
const conforming = {
  issuer: "https://as.test/t1",
  authorization_endpoint: "https://as.test/authorize",
  token_endpoint: "https://as.test/token",
  jwks_uri: "https://as.test/jwks",
  registration_endpoint: "https://as.test/register",
  scopes_supported: ["openid", "offline_access"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  token_endpoint_auth_methods_supported: ["none"],
  code_challenge_methods_supported: ["S256"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
  resource_indicators_supported: true
}

type Changes = Readonly<Record<string, Schema.Json | undefined>>

const decode = Schema.decodeUnknownEffect(AuthorizationServerMetadata.AuthorizationServerMetadata)

const report = (changes: Changes, options?: Validation.Options & { readonly type?: "oauth" | "oidc" }) =>
  Effect.map(
    decode(
      Object.fromEntries(Object.entries({ ...conforming, ...changes }).filter(([, value]) => value !== undefined))
    ),
    (metadata) => Validation.validate({ type: options?.type ?? "oauth", metadata }, options)
  )

interface Row {
  readonly what: string
  readonly changes: Changes
  readonly type?: "oauth" | "oidc"
  readonly errors?: ReadonlyArray<string>
  readonly warnings?: ReadonlyArray<string>
}

const rows: ReadonlyArray<Row> = [
  { what: "a conforming document breaks no rule", changes: {} },
  { what: "a conforming OpenID document breaks no rule", changes: {}, type: "oidc" },
  {
    what: "an authorization endpoint is required",
    changes: { authorization_endpoint: undefined },
    errors: ["invalid_server_metadata"]
  },
  { what: "a token endpoint is required", changes: { token_endpoint: undefined }, errors: ["invalid_server_metadata"] },
  {
    what: "response types are required",
    changes: { response_types_supported: undefined },
    errors: ["invalid_server_metadata"]
  },
  {
    what: "OpenID requires subject types, an OAuth document does not",
    changes: { subject_types_supported: undefined },
    type: "oidc",
    warnings: ["openid_member_missing"]
  },
  { what: "OAuth requires no subject types", changes: { subject_types_supported: undefined } },
  {
    what: "OpenID requires signing algorithms",
    changes: { id_token_signing_alg_values_supported: undefined },
    type: "oidc",
    warnings: ["openid_member_missing"]
  },
  {
    what: "OpenID requires a key set",
    changes: { jwks_uri: undefined },
    type: "oidc",
    warnings: ["openid_member_missing", "jwks_uri_missing"]
  },
  { what: "an issuer without a scheme is an error", changes: { issuer: "as.test" }, errors: ["invalid_issuer"] },
  {
    what: "an issuer with a query is an error",
    changes: { issuer: "https://as.test/?t=1" },
    errors: ["invalid_issuer"]
  },
  { what: "an http issuer is an error", changes: { issuer: "http://as.test" }, errors: ["invalid_issuer"] },
  { what: "an http issuer on loopback is no error", changes: { issuer: "http://127.0.0.1:1" } },
  { what: "a template of issuers is no error", changes: { issuer: "https://as.test/{tenantid}/v2.0" } },
  { what: "OAuth works without a key set", changes: { jwks_uri: undefined }, warnings: ["jwks_uri_missing"] },
  {
    what: "an http endpoint is an error",
    changes: { token_endpoint: "http://as.test/token" },
    errors: ["insecure_endpoint"]
  },
  {
    what: "an http endpoint behind a mutual-TLS alias is an error",
    changes: { mtls_endpoint_aliases: { token_endpoint: "http://mtls.as.test/token" } },
    errors: ["insecure_endpoint"]
  },
  {
    what: "an http endpoint on loopback is a warning",
    changes: { token_endpoint: "http://127.0.0.1/token" },
    warnings: ["insecure_loopback_endpoint"]
  },
  {
    what: "the unsigned algorithm is a warning",
    changes: { id_token_signing_alg_values_supported: ["RS256", "none"] },
    warnings: ["weak_algorithm_advertised"]
  },
  ...["dpop", "revocation_endpoint_auth", "introspection_endpoint_auth", "token_endpoint_auth", "userinfo"].map((
    what
  ) => ({
    what: `a shared-secret algorithm is a warning, also for ${what}`,
    changes: { [`${what}_signing_alg_values_supported`]: ["ES256", "HS256"] },
    warnings: ["weak_algorithm_advertised"]
  })),
  {
    what: "a shared-secret algorithm is a warning",
    changes: { id_token_signing_alg_values_supported: ["HS256"] },
    warnings: ["weak_algorithm_advertised"]
  },
  {
    what: "an issuer with a root slash, beside endpoints of the same origin, is a warning",
    changes: { issuer: "https://as.test/" },
    warnings: ["issuer_root_slash"]
  },
  { what: "an issuer with a path and a slash is no warning", changes: { issuer: "https://as.test/t1/" } },
  { what: "a root slash of another origin is no warning", changes: { issuer: "https://id.test/" } },
  {
    what: "code must be among the response types",
    changes: { response_types_supported: ["token", "id_token"] },
    errors: ["code_response_type_not_supported"]
  },
  {
    what: "code with an ID token does not count as code",
    changes: { response_types_supported: ["code id_token"] },
    errors: ["code_response_type_not_supported"]
  },
  {
    what: "the authorization code grant must be among the grants",
    changes: { grant_types_supported: ["client_credentials"] },
    errors: ["authorization_code_grant_not_supported"]
  },
  { what: "absent grant types have their default", changes: { grant_types_supported: undefined } },
  {
    what: "absent PKCE is an error",
    changes: { code_challenge_methods_supported: undefined },
    errors: ["pkce_not_supported"]
  },
  {
    what: "PKCE without S256 is an error",
    changes: { code_challenge_methods_supported: ["plain"] },
    errors: ["s256_code_challenge_method_not_supported"]
  },
  {
    what: "authorization responses without iss are a warning",
    changes: { authorization_response_iss_parameter_supported: undefined },
    warnings: ["authorization_response_iss_not_supported"]
  },
  {
    what: "a missing offline_access is a warning",
    changes: { scopes_supported: ["openid"] },
    warnings: ["offline_access_not_supported"]
  },
  { what: "absent scopes are no warning", changes: { scopes_supported: undefined } },
  {
    what: "unknown support of resource indicators is a warning",
    changes: { resource_indicators_supported: undefined },
    warnings: ["resource_indicators_unknown"]
  },
  {
    what: "a list of protected resources implies resource indicators",
    changes: { resource_indicators_supported: undefined, protected_resources: ["https://api.test/mcp"] }
  },
  {
    what: "no registration method is a warning",
    changes: { registration_endpoint: undefined, client_id_metadata_document_supported: undefined },
    warnings: ["dynamic_registration_not_supported", "client_registration_unavailable"]
  },
  { what: "client ID metadata documents alone are no warning", changes: { registration_endpoint: undefined } },
  {
    what: "dynamic registration alone is a warning",
    changes: { client_id_metadata_document_supported: undefined },
    warnings: ["dynamic_registration_only"]
  },
  {
    what: "no public clients is a warning",
    changes: { token_endpoint_auth_methods_supported: ["client_secret_basic"] },
    warnings: ["public_clients_not_supported"]
  },
  {
    what: "absent authentication methods have their default, which excludes public clients",
    changes: { token_endpoint_auth_methods_supported: undefined },
    warnings: ["public_clients_not_supported"]
  }
]

const codes = (findings: ReadonlyArray<{ readonly code: string }>) => findings.map(({ code }) => code)

describe("the validation rules", () => {
  for (const { changes, errors = [], type, warnings = [], what } of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const result = yield* report(changes, type === undefined ? {} : { type })
        assert.deepStrictEqual(codes(result.errors), errors)
        assert.deepStrictEqual(codes(result.warnings), warnings)
      }))
  }

  it("are each broken by a row", () => {
    const broken = new Set(rows.flatMap(({ errors = [], warnings = [] }) => [...errors, ...warnings]))
    assert.deepStrictEqual([...broken].toSorted(), codes(Validation.rules).toSorted())
  })

  it("have unique codes, and a reference", () => {
    assert.strictEqual(new Set(codes(Validation.rules)).size, Validation.rules.length)
    for (const { reference } of Validation.rules) {
      assert.match(typeof reference === "string" ? reference : reference("2025-03-26"), /^https:\/\/.+#./)
    }
  })

  const absent = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "grant_types_supported",
    "token_endpoint_auth_methods_supported",
    "id_token_signing_alg_values_supported",
    "authorization_response_iss_parameter_supported",
    "client_id_metadata_document_supported",
    "scopes_supported",
    "response_types_supported"
  ]
  const unjudged: ReadonlyArray<readonly [what: string, changes: Changes, code: string]> = [
    ["there is no endpoint", Object.fromEntries(absent.map((member) => [member, undefined])), "insecure_endpoint"],
    ["all endpoints are on loopback", {
      ...Object.fromEntries(absent.map((member) => [member, undefined])),
      jwks_uri: "http://127.0.0.1/jwks"
    }, "insecure_endpoint"],
    [
      "there is no endpoint on loopback or elsewhere",
      Object.fromEntries(absent.map((member) => [member, undefined])),
      "insecure_loopback_endpoint"
    ],
    [
      "a root slash has no endpoint to be compared with",
      { ...Object.fromEntries(absent.map((member) => [member, undefined])), issuer: "https://as.test/" },
      "issuer_root_slash"
    ],
    [
      "no signing algorithm is listed",
      { id_token_signing_alg_values_supported: undefined },
      "weak_algorithm_advertised"
    ],
    [
      "client ID metadata documents replace registration",
      { registration_endpoint: undefined },
      "dynamic_registration_not_supported"
    ],
    [
      "there is no token endpoint for public clients",
      { token_endpoint: undefined, token_endpoint_auth_methods_supported: undefined },
      "public_clients_not_supported"
    ],
    [
      "there is no authorization endpoint for the default grants",
      { authorization_endpoint: undefined, grant_types_supported: undefined },
      "authorization_code_grant_not_supported"
    ],
    [
      "there is no authorization endpoint whose responses could name the issuer",
      { authorization_endpoint: undefined, authorization_response_iss_parameter_supported: undefined },
      "authorization_response_iss_not_supported"
    ]
  ]
  for (const [what, changes, code] of unjudged) {
    it.effect(`report ${code} as not applicable and not as a success, because ${what}`, () =>
      Effect.gen(function*() {
        const { errors, notApplicable, successes, warnings } = yield* report(changes)
        assert.include(codes(notApplicable), code)
        assert.notInclude(codes([...errors, ...warnings, ...successes]), code)
      }))
  }

  it.effect("are each either broken, fulfilled or not applicable", () =>
    Effect.forEach(rows, ({ changes, type }) =>
      Effect.gen(function*() {
        const { errors, notApplicable, successes, warnings } = yield* report(
          changes,
          type === undefined ? {} : { type }
        )
        assert.deepStrictEqual(
          codes([...errors, ...warnings, ...successes, ...notApplicable]).toSorted(),
          codes(Validation.rules).toSorted()
        )
      })))

  it.effect("say what to do, and name the place", () =>
    Effect.gen(function*() {
      const { errors } = yield* report({ code_challenge_methods_supported: undefined })
      assert.deepStrictEqual(errors, [{
        code: "pkce_not_supported",
        message: "code_challenge_methods_supported is absent, which means that PKCE is not supported",
        advice: "clients reject such a server; if the provider is known to enforce PKCE, add the repair \"pkce\" " +
          "(Repairs.pkce; command line: --repair pkce)",
        reference: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization" +
          "#authorization-code-protection"
      }])
    }))
})

describe("MCP revisions", () => {
  const broken = {
    authorization_response_iss_parameter_supported: undefined,
    scopes_supported: ["openid"],
    resource_indicators_supported: undefined,
    client_id_metadata_document_supported: undefined
  }
  const expected: ReadonlyArray<readonly [Validation.Revision, ReadonlyArray<string>]> = [
    ["2025-03-26", []],
    ["2025-06-18", ["resource_indicators_unknown"]],
    ["2025-11-25", ["offline_access_not_supported", "resource_indicators_unknown"]],
    ["2026-07-28", [
      "authorization_response_iss_not_supported",
      "offline_access_not_supported",
      "resource_indicators_unknown",
      "dynamic_registration_only"
    ]]
  ]
  for (const [revision, warnings] of expected) {
    it.effect(`${revision} has the rules that existed by then`, () =>
      Effect.gen(function*() {
        const result = yield* report(broken, { revision })
        assert.strictEqual(result.revision, revision)
        assert.deepStrictEqual(codes(result.warnings), warnings)
      }))
  }

  it.effect("before 2025-11-25 do not accept client ID metadata documents instead of registration", () =>
    Effect.gen(function*() {
      const documents = { registration_endpoint: undefined }
      const before = yield* report(documents, { revision: "2025-06-18" })
      assert.deepStrictEqual(codes(before.warnings), ["dynamic_registration_not_supported"])
      assert.deepStrictEqual((yield* report(documents, { revision: "2025-11-25" })).warnings, [])
    }))

  it.effect("determine the page of a reference", () =>
    Effect.gen(function*() {
      const { errors } = yield* report({ code_challenge_methods_supported: undefined }, { revision: "2025-06-18" })
      assert.include(errors[0]?.reference, "/specification/2025-06-18/")
    }))

  it.effect("default to the newest one", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* report({})).revision, "2026-07-28")
    }))
})

describe("validateServerConfig", () => {
  const subject = (changes: Changes) =>
    Effect.map(decode({ ...conforming, ...changes }), (metadata) => ({ type: "oauth" as const, metadata }))

  it.effect("returns the report if there are only warnings", () =>
    Effect.gen(function*() {
      const result = yield* Validation.validateServerConfig(yield* subject({ scopes_supported: ["openid"] }))
      assert.deepStrictEqual(codes(result.warnings), ["offline_access_not_supported"])
    }))

  it.effect("fails with the report, and says what to do", () =>
    Effect.gen(function*() {
      const config = yield* subject({ code_challenge_methods_supported: ["plain"] })
      const error = yield* Effect.flip(Validation.validateServerConfig(config))
      assert.strictEqual(error._tag, "InvalidServerConfig")
      assert.deepStrictEqual(codes(error.report.errors), ["s256_code_challenge_method_not_supported"])
      assert.include(error.message, "enable S256 at the provider")
      assert.include(error.message, "\"https://as.test/t1\" does not meet MCP 2026-07-28")
    }))

  it.effect("can have rules added and removed", () =>
    Effect.gen(function*() {
      const own = Validation.rule({
        code: "not_ours",
        severity: "error",
        since: "2025-03-26",
        reference: "https://example.com/policy#providers",
        holds: "the provider is ours",
        advice: "ask the platform team",
        check: ({ metadata }) => metadata.issuer.includes("ours") ? "holds" : "the provider is another one"
      })
      const rules = [...Validation.without(Validation.rules, ["pkce_not_supported"]), own]
      const { errors } = yield* report({ code_challenge_methods_supported: undefined }, { rules })
      assert.deepStrictEqual(codes(errors), ["not_ours"])
    }))
})
