import { AuthorizationServer, ClientAuthentication, IssuerPolicy, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { now, outcome, resource } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))
const methods: ReadonlyArray<TokenVerifier.Method> = [
  TokenVerifier.jwt(),
  TokenVerifier.introspection({ authentication })
]

/** A verifier for one server, found under an issuer policy. */
const verifierFor = Effect.fnUntraced(function*(
  method: TokenVerifier.Method,
  configured: string,
  issuerPolicy: IssuerPolicy.IssuerPolicy
) {
  yield* TestClock.setTime(now * 1000)
  const server = yield* AuthorizationServer.discover(configured, { type: "oidc", issuerPolicy })
  const verify = yield* method.make({ resource, authorizationServers: [server] })
  return (token: string) => verify(Redacted.make(token))
})

const tenant = "https://as.test/11111111-2222-3333-4444-555555555555/v2.0"
const template = "https://as.test/{tenantid}/v2.0"
const templated = IssuerPolicy.template(template)

interface Row {
  readonly configured: string
  readonly policy: IssuerPolicy.IssuerPolicy
  /** The issuer in the metadata document. */
  readonly document: string
  /** The issuer in the token. */
  readonly token: string
  readonly outcome: string
}

const rows: Readonly<Record<string, Row>> = {
  "rootSlash: the issuer of the document counts": {
    configured: "https://as.test/",
    policy: IssuerPolicy.rootSlash,
    document: "https://as.test",
    token: "https://as.test",
    outcome: "accepted"
  },
  "rootSlash: the configured issuer does not count if the document has another form": {
    configured: "https://as.test/",
    policy: IssuerPolicy.rootSlash,
    document: "https://as.test",
    token: "https://as.test/",
    outcome: "unknown-issuer iss"
  },
  "template: a tenant's issuer is accepted": {
    configured: "https://as.test/common/v2.0",
    policy: templated,
    document: template,
    token: tenant,
    outcome: "accepted"
  },
  "template: the template itself is refused": {
    configured: "https://as.test/common/v2.0",
    policy: templated,
    document: template,
    token: template,
    outcome: "unknown-issuer iss"
  },
  "template: two path segments are refused as a tenant": {
    configured: "https://as.test/common/v2.0",
    policy: templated,
    document: template,
    token: "https://as.test/a/b/v2.0",
    outcome: "unknown-issuer iss"
  },
  "template: a dot segment is refused as a tenant": {
    configured: "https://as.test/common/v2.0",
    policy: templated,
    document: template,
    token: "https://as.test/../v2.0",
    outcome: "unknown-issuer iss"
  },
  "template: another host is refused": {
    configured: "https://as.test/common/v2.0",
    policy: templated,
    document: template,
    token: "https://evil.test/a/v2.0",
    outcome: "unknown-issuer iss"
  },
  "template: another tenant is refused if the document names one tenant": {
    configured: tenant,
    policy: templated,
    document: tenant,
    token: "https://as.test/66666666-7777-8888-9999-000000000000/v2.0",
    outcome: "unknown-issuer iss"
  },
  "acceptAnyUnsafe: only the issuer of the document counts": {
    configured: "https://as.test",
    policy: IssuerPolicy.acceptAnyUnsafe,
    document: "https://other.test",
    token: "https://evil.test",
    outcome: "unknown-issuer iss"
  }
}

for (const method of methods) {
  describe(`${method.name}: issuers under a policy`, () => {
    for (const [rule, { configured, document, outcome: expected, policy, token }] of Object.entries(rows)) {
      it.effect(rule, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          yield* provider.fault("metadata", Fault.wrongIssuer(document))
          const verify = yield* verifierFor(method, configured, policy)
          assert.strictEqual(yield* outcome(verify(yield* provider.mint({ claims: { iss: token } }))), expected)
        }).pipe(Effect.provide(TestProvider.layer({ issuer: configured }))))
    }
  })
}

describe("a JWT of an issuer that no server can have", () => {
  const policies: Readonly<Record<string, AuthorizationServer.StrategyOptions>> = {
    "the policy template": { issuerPolicy: templated },
    "the policy rootSlash": { issuerPolicy: IssuerPolicy.rootSlash },
    "other token issuers": { tokenIssuers: ["https://sts.test"] }
  }
  for (const [rule, options] of Object.entries(policies)) {
    it.effect(`causes no request to a server with ${rule}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now * 1000)
        const provider = yield* TestProvider.TestProvider
        const issuer = "https://as.test/common/v2.0"
        const server = yield* AuthorizationServer.discover(issuer, options)
        const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
        // With `tokenIssuers`, the issuer of the metadata issues no tokens any more.
        for (const iss of ["https://evil.test", ...options.tokenIssuers === undefined ? [] : [issuer]]) {
          const token = Redacted.make(yield* provider.mint({ claims: { iss } }))
          assert.strictEqual(yield* outcome(verify(token)), "unknown-issuer iss")
        }
        assert.strictEqual(yield* provider.count(), 0)
      }).pipe(Effect.provide(TestProvider.layer({ issuer: "https://as.test/common/v2.0" }))))
  }
})
