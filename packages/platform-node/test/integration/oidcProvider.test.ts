import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { serveJson } from "@effect-mcp-auth/examples/loopback"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import type { ClientOptions } from "@modelcontextprotocol/client"
import { Effect, Schema } from "effect"
import { decodeJwt } from "jose"
import { live } from "./support/live.ts"
import { accessTokenOf, addNote, clientIdOf, whoAmI } from "./support/logins.ts"
import { ask, getJson, postForm } from "./support/requests.ts"

interface Mode {
  readonly name: string
  readonly options: ClientOptions
  /** The revision that client and server then use. */
  readonly speaks: string
}

const modes: ReadonlyArray<Mode> = [
  { name: "legacy", options: { versionNegotiation: { mode: "legacy" } }, speaks: "2025-11-25" },
  { name: "auto", options: { versionNegotiation: { mode: "auto" } }, speaks: "2026-07-28" },
  { name: "pinned", options: { versionNegotiation: { mode: { pin: "2026-07-28" } } }, speaks: "2026-07-28" }
]

const older: ReadonlyArray<Mode> = ["2025-06-18", "2025-03-26"].map((speaks) => ({
  name: "legacy, offering no later revision",
  options: { versionNegotiation: { mode: "legacy" }, supportedProtocolVersions: [speaks] },
  speaks
}))

const ProtectedResource = Schema.Struct({
  resource: Schema.String,
  authorization_servers: Schema.Array(Schema.String),
  scopes_supported: Schema.Array(Schema.String)
})

describe.concurrent("oidc-provider and the official SDK 2.x", () => {
  live("the challenge leads to the metadata, which leads to the provider", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { resource } = yield* serveNotes({ issuer })
      const { challenge = "", status } = yield* ask(resource)
      assert.strictEqual(status, 401)
      const [, metadataUrl = ""] = /resource_metadata="([^"]+)"/.exec(challenge) ?? []
      assert.strictEqual(challenge, `Bearer scope="notes:read", resource_metadata="${metadataUrl}"`)
      assert.deepStrictEqual(yield* getJson(metadataUrl, ProtectedResource), {
        resource,
        authorization_servers: [issuer],
        scopes_supported: ["notes:read", "notes:write"]
      })
    }))

  for (const { name, options, speaks } of [...modes, ...older]) {
    live(`${name} (${speaks}): registers, logs in, and calls a tool that returns ada`, () =>
      Effect.gen(function*() {
        const { issuer } = yield* EmbeddedProvider.start()
        const { resource } = yield* serveNotes({ issuer })
        const { client, user } = yield* SdkClient.connect(resource, new ScriptedUser(), options)
        assert.strictEqual(client.getNegotiatedProtocolVersion(), speaks)
        const caller = yield* whoAmI(client)
        assert.strictEqual(caller.subject, "ada")
        assert.strictEqual(caller.client, clientIdOf(user))
        assert.include(caller.scopes, "notes:read")
        assert.deepStrictEqual(user.story.slice(0, 2), [
          `registered as the client ${caller.client}`,
          `the user is sent to ${issuer}/auth, logs in and consents`
        ])
        assert.strictEqual(decodeJwt(accessTokenOf(user)).aud, resource)
      }))
  }

  for (const { name, options, speaks } of modes) {
    live(
      `${name} (${speaks}): the client replaces an expired token automatically, and continues`,
      () =>
        Effect.gen(function*() {
          const { issuer } = yield* EmbeddedProvider.start()
          const { clock, resource } = yield* withClock(serveNotes({ issuer }))
          const { client, user } = yield* SdkClient.connect(resource, new ScriptedUser(), options)
          assert.strictEqual(yield* addNote(client), 1)
          const { sessionId } = client.transport ?? {}
          assert.strictEqual(sessionId === undefined, speaks >= "2026")
          const expired = accessTokenOf(user)
          clock.expire(user)
          const refused = yield* ask(resource, expired)
          assert.strictEqual(refused.status, 401)
          assert.include(refused.challenge, "error=\"invalid_token\"")
          // The same principal in the same session: its first note is still there.
          assert.strictEqual(yield* addNote(client), 2)
          assert.strictEqual(client.transport?.sessionId, sessionId)
          assert.notStrictEqual(accessTokenOf(user), expired)
          assert.match(user.story.at(-1) ?? "", /^refreshed a token/)
        })
    )
  }

  live("a client whose login was revoked logs in again", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { clock, resource } = yield* withClock(serveNotes({ issuer }))
      const { client, user } = yield* SdkClient.connect(resource)
      const revoked = yield* postForm(`${issuer}/token/revocation`, {
        client_id: clientIdOf(user),
        token: user.tokens()?.refresh_token ?? ""
      })
      assert.strictEqual(revoked, 200)
      clock.expire(user)
      yield* Effect.flip(SdkClient.callTool(client, "WhoAmI"))
      assert.strictEqual(user.tokens(), undefined)
      const again = yield* SdkClient.connect(resource, user)
      assert.strictEqual((yield* whoAmI(again.client)).subject, "ada")
    }))

  live("a client is identified by its published metadata document, without registration", () =>
    Effect.gen(function*() {
      const clientId = "https://client.example/oauth/client.json"
      const { origin } = yield* serveJson(() => ({
        "/oauth/client.json": { ...new ScriptedUser().clientMetadata, client_id: clientId }
      }))
      const { issuer } = yield* EmbeddedProvider.start({ clientDocuments: origin })
      const { resource } = yield* serveNotes({ issuer })
      const { client, user } = yield* SdkClient.connect(resource, new ScriptedUser({ clientMetadataUrl: clientId }))
      assert.deepInclude(yield* whoAmI(client), { subject: "ada", client: clientId })
      assert.strictEqual(user.story[0], `registered as the client ${clientId}`)
    }))
})
