import { AuthorizationServer } from "@effect-mcp-auth/core"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { freePort, serveNotes } from "@effect-mcp-auth/examples/serve"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeJwt, decodeProtectedHeader } from "jose"
import * as BetterAuthProvider from "./support/BetterAuthProvider.ts"
import { live } from "./support/live.ts"
import { accessTokenOf, addNote, decodeCaller, whoAmI } from "./support/logins.ts"
import { ask, getJson } from "./support/requests.ts"
import * as Sdk1Client from "./support/Sdk1Client.ts"

/** A provider and a server that trusts it. The provider knows its resources, so their ports are chosen first. */
const start = Effect.fnUntraced(function*(
  options: Omit<Parameters<typeof serveNotes>[0], "issuer" | "port"> = {}
) {
  const port = yield* freePort
  const { issuer } = yield* BetterAuthProvider.start({ resources: [`http://127.0.0.1:${port}/mcp`] })
  const { resource } = yield* serveNotes({ ...options, issuer, port })
  return { issuer, resource }
})

const KeySet = Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Json)) })

describe.concurrent("better-auth", () => {
  live("is discovered without repairs, at the inserted form of its issuer's path", () =>
    Effect.gen(function*() {
      const { issuer } = yield* BetterAuthProvider.start({ resources: [] })
      const server = yield* AuthorizationServer.discover(issuer, { allowInsecureLoopback: true })
      const { locations, metadata, repairs } = yield* server.config
      const { origin, pathname } = new URL(issuer)
      assert.strictEqual(pathname, "/api/auth")
      assert.deepStrictEqual(locations, [`${origin}/.well-known/oauth-authorization-server/api/auth`])
      assert.deepStrictEqual(repairs, [])
      assert.strictEqual(metadata.issuer, issuer)
    }).pipe(Effect.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))))

  live("signs with EdDSA, with keys that have neither use nor alg", () =>
    Effect.gen(function*() {
      const { issuer, resource } = yield* start()
      const { user } = yield* SdkClient.connect(resource)
      const { keys: [key] } = yield* getJson(`${issuer}/jwks`, KeySet)
      assert.deepInclude(key, { kty: "OKP", crv: "Ed25519", alg: "EdDSA" })
      assert.notProperty(key, "use")
      const token = accessTokenOf(user)
      const { alg, kid } = decodeProtectedHeader(token)
      assert.deepStrictEqual([alg, kid], ["EdDSA", key?.["kid"]])
      const { aud, iss, sub } = decodeJwt(token)
      assert.deepStrictEqual([iss, aud, sub], [issuer, resource, "ada"])
    }))

  for (const mode of ["legacy", "auto"] as const) {
    live(`the official SDK 2.x (${mode}) logs in, and calls a tool that returns ada`, () =>
      Effect.gen(function*() {
        const { issuer, resource } = yield* start()
        const { client, user } = yield* SdkClient.connect(resource, new ScriptedUser(), {
          versionNegotiation: { mode }
        })
        const caller = yield* whoAmI(client)
        assert.strictEqual(caller.subject, "ada")
        assert.deepStrictEqual(user.story.slice(0, 2), [
          `registered as the client ${caller.client}`,
          `the user is sent to ${issuer}/oauth2/authorize, logs in and consents`
        ])
      }))
  }

  live("the official SDK 1.x logs in, and calls a tool that returns ada", () =>
    Effect.gen(function*() {
      const { resource } = yield* start()
      const { client } = yield* Sdk1Client.connect(resource)
      assert.strictEqual((yield* Effect.flatMap(Sdk1Client.callTool(client, "WhoAmI"), decodeCaller)).subject, "ada")
    }))

  live("the client replaces an expired token automatically, and continues", () =>
    Effect.gen(function*() {
      const { clock, resource } = yield* withClock(start())
      const { client, user } = yield* SdkClient.connect(resource)
      assert.strictEqual(yield* addNote(client), 1)
      const expired = accessTokenOf(user)
      clock.expire(user)
      assert.strictEqual((yield* ask(resource, expired)).status, 401)
      assert.strictEqual(yield* addNote(client), 2)
      assert.notStrictEqual(accessTokenOf(user), expired)
    }))
})
