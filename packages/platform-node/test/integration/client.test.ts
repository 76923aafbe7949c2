import * as EffectClient from "@effect-mcp-auth/examples/EffectClient"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { freePort, serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { decodeJwt } from "jose"
import * as BetterAuthProvider from "./support/BetterAuthProvider.ts"
import { live } from "./support/live.ts"
import { ask } from "./support/requests.ts"

/** A provider, and the notes that it protects. */
const providers = {
  "oidc-provider": Effect.gen(function*() {
    const { issuer } = yield* EmbeddedProvider.start()
    return { issuer, ...yield* withClock(serveNotes({ issuer })) }
  }),
  "better-auth": Effect.gen(function*() {
    // It knows its resources, so their ports are chosen first.
    const port = yield* freePort
    const { issuer } = yield* BetterAuthProvider.start({ resources: [`http://127.0.0.1:${port}/mcp`] })
    return { issuer, ...yield* withClock(serveNotes({ issuer, port })) }
  })
} as const

for (const [name, start] of Object.entries(providers)) {
  describe.concurrent(`Effect's McpClient with McpOAuth and ${name}`, () => {
    live("registers, logs in in the browser, and calls a tool that returns ada", () =>
      Effect.gen(function*() {
        const { issuer, resource } = yield* start
        const { call, pages, tokens } = yield* EffectClient.connect(resource)
        const { client, scopes = [], subject } = yield* call("WhoAmI")
        assert.strictEqual(subject, "ada")
        assert.include(scopes, "notes:read")
        assert.strictEqual(pages.length, 1)
        const [page] = pages
        assert.isTrue(page?.href.startsWith(`${issuer}/`) === true)
        assert.strictEqual(page?.searchParams.get("client_id"), client)
        assert.strictEqual(page?.searchParams.get("resource"), resource)
        const { aud, iss } = decodeJwt(tokens()?.access_token ?? "")
        assert.deepStrictEqual([iss, [aud].flat().includes(resource)], [issuer, true])
      }))

    live("refreshes an expired token by itself, and the user sees no other page", () =>
      Effect.gen(function*() {
        const { clock, resource } = yield* start
        const { addNote, pages, story, tokens } = yield* EffectClient.connect(resource)
        assert.strictEqual(yield* addNote, 1)
        for (const count of [2, 3, 4]) {
          const expired = tokens()?.access_token
          clock.expire({ tokens })
          assert.strictEqual((yield* ask(resource, expired)).status, 401)
          assert.strictEqual(yield* addNote, count)
          assert.notStrictEqual(tokens()?.access_token, expired)
        }
        assert.strictEqual(pages.length, 1)
        assert.strictEqual(story.filter(({ _tag }) => _tag === "TokenRefreshed").length, 3)
      }))

    live("goes on with the tokens in its files after a restart, without a login", () =>
      Effect.gen(function*() {
        const { resource } = yield* start
        const directory = yield* EffectClient.directory
        const first = yield* EffectClient.connect(resource, { directory })
        const second = yield* EffectClient.connect(resource, { directory, interactive: "never" })
        assert.deepStrictEqual(second.tokens(), first.tokens())
        assert.deepStrictEqual([yield* first.addNote, yield* second.addNote], [1, 2])
        assert.strictEqual(second.pages.length, 0)
      }))

    live("requests the scope that a tool requires in addition, and the call succeeds", () =>
      Effect.gen(function*() {
        const { resource } = yield* start
        const { addNote, call, pages } = yield* EffectClient.connect(resource)
        assert.strictEqual(yield* addNote, 1)
        assert.strictEqual((yield* call("ClearNotes")).count, 0)
        const asked = pages.map((page) => (page.searchParams.get("scope") ?? "").split(" "))
        assert.strictEqual(asked.length, 2)
        const [first = [], second = []] = asked
        assert.notInclude(first, "notes:write")
        assert.includeMembers(second, ["notes:read", "notes:write"])
        assert.strictEqual(yield* addNote, 1)
      }))

    live("logs out: the tokens are deleted, and the next call logs in again", () =>
      Effect.gen(function*() {
        const { resource } = yield* start
        const { addNote, oauth, pages, tokens } = yield* EffectClient.connect(resource)
        const old = tokens()?.access_token
        assert.deepStrictEqual(yield* oauth.logout, { revoked: true })
        assert.isUndefined(tokens())
        assert.strictEqual(yield* addNote, 1)
        assert.notStrictEqual(tokens()?.access_token, old)
        assert.strictEqual(pages.length, 2)
      }))
  })
}
