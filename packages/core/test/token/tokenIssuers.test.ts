import { AuthorizationServer, ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { now, outcome, resource } from "./harness.ts"

const metadataIssuer = "https://fs.test/adfs"
const tokenIssuer = "http://fs.test/adfs/services/trust"
const moved = ["https://env.test/resources/res_1", "https://env.test"] as const
const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))

interface Row {
  readonly tokenIssuers: AuthorizationServer.TokenIssuers | undefined
  readonly iss: string
  readonly outcome: string
}

const rows: Readonly<Record<string, Row>> = {
  "accepts the issuer that AD FS names as access_token_issuer": {
    tokenIssuers: [tokenIssuer],
    iss: tokenIssuer,
    outcome: "accepted"
  },
  "refuses the issuer of the metadata in an access token of AD FS": {
    tokenIssuers: [tokenIssuer],
    iss: metadataIssuer,
    outcome: "unknown-issuer iss"
  },
  "compares token issuers character by character": {
    tokenIssuers: [tokenIssuer],
    iss: `${tokenIssuer}/`,
    outcome: "unknown-issuer iss"
  },
  "never reads a token issuer as a template": {
    tokenIssuers: ["https://fs.test/{tenant}"],
    iss: "https://fs.test/one",
    outcome: "unknown-issuer iss"
  },
  "accepts the new issuer of a provider that is changing it": {
    tokenIssuers: moved,
    iss: moved[0],
    outcome: "accepted"
  },
  "accepts the old issuer of a provider that is changing it": {
    tokenIssuers: moved,
    iss: moved[1],
    outcome: "accepted"
  },
  "refuses a third issuer of a provider that is changing it": {
    tokenIssuers: moved,
    iss: "https://env.test/resources/res_2",
    outcome: "unknown-issuer iss"
  },
  "never takes a token issuer from the document alone": {
    tokenIssuers: undefined,
    iss: tokenIssuer,
    outcome: "unknown-issuer iss"
  }
}

const verifierOf = Effect.fnUntraced(function*(
  method: TokenVerifier.Method,
  tokenIssuers: AuthorizationServer.TokenIssuers | undefined
) {
  yield* TestClock.setTime(now * 1000)
  const provider = yield* TestProvider.TestProvider
  yield* provider.fault(
    "metadata",
    Fault.document((document) => ({ ...document, access_token_issuer: tokenIssuer }))
  )
  const server = yield* AuthorizationServer.discover(metadataIssuer, { type: "oidc", tokenIssuers })
  const verify = yield* method.make({ resource, authorizationServers: [server] })
  return { provider, verify: (token: string) => verify(Redacted.make(token)) }
})

describe("a server whose access tokens have other issuers than its metadata", () => {
  for (const [rule, { iss, outcome: expected, tokenIssuers }] of Object.entries(rows)) {
    it.effect(`${rule}, in a JWT`, () =>
      Effect.gen(function*() {
        const { provider, verify } = yield* verifierOf(TokenVerifier.jwt(), tokenIssuers)
        const token = yield* provider.mint({ claims: { iss } })
        assert.strictEqual(yield* outcome(verify(token)), expected)
        // The second time, metadata and keys are in memory.
        assert.strictEqual(yield* outcome(verify(token)), expected)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: metadataIssuer }))))

    it.effect(`${rule}, in an introspection response`, () =>
      Effect.gen(function*() {
        const { provider, verify } = yield* verifierOf(TokenVerifier.introspection({ authentication }), tokenIssuers)
        const token = yield* provider.mintOpaque({ claims: { iss } })
        assert.strictEqual(yield* outcome(verify(token)), expected)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: metadataIssuer }))))
  }

  it.effect("expects one of its token issuers, and says so", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* verifierOf(TokenVerifier.jwt(), moved)
      const error = yield* Effect.flip(verify(yield* provider.mint()))
      if (error._tag !== "InvalidToken") return assert.fail(error._tag)
      assert.strictEqual(error.expected, moved.map((issuer) => JSON.stringify(issuer)).join(" or "))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: metadataIssuer }))))
})
