/**
 * Effect's own MCP client with `McpOAuth` and two real providers from packages of Debian. Their tests are skipped where they
 * are not installed.
 */
import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as EffectClient from "@effect-mcp-auth/examples/EffectClient"
import { withClock } from "@effect-mcp-auth/examples/movableClock"
import { freePort, serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { decodeJwt } from "jose"
import {
  because,
  glewlwydNeeds,
  lemonldapNeeds,
  missing,
  startGlewlwyd,
  startLemonldap
} from "./support/debianProviders.ts"
import { live } from "./support/live.ts"
import { ask } from "./support/requests.ts"

const providers = [
  {
    name: "Glewlwyd",
    lacking: missing(glewlwydNeeds),
    start: (resource: string, redirectUri: string) => startGlewlwyd([resource], redirectUri),
    scopes: undefined
  },
  {
    name: "LemonLDAP::NG",
    lacking: missing(lemonldapNeeds),
    start: startLemonldap,
    // It refuses requests without the scope openid, which neither the challenge nor the metadata of the resource names.
    scopes: ["openid", "notes:read"]
  }
] as const

/** A provider, the notes that it protects, and a client that is registered with the provider by hand. */
const connect = Effect.fnUntraced(function*({ scopes, start }: typeof providers[number]) {
  // Provider and client are configured with each other's URLs, so the ports are chosen first.
  const port = yield* freePort
  const redirectPort = yield* freePort
  const resource = `http://127.0.0.1:${port}/mcp`
  const { issuer, openPage } = yield* start(resource, `http://127.0.0.1:${redirectPort}/callback`)
  const { clock } = yield* withClock(serveNotes({ issuer, port }))
  const registration = ClientRegistration.preregistered({ issuer, clientId: "notes" })
  const client = yield* EffectClient.connect(resource, { openPage, redirectPort, registration, scopes })
  return { ...client, clock, issuer, resource }
})

for (const provider of providers) {
  const { lacking, name } = provider
  describe.skipIf(lacking !== undefined)(`Effect's McpClient with McpOAuth and ${name}${because(lacking)}`, () => {
    live("logs in on the pages of the provider, and calls a tool", () =>
      Effect.gen(function*() {
        const { call, issuer, pages, resource, tokens } = yield* connect(provider)
        const { client, scopes = [], subject } = yield* call("WhoAmI")
        const { aud, iss, sub } = decodeJwt(tokens()?.access_token ?? "")
        assert.deepStrictEqual([client, subject, iss], ["notes", sub, issuer])
        assert.include(scopes, "notes:read")
        assert.isTrue([aud].flat().includes(resource))
        assert.strictEqual(pages.length, 1)
      }))

    live("refreshes an expired token by itself, and the user sees no other page", () =>
      Effect.gen(function*() {
        const { addNote, clock, pages, resource, story, tokens } = yield* connect(provider)
        assert.strictEqual(yield* addNote, 1)
        for (const count of [2, 3]) {
          const expired = tokens()?.access_token
          clock.expire({ tokens })
          assert.strictEqual((yield* ask(resource, expired)).status, 401)
          assert.strictEqual(yield* addNote, count)
          assert.notStrictEqual(tokens()?.access_token, expired)
        }
        assert.strictEqual(pages.length, 1)
        assert.strictEqual(story.filter(({ _tag }) => _tag === "TokenRefreshed").length, 2)
      }))

    live("requests the scope that a tool requires in addition, and the call succeeds", () =>
      Effect.gen(function*() {
        const { addNote, call, pages } = yield* connect(provider)
        assert.strictEqual(yield* addNote, 1)
        assert.strictEqual((yield* call("ClearNotes")).count, 0)
        const asked = pages.map((page) => (page.searchParams.get("scope") ?? "").split(" "))
        assert.strictEqual(asked.length, 2)
        const [first = [], second = []] = asked
        assert.notInclude(first, "notes:write")
        assert.includeMembers(second, ["notes:read", "notes:write"])
        assert.strictEqual(yield* addNote, 1)
      }))
  })
}
