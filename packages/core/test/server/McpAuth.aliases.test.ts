import { McpAuth, Policy, ScopeHierarchy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema } from "effect"
import { buildError, callTool, type Handle, options, send, server, start } from "./harness.ts"

const [first, second, third] = ["https://api.test/mcp", "https://tools.test/mcp", "https://tools.test/v2/mcp"] as const
const started = start({ resource: first, resourceAliases: [second] })

const metadataOf = (url: string) =>
  `${new URL(url).origin}/.well-known/oauth-protected-resource${new URL(url).pathname}`

const decodeResource = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ resource: Schema.String })))

const resourceAt = (handle: Handle, url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(
    send(handle, url, { headers }),
    ({ body }) => Effect.map(decodeResource(body), ({ resource }) => resource)
  )

const statusOf = (handle: Handle, audience: string, url: string) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const token = yield* provider.mint({ claims: { aud: audience } })
    return (yield* callTool(handle, token, "WhoAmI", url)).status
  })

describe("a resource under several names", () => {
  it.effect("publishes the metadata of each name at its host", () =>
    Effect.gen(function*() {
      const { handle } = yield* started
      assert.strictEqual(yield* resourceAt(handle, metadataOf(first)), first)
      assert.strictEqual(yield* resourceAt(handle, metadataOf(second)), second)
      assert.strictEqual(yield* resourceAt(handle, "https://tools.test/.well-known/oauth-protected-resource"), second)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const hosts: ReadonlyArray<readonly [host: string, resource: string]> = [
    ["tools.test", second],
    ["TOOLS.test", second],
    ["tools.test:443", second],
    ["api.test", first],
    ["tools.test:8443", first],
    ["tools.test.evil.test", first],
    ["evil.test", first],
    ["", first],
    ["tools.test@evil.test", first],
    ["evil.test/@tools.test", first],
    ["[::1]", first]
  ]
  for (const [host, resource] of hosts) {
    it.effect(`never has another name than a configured one: Host ${JSON.stringify(host)} gets ${resource}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* started
        assert.strictEqual(yield* resourceAt(handle, metadataOf(first), { host }), resource)
        const challenge = (yield* send(handle, first, { method: "POST", headers: { host } })).headers.get(
          "www-authenticate"
        )
        assert.include(challenge, `resource_metadata="${metadataOf(resource)}"`)
        assert.notInclude(challenge, "evil")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("accepts at each host the tokens for its name alone", () =>
    Effect.gen(function*() {
      const { handle } = yield* started
      for (const url of [first, second]) {
        for (const audience of [first, second]) {
          const expected = url === audience ? 200 : 401
          assert.strictEqual(yield* statusOf(handle, audience, url), expected)
          // A remembered token is good for its own name only.
          assert.strictEqual(yield* statusOf(handle, audience, url), expected)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("never accepts a token that another name has remembered", () =>
    Effect.gen(function*() {
      const { handle } = yield* started
      const token = yield* (yield* TestProvider.TestProvider).mint({ claims: { aud: first } })
      for (let times = 0; times < 3; times++) {
        assert.strictEqual((yield* callTool(handle, token, "WhoAmI", first)).status, 200)
        assert.strictEqual((yield* callTool(handle, token, "WhoAmI", second)).status, 401)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("names in the challenge of a refused tool the metadata of the host", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({
        resource: first,
        resourceAliases: [second],
        policy: Policy.scopes("notes:delete")
      })
      const token = yield* (yield* TestProvider.TestProvider).mint({ claims: { aud: second } })
      const { headers, status } = yield* callTool(handle, token, "WhoAmI", second)
      assert.strictEqual(status, 403)
      assert.include(headers.get("www-authenticate"), `resource_metadata="${metadataOf(second)}"`)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is chosen by its path if several names have one host", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ resource: second, resourceAliases: [third] })
      assert.strictEqual(yield* resourceAt(handle, metadataOf(second)), second)
      assert.strictEqual(yield* resourceAt(handle, metadataOf(third)), third)
      assert.strictEqual(yield* statusOf(handle, second, second), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("counts the failed tokens of a client at all names together", () =>
    Effect.gen(function*() {
      const failureLimit = { limit: 2, window: "1 minute", countUnknownClientsTogether: true } as const
      const { handle } = yield* start({ resource: first, resourceAliases: [second], failureLimit })
      const statuses = yield* Effect.forEach(
        [first, second, first, second],
        (url) => Effect.map(callTool(handle, "invalid", "WhoAmI", url), ({ status }) => status)
      )
      assert.deepStrictEqual(statuses, [401, 401, 429, 429])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("builds its scope hierarchy once for all names", () =>
    Effect.gen(function*() {
      const built = yield* Ref.make(0)
      const scopeHierarchy = Effect.andThen(
        Ref.update(built, (count) => count + 1),
        ScopeHierarchy.make({ "notes:write": ["notes:read"] })
      )
      yield* start({ resource: first, resourceAliases: [second], scopeHierarchy })
      assert.strictEqual(yield* Ref.get(built), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const invalid: Readonly<Record<string, readonly [alias: string, tag: string]>> = {
    "the first name again": [first, "InvalidOptions"],
    "a name that is no URL": ["tools.test", "InvalidResourceIdentifier"],
    "a name with a fragment": ["https://tools.test/mcp#a", "InvalidResourceIdentifier"],
    "an http name": ["http://tools.test/mcp", "InvalidResourceIdentifier"]
  }
  for (const [what, [alias, tag]] of Object.entries(invalid)) {
    it.effect(`fails to build with ${what}`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const error = yield* buildError(
          server(reached).pipe(McpAuth.protect(options({ resource: first, resourceAliases: [alias] })))
        )
        assert.strictEqual(error._tag, tag)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})
