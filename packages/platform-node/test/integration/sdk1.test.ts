import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import type { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect } from "effect"
import { live } from "./support/live.ts"
import { accessTokenOf, clientIdOf, decodeCaller, decodeCount } from "./support/logins.ts"
import { ask } from "./support/requests.ts"
import * as Sdk1Client from "./support/Sdk1Client.ts"

const addNote = (client: Client) =>
  Effect.flatMap(Sdk1Client.callTool(client, "AddNote", { text: "a note" }), decodeCount)

describe.concurrent("oidc-provider and the official SDK 1.x", () => {
  live("registers, logs in, and calls a tool that returns ada", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { resource } = yield* serveNotes({ issuer })
      const { client, transport, user } = yield* Sdk1Client.connect(resource)
      assert.strictEqual(transport.protocolVersion, "2025-11-25")
      const caller = yield* Effect.flatMap(Sdk1Client.callTool(client, "WhoAmI"), decodeCaller)
      assert.deepStrictEqual(caller, {
        subject: "ada",
        client: clientIdOf(user),
        scopes: ["notes:read"]
      })
      assert.deepStrictEqual(user.story, [
        `registered as the client ${caller.client}`,
        `the user is sent to ${issuer}/auth, logs in and consents`,
        "got a token for the scopes \"notes:read\""
      ])
    }))

  live("the client replaces an expired token automatically, and its session continues", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { clock, resource } = yield* withClock(serveNotes({ issuer }))
      const { client, transport, user } = yield* Sdk1Client.connect(resource)
      assert.strictEqual(yield* addNote(client), 1)
      const { sessionId } = transport
      assert.isString(sessionId)
      const expired = accessTokenOf(user)
      clock.expire(user)
      assert.strictEqual((yield* ask(resource, expired)).status, 401)
      assert.strictEqual(yield* addNote(client), 2)
      assert.strictEqual(transport.sessionId, sessionId)
      assert.notStrictEqual(accessTokenOf(user), expired)
    }))
})
