/** One login that several clients use, on a store that can fail, with programs that end at any time. */
import { CredentialStore } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { elapse, settled } from "../time.ts"
import { post, server, sharedStore, World } from "./world.ts"

/** A store whose writes of tokens fail while the switch is on. */
const brittleStore = (isBroken: () => boolean) =>
  Effect.map(Layer.build(CredentialStore.layerMemory), (context) => {
    const store = Context.get(context, CredentialStore.CredentialStore)
    return Layer.succeed(CredentialStore.CredentialStore, {
      ...store,
      setTokens: (server: string, tokens: CredentialStore.Tokens) =>
        isBroken()
          ? Effect.fail(new CredentialStore.StoreFailed({ operation: "write", detail: "ENOSPC" }))
          : store.setTokens(server, tokens)
    })
  })

/** A world whose token endpoint does its work at once, and answers after a while. */
class SlowWorld extends World {
  answersAfter = "0 seconds" as `${number} seconds`
  override readonly http = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.transform(
      this.client,
      (exchange, { url }) =>
        url.endsWith("/token") ? Effect.tap(exchange, () => Effect.sleep(this.answersAfter)) : exchange
    )
  )
}

describe("a client whose store fails to write refreshed tokens", () => {
  it.effect("does not spend the refresh token that is still in the store", () =>
    Effect.gen(function*() {
      const world = new World()
      let isBroken = false
      const oauth = yield* world.connect({}, yield* brittleStore(() => isBroken))
      yield* post(oauth)
      isBroken = true
      for (let round = 1; round <= 3; round++) {
        yield* TestClock.adjust("1 second")
        world.expire()
        assert.strictEqual(yield* post(oauth), 200)
        assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length, world.reuse], [1, round, 0])
      }
    }))

  it.effect("uses the tokens that another client gets later", () =>
    Effect.gen(function*() {
      const world = new World()
      let isBroken = false
      const store = yield* brittleStore(() => isBroken)
      const oauth = yield* world.connect({}, store)
      yield* post(oauth)
      yield* TestClock.adjust("1 second")
      isBroken = true
      world.expire()
      yield* post(oauth)
      yield* TestClock.adjust("1 second")
      isBroken = false
      // Logs in, because the refresh token in the store is spent.
      yield* Effect.flatMap(world.connect({}, store), post)
      const refreshes = world.grants("refresh_token").length
      for (const token of [...world.valid.keys()].slice(0, -1)) world.valid.delete(token)
      assert.strictEqual(yield* post(oauth), 200)
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [2, refreshes])
    }))
})

describe("a program that ends during a refresh", () => {
  it.effect("keeps the login: the new refresh token is in the store", () =>
    Effect.gen(function*() {
      const world = new SlowWorld()
      const store = yield* sharedStore
      const scope = yield* Scope.make()
      const oauth = yield* Scope.provide(world.connect({}, store), scope)
      yield* post(oauth)
      world.expire()
      world.answersAfter = "3 seconds"
      const request = yield* Effect.forkChild(post(oauth))
      yield* settled
      assert.strictEqual(world.grants("refresh_token").length, 1)
      yield* elapse(Scope.close(scope, Exit.void))
      yield* Fiber.interrupt(request)
      world.answersAfter = "0 seconds"
      assert.strictEqual(yield* Effect.flatMap(world.connect({}, store), post), 200)
      assert.deepStrictEqual([world.pages.length, world.reuse], [1, 0])
    }))

  it.effect("ends within 10 seconds if the token endpoint never answers", () =>
    Effect.gen(function*() {
      const world = new SlowWorld()
      const scope = yield* Scope.make()
      const oauth = yield* Scope.provide(world.connect(), scope)
      yield* post(oauth)
      world.expire()
      world.answersAfter = "9999 seconds"
      yield* Effect.forkChild(Effect.exit(post(oauth)))
      yield* settled
      const start = yield* Clock.currentTimeMillis
      yield* elapse(Scope.close(scope, Exit.void))
      assert.isAtMost((yield* Clock.currentTimeMillis) - start, 11_000)
    }))
})

describe("a logout in one program", () => {
  it.effect("is not undone by the refresh of another program, which has no tokens then", () =>
    Effect.gen(function*() {
      for (const end of ["expired", "expires soon"]) {
        const world = new World()
        world.expiresIn = 100
        const store = yield* sharedStore
        const first = yield* world.connect({}, store)
        yield* post(first)
        const background = yield* world.connect({ interactive: "never" }, store)
        assert.strictEqual(yield* post(background), 200)
        // Revocation is refused, so that the refresh token would still work.
        world.override = ({ url }) => url.endsWith("/revoke") ? new Response(null, { status: 503 }) : undefined
        yield* first.logout
        yield* TestClock.adjust("95 seconds")
        if (end === "expired") world.expire()
        assert.strictEqual((yield* Effect.flip(post(background)))._tag, "LoginRequired")
        assert.strictEqual(world.grants("refresh_token").length, 0)
        assert.isTrue(Option.isNone(yield* background.tokens))
        const { tokens } = Context.get(yield* Layer.build(store), CredentialStore.CredentialStore)
        assert.isTrue(Option.isNone(yield* tokens(server)))
      }
    }))

  it.effect("revokes the tokens that another program has refreshed", () =>
    Effect.gen(function*() {
      const world = new World()
      const store = yield* sharedStore
      const [first, second] = yield* Effect.all([world.connect({}, store), world.connect({}, store)])
      yield* post(first)
      yield* post(second)
      yield* TestClock.adjust("1 second")
      world.expire()
      yield* post(second)
      yield* first.logout
      const revoked = world.seen.filter(({ url }) => url.endsWith("/revoke")).map(({ form }) => form.get("token"))
      assert.deepStrictEqual(revoked, ["s3cret-refresh-2", "s3cret-access-2"])
    }))

  it.effect("does not end a login whose tokens could never be written", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* world.connect({}, yield* brittleStore(() => true))
      yield* post(oauth)
      yield* TestClock.adjust("1 second")
      world.expire()
      assert.strictEqual(yield* post(oauth), 200)
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
    }))
})

describe("a refresh ahead of time with a refresh token that has ended", () => {
  it.effect("opens no page while the access token is valid, and one when it is not", () =>
    Effect.gen(function*() {
      const world = new World()
      world.expiresIn = 100
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.refreshTokens.clear()
      yield* TestClock.adjust("92 seconds")
      for (let call = 0; call < 3; call++) {
        assert.strictEqual(yield* post(oauth), 200)
        yield* TestClock.adjust("2 seconds")
      }
      assert.deepStrictEqual([world.pages.length, world.grants("refresh_token").length], [1, 1])
      world.expire()
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.pages.length, 2)
    }))

  it.effect("still gets a login for a request that is refused meanwhile", () =>
    Effect.gen(function*() {
      const world = new SlowWorld()
      world.expiresIn = 100
      const oauth = yield* world.connect()
      yield* post(oauth)
      world.refreshTokens.clear()
      yield* TestClock.adjust("92 seconds")
      world.answersAfter = "3 seconds"
      const statuses = yield* Effect.forkChild(
        Effect.all([post(oauth), post(oauth), oauth.authorize], { concurrency: "unbounded" })
      )
      yield* settled
      world.expire()
      assert.deepStrictEqual((yield* elapse(Fiber.join(statuses))).slice(0, 2), [200, 200])
      assert.strictEqual(world.pages.length, 2)
    }))
})
