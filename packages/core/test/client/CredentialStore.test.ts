import { CredentialStore } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"

const server = "https://api.test/mcp"
const issuer = "https://as.test"

const tokens: CredentialStore.Tokens = {
  issuer,
  resource: server,
  clientId: "client-one",
  type: "Bearer",
  accessToken: Redacted.make("access-s3cret"),
  refreshToken: Redacted.make("refresh-s3cret"),
  obtainedAt: 1,
  expiresAt: 3_600_001,
  requested: ["a", "b"],
  granted: ["a"]
}

const registration: CredentialStore.Registration = {
  issuer,
  clientId: "client-one",
  clientSecret: Redacted.make("client-s3cret"),
  secretExpiresAt: 5,
  authenticationMethod: "client_secret_post",
  redirectUri: "http://127.0.0.1:1/callback",
  scopes: ["a"]
}

const secret = Redacted.make("0123456789abcdef0123456789abcdef")
const encrypted = CredentialStore.layerEncrypted({ secret })

const layers: ReadonlyArray<
  readonly [string, Layer.Layer<CredentialStore.CredentialStore, unknown, KeyValueStore.KeyValueStore>]
> = [["plain", CredentialStore.layerKeyValueStore()], ["encrypted", encrypted]]

/** Everything that a `KeyValueStore` holds. */
const contents = Effect.gen(function*() {
  const store = yield* KeyValueStore.KeyValueStore
  const keys = yield* store.keys
  return yield* Effect.forEach(keys, (key) => Effect.map(store.get(key), (value) => [key, value ?? ""] as const))
})

describe.each(layers)("CredentialStore (%s)", (_name, layer) => {
  const provide = <A, E>(
    effect: Effect.Effect<A, E, CredentialStore.CredentialStore | KeyValueStore.KeyValueStore>
  ) => Effect.provide(effect, layer.pipe(Layer.provideMerge(KeyValueStore.layerMemory)))

  it.effect("keeps tokens by server, with their expiry and their secrets", () =>
    provide(Effect.gen(function*() {
      const store = yield* CredentialStore.CredentialStore
      assert.deepStrictEqual(yield* store.tokens(server), Option.none())
      yield* store.setTokens(server, tokens)
      yield* store.setTokens("https://a.test/", { ...tokens, type: "DPoP" })
      const kept = Option.getOrThrow(yield* store.tokens(server))
      assert.deepStrictEqual(kept, tokens)
      assert.strictEqual(kept.refreshToken && Redacted.value(kept.refreshToken), "refresh-s3cret")
      assert.deepStrictEqual(yield* store.servers, ["https://a.test/", server])
      yield* store.removeTokens(server)
      assert.deepStrictEqual(yield* store.tokens(server), Option.none())
      assert.deepStrictEqual(yield* store.servers, ["https://a.test/"])
    })))

  it.effect("keeps registrations by issuer and client ID, newest first, and a bounded number of them", () =>
    provide(Effect.gen(function*() {
      const store = yield* CredentialStore.CredentialStore
      yield* store.setRegistration(registration)
      yield* store.setRegistration({ issuer, clientId: "c2" })
      yield* store.setRegistration({ issuer: `${issuer}/`, clientId: "c3" })
      assert.deepStrictEqual(yield* store.registrations(issuer), [{ issuer, clientId: "c2" }, registration])
      yield* store.removeRegistration(issuer, "c2")
      assert.deepStrictEqual(yield* store.registrations(issuer), [registration])
      yield* Effect.forEach(Array(100).keys(), (n) => store.setRegistration({ issuer, clientId: `n${n}` }))
      const kept = yield* store.registrations(issuer)
      assert.deepStrictEqual([kept.length, kept[0]?.clientId], [16, "n99"])
    })))

  it.effect("loses no registration when several are added at once", () =>
    provide(Effect.gen(function*() {
      const store = yield* CredentialStore.CredentialStore
      const all = Array.from({ length: 10 }, (_, n) => store.setRegistration({ issuer, clientId: `n${n}` }))
      yield* Effect.all(all, { concurrency: "unbounded" })
      assert.strictEqual((yield* store.registrations(issuer)).length, 10)
    })))

  it.effect("ignores entries that cannot be read: another version, other data, no JSON", () =>
    provide(Effect.gen(function*() {
      const store = yield* CredentialStore.CredentialStore
      const values = yield* KeyValueStore.KeyValueStore
      for (const text of ["", "no JSON", "{}", `{"version":2,"server":"${server}","tokens":{}}`]) {
        yield* store.setTokens(server, tokens)
        const [key = ""] = yield* values.keys
        yield* values.set(key, text)
        assert.deepStrictEqual(yield* store.tokens(server), Option.none())
        assert.deepStrictEqual(yield* store.servers, [])
      }
    })))

  it.effect("runs transactions with one key one after the other, and others at the same time", () =>
    provide(Effect.gen(function*() {
      const { transaction } = yield* CredentialStore.CredentialStore
      const log: Array<string> = []
      const step = (key: string, name: string) =>
        transaction(key)(
          Effect.sync(() => log.push(`${name} begins`)).pipe(
            Effect.andThen(Effect.sleep("1 second")),
            Effect.ensuring(Effect.sync(() => log.push(`${name} ends`)))
          )
        )
      const fibers = yield* Effect.forEach(
        [step("x", "1"), step("x", "2"), step("y", "3")],
        (effect) => Effect.forkChild(effect, { startImmediately: true })
      )
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(log, ["1 begins", "3 begins"])
      const [first] = fibers
      if (first !== undefined) yield* Fiber.interrupt(first)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(log, ["1 begins", "3 begins", "1 ends", "2 begins", "3 ends", "2 ends"])
    })))
})

describe("CredentialStore", () => {
  it.effect("encrypts everything: the store has no secret, no name, and no entry that is valid elsewhere", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore.CredentialStore
      const values = yield* KeyValueStore.KeyValueStore
      yield* store.setTokens(server, tokens)
      yield* store.setRegistration(registration)
      assert.notMatch(JSON.stringify(yield* contents), /s3cret|api\.test|as\.test|client-one/)
      // An entry under the key of another server.
      yield* store.setTokens("https://other.test", { ...tokens, accessToken: Redacted.make("other") })
      const keys = (yield* values.keys).filter((key) => key.includes("tokens"))
      const texts = yield* Effect.forEach(keys, (key) => Effect.map(values.get(key), (text) => text ?? ""))
      yield* Effect.forEach(keys, (key, index) => values.set(key, texts[1 - index] ?? ""))
      assert.deepStrictEqual(yield* store.tokens(server), Option.none())
    }).pipe(Effect.provide(encrypted.pipe(Layer.provideMerge(KeyValueStore.layerMemory)))))

  it.effect("ignores entries that were encrypted with another secret", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(KeyValueStore.layerMemory)
      const provided =
        (layer: typeof encrypted) => <A, E>(effect: Effect.Effect<A, E, CredentialStore.CredentialStore>) =>
          Effect.provide(effect, Layer.provide(layer, Layer.succeedContext(context)))
      const other = CredentialStore.layerEncrypted({ secret: Redacted.make("x".repeat(32)) })
      const store = CredentialStore.CredentialStore
      yield* Effect.flatMap(store, ({ setTokens }) => setTokens(server, tokens)).pipe(provided(encrypted))
      assert.isTrue(
        Option.isNone(yield* Effect.flatMap(store, (store) => store.tokens(server)).pipe(provided(other)))
      )
      assert.isTrue(
        Option.isSome(yield* Effect.flatMap(store, (store) => store.tokens(server)).pipe(provided(encrypted)))
      )
    }))

  it.effect("refuses a secret that can be guessed", () =>
    Effect.gen(function*() {
      const layer = CredentialStore.layerEncrypted({ secret: Redacted.make("short") })
      const error = yield* Effect.flip(Layer.build(Layer.provide(layer, KeyValueStore.layerMemory)))
      assert.strictEqual(error._tag, "InvalidStoreSecret")
      assert.include(error.message, "at least 32 random ones")
    }))

  it.effect("reports a store that fails without the text of its error", () =>
    Effect.gen(function*() {
      const error = new KeyValueStore.KeyValueStoreError({ method: "get", message: "cannot parse refresh-s3cret" })
      const fails = () => Effect.fail(error)
      const broken = KeyValueStore.makeStringOnly({
        get: fails,
        set: fails,
        remove: fails,
        clear: fails(),
        size: fails(),
        keys: fails()
      })
      const layer = CredentialStore.layerKeyValueStore().pipe(
        Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, broken))
      )
      yield* Effect.gen(function*() {
        const store = yield* CredentialStore.CredentialStore
        for (const use of [store.tokens(server), store.setTokens(server, tokens), store.servers]) {
          const failure = yield* Effect.flip<unknown, CredentialStore.StoreFailed, never>(use)
          assert.strictEqual(failure._tag, "StoreFailed")
          assert.isTrue(failure.retryable)
          assert.notInclude(`${failure.message}${JSON.stringify(failure)}`, "s3cret")
        }
      }).pipe(Effect.provide(layer))
    }))
})
