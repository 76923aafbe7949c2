import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { type Duration, Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { live } from "./support/live.ts"
import { accessTokenOf, addNote, clientIdOf, whoAmI } from "./support/logins.ts"
import { ask, askUntil, postForm } from "./support/requests.ts"

/** The resource server, as a client of the provider. */
const client = { id: "notes-server", secret: randomBytes(16).toString("hex") }

const introspection = (cacheFor: Duration.Input, secret = client.secret) =>
  TokenVerifier.introspection({
    authentication: ClientAuthentication.clientSecretBasic(client.id, Redacted.make(secret)),
    cacheFor,
    clockTolerance: 0
  })

const revoke = (issuer: string, user: ScriptedUser) =>
  postForm(`${issuer}/token/revocation`, {
    client_id: clientIdOf(user),
    token: accessTokenOf(user)
  })

const looksLikeJwt = /^[\w-]+\.[\w-]+\.[\w-]+$/

describe.concurrent("oidc-provider and opaque tokens", () => {
  live(
    "the client logs in and calls a tool; once revoked, the token is refused when its cache entry has expired",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* EmbeddedProvider.start({ accessTokenFormat: "opaque", client })
        const { resource } = yield* serveNotes({ issuer, verifier: introspection("1 second") })
        const { client: sdk, user } = yield* SdkClient.connect(resource)
        assert.notMatch(accessTokenOf(user), looksLikeJwt)
        const caller = yield* whoAmI(sdk)
        assert.deepInclude(caller, { subject: "ada", client: clientIdOf(user) })
        assert.include(caller.scopes, "notes:read")
        assert.strictEqual(yield* revoke(issuer, user), 200)
        const { challenge } = yield* askUntil(401, resource, accessTokenOf(user))
        assert.include(challenge, "error=\"invalid_token\"")
      })
  )

  live("the client replaces an expired opaque token automatically, and continues", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start({
        accessTokenFormat: "opaque",
        client
      })
      // The cache entry ends when the token expires, whatever cacheFor is.
      const { clock, resource } = yield* withClock(serveNotes({ issuer, verifier: introspection("1 day") }))
      const { client: sdk, user } = yield* SdkClient.connect(resource)
      assert.strictEqual(yield* addNote(sdk), 1)
      const expired = accessTokenOf(user)
      clock.expire(user)
      assert.strictEqual((yield* ask(resource, expired)).status, 401)
      assert.strictEqual(yield* addNote(sdk), 2)
      assert.notStrictEqual(accessTokenOf(user), expired)
    }))

  live(
    "a token for another server of the provider, and one that was never issued, are refused",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* EmbeddedProvider.start({ accessTokenFormat: "opaque", client })
        const { resource } = yield* serveNotes({ issuer, verifier: introspection(0) })
        const other = yield* serveNotes({ issuer, verifier: introspection(0), path: "/other" })
        const { user } = yield* SdkClient.connect(other.resource)
        assert.strictEqual((yield* ask(other.resource, accessTokenOf(user))).status, 200)
        for (const token of [accessTokenOf(user), randomBytes(24).toString("hex"), "eyJhbGciOiJub25lIn0.e30.x"]) {
          const { challenge, status } = yield* ask(resource, token)
          assert.strictEqual(status, 401)
          assert.include(challenge, "error=\"invalid_token\"")
        }
      })
  )

  live(
    "a server with a wrong client secret answers 503, and not invalid_token",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* EmbeddedProvider.start({ accessTokenFormat: "opaque", client })
        const { resource } = yield* serveNotes({ issuer, verifier: introspection(0, "not the secret") })
        const user = new ScriptedUser()
        yield* SdkClient.logIn(resource, user)
        const { challenge, retryAfter, status } = yield* ask(resource, accessTokenOf(user))
        assert.strictEqual(status, 503)
        assert.strictEqual(challenge, undefined)
        assert.isAbove(Number(retryAfter), 0)
      })
  )

  live("firstOf(jwt, introspection) accepts both kinds of tokens from one provider", () =>
    Effect.gen(function*() {
      let accessTokenFormat: "jwt" | "opaque" = "jwt"
      const { issuer } = yield* EmbeddedProvider.start({ accessTokenFormat: () => accessTokenFormat, client })
      const verifier = TokenVerifier.firstOf(TokenVerifier.jwt(), introspection(0))
      const { resource } = yield* serveNotes({ issuer, verifier })
      const first = yield* SdkClient.connect(resource)
      accessTokenFormat = "opaque"
      const second = yield* SdkClient.connect(resource)
      assert.match(accessTokenOf(first.user), looksLikeJwt)
      assert.notMatch(accessTokenOf(second.user), looksLikeJwt)
      for (const { client, user } of [first, second]) {
        assert.deepInclude(yield* whoAmI(client), { subject: "ada", client: clientIdOf(user) })
      }
      // The provider can revoke only tokens that it stores: a JWT is valid until it expires.
      assert.strictEqual(yield* revoke(issuer, second.user), 200)
      assert.strictEqual((yield* ask(resource, accessTokenOf(second.user))).status, 401)
      assert.strictEqual((yield* ask(resource, accessTokenOf(first.user))).status, 200)
    }))
})
