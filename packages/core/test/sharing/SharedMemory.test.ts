import { ClientAuthentication, Discovery, SharedMemory, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Redacted, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import { issuer, now, outcome } from "../token/harness.ts"
import { type Instance, instance, logged, makeStore, secret, separately, sharing, type Trouble } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))

const jwt = TokenVerifier.jwt()
const introspection = (options: Partial<TokenVerifier.IntrospectionOptions> = {}) =>
  TokenVerifier.introspection({ authentication, ...options })

const withProvider = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(TestClock.setTime(now * 1000), effect).pipe(
    Effect.scoped,
    Effect.provide(TestProvider.layer())
  )

/** The result for a token at an instance. */
const judged = ({ verify }: Instance, token: string) => elapse(outcome(verify(token)))

const counts = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  return [yield* provider.count("metadata"), yield* provider.count("jwks"), yield* provider.count("introspection")]
})

const mint = (expiresIn = 86_400) => Effect.flatMap(TestProvider.TestProvider, ({ mint }) => mint({ expiresIn }))

describe("instances that share a store", () => {
  it.effect("share one fetch of metadata and of keys", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      for (let index = 0; index < 5; index++) {
        const one = yield* sharing(store)(instance(jwt))
        assert.strictEqual(yield* judged(one, yield* mint()), "accepted")
      }
      assert.deepStrictEqual(yield* counts, [1, 1, 0])
    }).pipe(withProvider))

  it.effect("start while the provider is down if one of them fetched its documents before", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const { end, value: one } = yield* separately(sharing(store)(instance(jwt)))
      assert.strictEqual(yield* judged(one, yield* mint()), "accepted")
      yield* end
      const provider = yield* TestProvider.TestProvider
      for (const endpoint of ["metadata", "jwks"] as const) yield* provider.fault(endpoint, Fault.connectionError())
      const another = yield* sharing(store)(instance(jwt))
      assert.strictEqual(yield* judged(another, yield* mint()), "accepted")
    }).pipe(withProvider))

  it.effect("share a refresh: the first one fetches, and the others use the result", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const all = [yield* sharing(store)(instance(jwt)), yield* sharing(store)(instance(jwt))]
      const token = yield* mint()
      for (let round = 0; round < 4; round++) {
        for (const one of all) assert.strictEqual(yield* judged(one, token), "accepted")
        const [, jwks] = yield* counts
        assert.strictEqual(jwks, round + 1)
        yield* TestClock.adjust("16 minutes")
      }
    }).pipe(withProvider))

  it.effect("do not make a document younger than it is", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      yield* judged(yield* sharing(store)(instance(jwt)), yield* mint())
      yield* TestClock.adjust("4 minutes")
      const another = yield* sharing(store)(instance(jwt))
      yield* judged(another, yield* mint())
      assert.deepStrictEqual(yield* counts, [1, 1, 0])
      yield* TestClock.adjust("2 minutes")
      const third = yield* sharing(store)(instance(jwt))
      yield* judged(third, yield* mint())
      assert.deepStrictEqual(yield* counts, [2, 2, 0])
    }).pipe(withProvider))

  it.effect("keep a document no longer than its source says, counted from its first fetch", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("jwks", Fault.headers({ "cache-control": "max-age=600" }))
      yield* judged(yield* sharing(store)(instance(jwt)), yield* mint())
      yield* TestClock.adjust("9 minutes")
      const another = yield* sharing(store)(instance(jwt))
      yield* judged(another, yield* mint())
      assert.strictEqual(yield* provider.count("jwks"), 1)
      yield* TestClock.adjust("2 minutes")
      yield* judged(another, yield* mint())
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(withProvider))

  it.effect("keep a document for at most a day, whatever its source says", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("jwks", Fault.headers({ "cache-control": "max-age=31536000" }))
      yield* judged(yield* sharing(store)(instance(jwt)), yield* mint(10 * 86_400))
      yield* TestClock.adjust("25 hours")
      yield* judged(yield* sharing(store)(instance(jwt)), yield* mint())
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(withProvider))

  it.effect("ignore an entry that another clock dated into the future", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      yield* TestClock.adjust("1 hour")
      yield* judged(yield* sharing(store)(instance(jwt)), yield* mint())
      yield* TestClock.setTime(now * 1000)
      const another = yield* sharing(store)(instance(jwt))
      yield* judged(another, yield* mint())
      assert.deepStrictEqual(yield* counts, [2, 2, 0])
    }).pipe(withProvider))

  it.effect("use the keys of a provider that is down for as long after the fetch as a single instance would", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const brief = TokenVerifier.jwt({ staleFor: "1 hour" })
      yield* judged(yield* sharing(store)(instance(brief)), yield* mint())
      yield* TestClock.adjust("4 minutes")
      const another = yield* sharing(store)(instance(brief))
      assert.strictEqual(yield* judged(another, yield* mint()), "accepted")
      yield* provider.fault("jwks", Fault.connectionError())
      yield* TestClock.adjust("57 minutes")
      assert.strictEqual(yield* judged(another, yield* mint()), "VerificationUnavailable")
    }).pipe(withProvider))

  it.effect("keep keys no longer than each instance's own limits", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const brief = yield* sharing(store)(instance(TokenVerifier.jwt({ lifetime: "1 minute" })))
      yield* judged(brief, yield* mint())
      yield* TestClock.adjust("2 minutes")
      yield* judged(brief, yield* mint())
      assert.deepStrictEqual(yield* counts, [1, 2, 0])
      yield* TestClock.adjust("50 seconds")
      const another = yield* sharing(store)(instance(TokenVerifier.jwt({ lifetime: "1 minute" })))
      yield* judged(another, yield* mint())
      assert.deepStrictEqual(yield* counts, [1, 2, 0])
      yield* TestClock.adjust("30 seconds")
      yield* judged(another, yield* mint())
      assert.deepStrictEqual(yield* counts, [1, 3, 0])
    }).pipe(withProvider))

  it.effect("notice a rotation separately: a shared key set may be older, and a valid token is never refused", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const early = yield* sharing(store)(instance(jwt))
      yield* judged(early, yield* mint())
      yield* TestClock.adjust("6 minutes")
      // Another instance fetches the old key set, later than `early` did.
      const late = yield* sharing(store)(instance(jwt))
      yield* judged(late, yield* mint())
      yield* provider.rotate()
      const rotated = yield* mint()
      assert.strictEqual(yield* judged(early, rotated), "accepted")
      assert.strictEqual(yield* judged(late, rotated), "accepted")
    }).pipe(withProvider))

  it.effect("validate a document separately: a stricter instance refuses what another one accepted", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      yield* Effect.flatMap(sharing(store)(instance(jwt)), ({ server }) => server.config)
      const strict = yield* sharing(store)(
        instance(jwt, { transpileData: (document) => ({ ...document, issuer: "https://another.test" }) })
      )
      const error = yield* Effect.flip(strict.server.config)
      assert.strictEqual(error._tag, "DiscoveryFailed")
      assert.deepStrictEqual(yield* counts, [1, 0, 0])
    }).pipe(withProvider))

  it.effect("do not share what they fetched with a custom strategy", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const strategy = Discovery.withHeaders(Discovery.oauth, { authorization: "Bearer of-one-tenant" })
      for (let index = 0; index < 2; index++) {
        yield* sharing(store)(Discovery.discover(strategy, issuer))
      }
      assert.strictEqual(store.entries.size, 0)
      assert.deepStrictEqual(yield* counts, [2, 0, 0])
    }).pipe(withProvider))
})

describe("a shared introspection response", () => {
  it.effect("is requested once for all instances", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const [good, bad] = [yield* provider.mintOpaque(), "never-issued"]
      for (let index = 0; index < 5; index++) {
        const one = yield* sharing(store)(instance(introspection()))
        assert.strictEqual(yield* judged(one, good), "accepted")
        assert.strictEqual(yield* judged(one, bad), "inactive")
      }
      assert.deepStrictEqual(yield* counts, [1, 0, 2])
    }).pipe(withProvider))

  it.effect("counts from the time of the request: a revoked token is accepted for at most cacheFor, on every instance", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mintOpaque()
      assert.strictEqual(yield* judged(yield* sharing(store)(instance(introspection())), token), "accepted")
      yield* provider.revoke(token)
      yield* TestClock.adjust("20 seconds")
      const another = yield* sharing(store)(instance(introspection()))
      assert.strictEqual(yield* judged(another, token), "accepted")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* judged(another, token), "inactive")
    }).pipe(withProvider))

  it.effect("is requested again by an instance whose clock is behind that of the instance that requested it", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mintOpaque()
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* judged(yield* sharing(store)(instance(introspection())), token), "accepted")
      yield* provider.revoke(token)
      yield* TestClock.setTime(now * 1000)
      const behind = yield* sharing(store)(instance(introspection()))
      assert.strictEqual(yield* judged(behind, token), "inactive")
    }).pipe(withProvider))

  it.effect("counts no longer than the instance that reads it would remember it", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mintOpaque()
      yield* judged(yield* sharing(store)(instance(introspection({ cacheFor: "10 minutes" }))), token)
      yield* provider.revoke(token)
      const careful = yield* sharing(store)(instance(introspection({ cacheFor: 0 })))
      assert.strictEqual(yield* judged(careful, token), "inactive")
    }).pipe(withProvider))

  it.effect("never counts beyond exp", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mintOpaque({ expiresIn: 10 })
      const options = { cacheFor: "10 minutes", clockTolerance: 0 } as const
      yield* judged(yield* sharing(store)(instance(introspection(options))), token)
      yield* TestClock.adjust("10 seconds")
      const another = yield* sharing(store)(instance(introspection(options)))
      assert.notStrictEqual(yield* judged(another, token), "accepted")
      assert.strictEqual(yield* provider.count("introspection"), 2)
    }).pipe(withProvider))

  it.effect("is separate for each resource, because the server may answer them differently", () =>
    Effect.gen(function*() {
      const store = yield* makeStore
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mintOpaque()
      yield* judged(yield* sharing(store)(instance(introspection())), token)
      const other = yield* sharing(store)(instance(introspection(), { resource: "https://other.test/mcp" }))
      assert.strictEqual(yield* judged(other, token), "wrong-audience aud")
      assert.strictEqual(yield* provider.count("introspection"), 2)
    }).pipe(withProvider))
})

describe("an attacker with access to the store", () => {
  const filled = Effect.gen(function*() {
    const store = yield* makeStore
    const provider = yield* TestProvider.TestProvider
    const token = yield* provider.mintOpaque()
    yield* judged(yield* sharing(store)(instance(jwt)), yield* mint())
    yield* judged(yield* sharing(store)(instance(introspection())), token)
    return { provider, store, token }
  })

  it.effect("learns no token, no claim and no secret", () =>
    Effect.gen(function*() {
      const { store, token } = yield* filled
      const all = JSON.stringify([...store.entries])
      assert.strictEqual(store.entries.size, 3)
      for (
        const word of [
          "as.test",
          "api.test",
          "introspection",
          token,
          "user-1",
          "client-1",
          "notes:read",
          "s3cret",
          Redacted.value(secret),
          "RS256"
        ]
      ) {
        assert.notInclude(all, word)
      }
    }).pipe(withProvider))

  const attacks: Readonly<Record<string, (entries: Map<string, object>) => void>> = {
    "that is made up": (entries) => {
      for (const key of entries.keys()) entries.set(key, { nonce: "A".repeat(32), ciphertext: "AAAA" })
    },
    "that is not an entry at all": (entries) => {
      for (const key of entries.keys()) entries.set(key, [])
    },
    "with one bit turned": (entries) => {
      for (const [key, value] of entries) {
        const { ciphertext } = value as { readonly ciphertext: string }
        entries.set(key, { ...value, ciphertext: `${ciphertext.startsWith("A") ? "B" : "A"}${ciphertext.slice(1)}` })
      }
    },
    "of another name": (entries) => {
      const values = [...entries.values()]
      for (const [index, key] of [...entries.keys()].entries()) {
        entries.set(key, values[(index + 1) % values.length] ?? {})
      }
    }
  }
  for (const [what, attack] of Object.entries(attacks)) {
    it.effect(`cannot plant an entry ${what}: the instance makes its own request, and logs a warning`, () =>
      Effect.gen(function*() {
        const { provider, store, token } = yield* filled
        attack(store.entries)
        const { layer, lines } = yield* logged
        yield* Effect.gen(function*() {
          assert.strictEqual(yield* judged(yield* sharing(store)(instance(jwt)), yield* mint()), "accepted")
          assert.strictEqual(yield* judged(yield* sharing(store)(instance(introspection())), token), "accepted")
        }).pipe(Effect.provide(layer))
        assert.strictEqual(yield* provider.count("introspection"), 2)
        assert.isTrue(lines.some((line) => line.startsWith("Warn") && line.includes("was not encrypted")))
      }).pipe(withProvider))
  }

  it.effect("gains nothing by keeping an entry longer than it counts", () =>
    Effect.gen(function*() {
      const { provider, store, token } = yield* filled
      yield* provider.revoke(token)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* judged(yield* sharing(store)(instance(introspection())), token), "inactive")
    }).pipe(withProvider))

  it.effect("with another secret reads and plants nothing", () =>
    Effect.gen(function*() {
      const { provider, store, token } = yield* filled
      const stranger = { secret: Redacted.make("another secret, unknown to the instances") }
      const theirs = yield* sharing(store, stranger)(instance(introspection()))
      assert.strictEqual(yield* judged(theirs, token), "accepted")
      assert.strictEqual(yield* provider.count("introspection"), 2)
      // Each has its own entries, and neither affects the other.
      assert.strictEqual(yield* judged(yield* sharing(store)(instance(introspection())), token), "accepted")
      assert.strictEqual(yield* provider.count("introspection"), 2)
    }).pipe(withProvider))
})

describe("a faulty store", () => {
  for (const kind of ["fails", "hangs"] as const satisfies ReadonlyArray<Trouble>) {
    it.effect(`that ${kind}: every instance continues with its own memory, and logs that once`, () =>
      Effect.gen(function*() {
        const store = yield* makeStore
        yield* Ref.set(store.trouble, kind)
        const { layer, lines } = yield* logged
        yield* Effect.gen(function*() {
          const one = yield* sharing(store)(instance(jwt))
          for (let index = 0; index < 20; index++) assert.strictEqual(yield* judged(one, yield* mint()), "accepted")
        }).pipe(Effect.provide(layer))
        // Time passes while WebCrypto works: the store is asked again at intervals, and not for each token.
        assert.isAtMost(yield* store.asked, 10)
        assert.lengthOf(lines.filter((line) => line.includes("cannot be reached")), 1)
        assert.isTrue(lines.every((line) => line.startsWith("Warn")))
      }).pipe(withProvider))

    it.effect(`that ${kind} is not used for five seconds, and is used again when it works`, () =>
      Effect.gen(function*() {
        const store = yield* makeStore
        yield* Ref.set(store.trouble, kind)
        const { layer, lines } = yield* logged
        yield* Effect.gen(function*() {
          const memory = yield* SharedMemory.SharedMemory
          if (memory === undefined) return assert.fail("no memory")
          for (let index = 0; index < 3; index++) assert.isUndefined(yield* elapse(memory.get("a")))
          const asked = yield* store.asked
          for (let index = 0; index < 100; index++) assert.isUndefined(yield* memory.get("a"))
          assert.strictEqual(yield* store.asked, asked)
          yield* Ref.set(store.trouble, "none")
          yield* TestClock.adjust("5 seconds")
          yield* memory.set("a", 1, 1000)
          assert.strictEqual(yield* memory.get("a"), 1)
        }).pipe(sharing(store), Effect.provide(layer))
        assert.isTrue(lines.some((line) => line.startsWith("Info") && line.includes("can be reached again")))
      }).pipe(withProvider))
  }
})

describe("a shared store", () => {
  it.effect.prop(
    "returns what was put into it, with the same name, until its expiry",
    [Arbitrary.schema(Schema.Json), Arbitrary.schema(Schema.String), Arbitrary.schema(Schema.String)],
    ([value, name, other]) =>
      Effect.gen(function*() {
        const memory = yield* SharedMemory.SharedMemory
        if (memory === undefined) return assert.fail("no memory")
        yield* memory.set(name, value, 1000)
        assert.deepStrictEqual(yield* memory.get(name), JSON.parse(JSON.stringify(value)))
        if (other !== name) assert.isUndefined(yield* memory.get(other))
        yield* TestClock.adjust(1000)
        assert.isUndefined(yield* memory.get(name))
      }).pipe((effect) => Effect.flatMap(makeStore, (store) => sharing(store)(effect)))
  )

  it.effect("does not confuse two lone surrogates", () =>
    Effect.gen(function*() {
      const memory = yield* SharedMemory.SharedMemory
      if (memory === undefined) return assert.fail("no memory")
      yield* memory.set("\ud800", 1, 1000)
      assert.isUndefined(yield* memory.get("\ud801"))
      assert.isUndefined(yield* memory.get("\ufffd"))
      assert.strictEqual(yield* memory.get("\ud800"), 1)
    }).pipe((effect) => Effect.flatMap(makeStore, (store) => sharing(store)(effect))))

  for (const short of ["", "secret", "x".repeat(31)]) {
    it.effect(`is not encrypted with a secret of ${short.length} characters`, () =>
      Effect.gen(function*() {
        const store = yield* makeStore
        const error = yield* Effect.flip(sharing(store, { secret: Redacted.make(short) })(Effect.void))
        assert.strictEqual(error._tag, "InvalidSharedMemory")
        assert.include(error.message, "32")
      }))
  }

  it.effect("is absent by default", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* SharedMemory.SharedMemory)
    }))
})
