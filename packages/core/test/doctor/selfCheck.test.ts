import { McpAuth } from "@effect-mcp-auth/core"
import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger, Ref } from "effect"
import { HttpClient } from "effect/http"
import { options, post, resource, serve, server } from "../server/harness.ts"
import { pass } from "../time.ts"

const cors = { "access-control-allow-origin": "*" }

/** Collects the messages of warnings. */
const collecting = (lines: Array<string>) =>
  Logger.layer([Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") lines.push([message].flat().join(" "))
  })])

/** The end of a check, whose last request is that for the keys. Then it imports modules of presets, in no time of the clock. */
const completed = Effect.fnUntraced(function*(provider: TestProvider.TestProvider["Service"] | undefined) {
  for (let waited = 0; waited < 3600 && (yield* provider?.count("jwks") ?? Effect.succeed(1)) === 0; waited++) {
    yield* pass(1)
  }
  const presets = yield* Effect.promise(() => import("@effect-mcp-auth/core/presets/Presets"))
  yield* presets.loadAll
  yield* pass(10)
})

const start = Effect.fnUntraced(function*(
  provider: TestProvider.Options,
  selfCheck: Doctor.SelfCheckOptions = {},
  protect: Parameters<typeof options>[0] = {}
) {
  const { client, providers } = yield* TestProvider.makeNetwork({ headers: cors, ...provider })
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const lines: Array<string> = []
  const auth = McpAuth.layer(options(protect))
  const app = Layer.merge(server(reached).pipe(McpAuth.protect()), Doctor.layerSelfCheck(selfCheck)).pipe(
    Layer.provide(auth)
  )
  const handle = yield* serve(app).pipe(
    Effect.provideService(HttpClient.HttpClient, client),
    Effect.provide(collecting(lines))
  )
  return { handle, lines, provider: providers[0] }
})

describe("Doctor.layerSelfCheck", () => {
  it.effect("logs no warning for a healthy server", () =>
    Effect.gen(function*() {
      const { lines, provider } = yield* start({})
      yield* completed(provider)
      assert.deepStrictEqual(lines, [])
      assert.isAbove(yield* provider?.count("metadata") ?? Effect.succeed(0), 0)
    }))

  it.effect("logs what is wrong with the provider, by the IDs of the rules", () =>
    Effect.gen(function*() {
      const { lines, provider } = yield* start({ metadata: { code_challenge_methods_supported: undefined } })
      yield* completed(provider)
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 3)), ["R05"])
    }))

  it.effect("examines a server whose path a proxy rewrites", () =>
    Effect.gen(function*() {
      const { lines, provider } = yield* start({}, {}, { resource: "https://public.test/notes", servedPath: "/mcp" })
      yield* completed(provider)
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("examines for the first of the allowed origins", () =>
    Effect.gen(function*() {
      const { lines, provider } = yield* start({}, {}, { allowedOrigins: ["https://app.test"] })
      yield* completed(provider)
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("makes no request and logs nothing if it is off", () =>
    Effect.gen(function*() {
      const { lines, provider } = yield* start({ metadata: { issuer: undefined } }, { enabled: false })
      yield* pass(60)
      assert.deepStrictEqual(lines, [])
      assert.strictEqual(yield* provider?.count() ?? Effect.succeed(-1), 0)
    }))

  it.effect("neither delays nor fails a server whose provider never answers", () =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({})
      yield* provider?.fault("metadata", Fault.delay("1 day")) ?? Effect.void
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const isServing = yield* Deferred.make<void>()
      const app = Layer.merge(server(reached).pipe(McpAuth.protect()), Doctor.layerSelfCheck()).pipe(
        Layer.provide(McpAuth.layer(options()))
      )
      const handle = yield* serve(app).pipe(Effect.provideService(HttpClient.HttpClient, client))
      yield* Deferred.succeed(isServing, undefined)
      const answer = yield* post(handle, {}, { url: resource })
      assert.strictEqual(answer.status, 401)
      yield* pass(300)
      assert.strictEqual((yield* post(handle, {}, { url: resource })).status, 401)
    }))
})
