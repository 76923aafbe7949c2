import { AuthorizationServer, Discovery, DiscoveryError, Purpose } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"

const issuer = "https://as.test"

const document = {
  issuer,
  jwks_uri: `${issuer}/jwks`,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  code_challenge_methods_supported: ["S256"]
}

/** A member that real providers publish in a form that no specification allows, and how the oddity describes its value. */
const optional: ReadonlyArray<readonly [string, Schema.Json, string]> = [
  ["authorization_endpoint", "urn:kubernetes:programmatic_authorization", "a string"],
  ["service_documentation", "TBD", "a string"],
  ["request_parameter_supported", "true", "a string"],
  ["claims_parameter_supported", 1, "a number"],
  ["scopes_supported", { read: "Read notes" }, "an object"],
  ["scopes_supported", ["read", 7], "an array"],
  ["token_endpoint_auth_methods_supported", "none", "a string"],
  ["registration_endpoint", "", "an empty string"],
  ["introspection_endpoint", "", "an empty string"],
  ["userinfo_endpoint", null, "null"],
  ["grant_types_supported", null, "null"],
  ["mtls_endpoint_aliases", { token_endpoint: "mtls" }, "an object"],
  ["op_tos_uri", false, "a boolean"]
]

const discover = (members: Schema.JsonObject, purpose?: Purpose.Purpose) =>
  Discovery.discover(
    Discovery.fromEffect("table", () => Effect.succeed({ ...document, ...members })),
    issuer,
    { purpose }
  )

const invalidMembers = (error: unknown) => {
  if (!(error instanceof DiscoveryError.DiscoveryFailed)) return assert.fail(String(error))
  const [attempt] = error.attempts
  if (!(attempt?.error instanceof DiscoveryError.InvalidMetadata)) return assert.fail(String(attempt?.error))
  return attempt.error.issues.map(({ member }) => member)
}

describe("an invalid member of a metadata document", () => {
  for (const [member, value, kind] of optional) {
    it.effect(`is ignored and reported if JWT verification does not need it: ${member} as ${kind}`, () =>
      Effect.gen(function*() {
        const config = yield* discover({ [member]: value }, Purpose.jwtVerification)
        assert.deepStrictEqual(config.oddities.map(({ code }) => code), ["member_ignored"])
        assert.include(
          config.oddities[0]?.message,
          `table: the member "${member}" is ignored. Its value is ${kind}, and is not valid (`
        )
        assert.strictEqual(config.metadata.jwksUri, document.jwks_uri)
        assert.notInclude(JSON.stringify(config.metadata), member)
      }))
  }

  const strict: ReadonlyArray<readonly [string, Purpose.Purpose, string, Schema.Json]> = [
    ["jwks_uri for JWT verification", Purpose.jwtVerification, "jwks_uri", "jwks"],
    ["jwks_uri for any purpose", Purpose.any, "jwks_uri", null],
    ["introspection_endpoint for introspection", Purpose.introspection, "introspection_endpoint", ""],
    ["token_endpoint for authorization", Purpose.authorization, "token_endpoint", 7],
    [
      "authorization_response_iss_parameter_supported for authorization",
      Purpose.authorization,
      "authorization_response_iss_parameter_supported",
      "true"
    ],
    [
      "authorization_response_iss_parameter_supported for authorization among other purposes",
      Purpose.all(Purpose.jwtVerification, Purpose.authorization),
      "authorization_response_iss_parameter_supported",
      null
    ]
  ]
  for (const [what, purpose, member, value] of strict) {
    it.effect(`makes the document unusable if the purpose needs it: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          invalidMembers(yield* Effect.flip(discover({ [member]: value, op_tos_uri: 7 }, purpose))).toSorted(),
          [member, "op_tos_uri"].toSorted()
        )
      }))
  }

  it.effect("never hides the valid member of another document that is merged", () =>
    Effect.gen(function*() {
      const { jwks_uri, ...first } = document
      const config = yield* Discovery.discover(
        Discovery.firstOf(
          Discovery.fromEffect("first", () => Effect.succeed({ ...first, scopes_supported: "read" })),
          Discovery.fromEffect("second", () => Effect.succeed({ issuer, jwks_uri, scopes_supported: ["read"] }))
        ),
        issuer,
        { purpose: Purpose.all(Purpose.jwtVerification, Purpose.authorization), mergeDocuments: true }
      )
      assert.deepStrictEqual(config.metadata.scopesSupported, ["read"])
      assert.deepStrictEqual(config.oddities.map(({ code }) => code), ["member_ignored", "documents_merged"])
    }))

  it.effect("does not stop a server whose provider publishes it", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const odd = Object.fromEntries(optional.map(([member, value]) => [member, value]))
      yield* provider.fault("metadata", Fault.document((document) => ({ ...document, ...odd })))
      const server = yield* AuthorizationServer.fetch(issuer)
      assert.strictEqual((yield* server.config).issuer, issuer)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
