/** Programs that change the requests of the client with the functions of `HttpClient`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Inspectable } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { post, secret, server, World } from "./world.ts"

const wrapped = Effect.fnUntraced(function*(world: World, headers: Readonly<Record<string, string>>) {
  const oauth = yield* world.connect()
  return { ...oauth, client: HttpClient.mapRequest(oauth.client, HttpClientRequest.setHeaders(headers)) }
})

const sentTo = (world: World) => world.seen.filter(({ url }) => url === server)

describe("a client whose requests are changed by mapRequest", () => {
  it.effect("gets more scopes after a 403, and the header is on every request", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* wrapped(world, { "x-team": "a" })
      assert.strictEqual(yield* post(oauth), 200)
      world.forbidden = { error: "insufficient_scope", scope: "notes:write" }
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.pages.length, 2)
      assert.deepStrictEqual(sentTo(world).map(({ headers }) => headers["x-team"]), ["a", "a", "a", "a"])
    }))

  it.effect("does not send a refused token again", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* wrapped(world, { "x-team": "a" })
      yield* post(oauth)
      world.expire()
      yield* post(oauth)
      assert.deepStrictEqual(sentTo(world).map(({ headers }) => headers["authorization"]?.slice(-1)), [
        undefined,
        "1",
        "1",
        "2"
      ])
    }))

  it.effect("has no token in the error of a request that fails", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* wrapped(world, { "x-team": "a" })
      yield* post(oauth)
      world.forbidden = { error: "insufficient_scope", scope: "notes:write" }
      world.callback = (page) => `error=access_denied&state=${page.searchParams.get("state")}&iss=${world.issuer}`
      const error = yield* Effect.flip(oauth.client.execute(HttpClientRequest.post(server)))
      assert.notMatch(`${Inspectable.toStringUnknown(error)} ${JSON.stringify(error.reason.request)}`, secret)
    }))

  it.effect("has no token of the caller's own in the error of a request that fails", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* wrapped(world, { authorization: "Bearer own" })
      world.callback = (page) => `error=access_denied&state=${page.searchParams.get("state")}&iss=${world.issuer}`
      const error = yield* Effect.flip(oauth.client.execute(HttpClientRequest.post(server)))
      assert.notProperty(error.reason.request.headers, "authorization")
    }))

  it.effect("opens no page for a 403 to a token of the caller's own", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* Effect.sync(() => world.valid.set("own", []))
      world.forbidden = { error: "insufficient_scope", scope: "notes:write" }
      const oauth = yield* wrapped(world, { authorization: "Bearer own" })
      assert.strictEqual(yield* post(oauth), 403)
      assert.strictEqual(world.pages.length, 0)
    }))
})
