import {
  ClientAuthentication,
  ClientRegistration,
  type CredentialStore,
  Grant,
  McpOAuth,
  type UserAgent
} from "@effect-mcp-auth/core"
import { Effect, type Layer, Redacted } from "effect"
import type { HttpClient } from "effect/http"
import { describe, expect, it } from "tstyche"

type Requirements<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never

const server = "https://api.test/mcp"
const user = Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "x" }) })
const service = Grant.clientCredentials({
  issuer: "https://as.test",
  clientId: "x",
  authentication: ClientAuthentication.clientSecretBasic("x", Redacted.make("s"))
})

describe("McpOAuth.layer", () => {
  it("needs a store, and a user agent for logins", () => {
    const layer = McpOAuth.layer({ server, grant: user })
    expect<Requirements<typeof layer>>().type.toBe<
      HttpClient.HttpClient | CredentialStore.CredentialStore | UserAgent.UserAgent
    >()
  })

  it("needs no user agent for client credentials, and for clients that never ask a user", () => {
    const layer = McpOAuth.layer({ server, grant: service })
    expect<Requirements<typeof layer>>().type.toBe<HttpClient.HttpClient | CredentialStore.CredentialStore>()
    const background = McpOAuth.layer({ server, grant: user, interactive: "never" })
    expect<Requirements<typeof background>>().type.toBe<HttpClient.HttpClient | CredentialStore.CredentialStore>()
  })

  it("does not run without its store", () => {
    const program = Effect.provide(Effect.void, McpOAuth.layer({ server, grant: service }))
    expect(Effect.runPromise).type.not.toBeCallableWith(program)
  })

  it("sends credentials only to an authorization server that is named, or by an option that says otherwise", () => {
    expect(Grant.clientCredentials).type.not.toBeCallableWith({
      clientId: "x",
      authentication: ClientAuthentication.none("x")
    })
    expect(Grant.clientCredentials).type.toBeCallableWith({
      clientId: "x",
      authentication: ClientAuthentication.none("x"),
      unsafeAnyIssuer: true
    })
  })
})
