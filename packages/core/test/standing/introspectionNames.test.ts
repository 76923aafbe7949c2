/**
 * A flood of opaque tokens through several names of one resource, at a provider that does not respond.
 */
import { AuthorizationServer, ClientAuthentication, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import * as Gitlab from "@effect-mcp-auth/core/presets/Gitlab"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Ref } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { issuer } from "../server/harness.ts"
import { settled } from "../time.ts"

const names = ["https://api.test/mcp", "https://tools.test/mcp", "https://mcp.test/mcp"] as const
const [resource, ...resourceAliases] = names

const introspection = TokenVerifier.introspection({
  authentication: ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret")),
  concurrency: 8,
  queueSize: 4
})

/** The requests about tokens that are in flight, none of which ever gets a response. */
const silent = Effect.fnUntraced(function*(client: HttpClient.HttpClient, isAboutToken: (url: string) => boolean) {
  const inFlight = yield* Ref.make(0)
  const network = HttpClient.make((request) =>
    isAboutToken(request.url)
      ? Effect.andThen(Ref.update(inFlight, (count) => count + 1), Effect.never)
      : client.execute(request)
  )
  return { inFlight, network }
})

/** Sends invented tokens from one client to the names in turns. Returns how many requests are refused at once. */
const flood = Effect.fnUntraced(function*(
  { authenticate }: McpAuth.McpAuth["Service"],
  count: number,
  token: (index: number) => string
) {
  const fibers = yield* Effect.forEach(Array.from({ length: count }, (_, index) => index), (index) => {
    const headers = { authorization: `Bearer ${token(index)}` }
    const request = HttpServerRequest.fromWeb(new Request(names[index % names.length] ?? resource, { headers }))
    return Effect.forkScoped(Effect.exit(authenticate(request.modify({ remoteAddress: Option.some("192.0.2.1") }))))
  })
  yield* settled
  return fibers.filter((fiber) => fiber.pollUnsafe() !== undefined).length
})

const build = <E>(layer: Layer.Layer<McpAuth.McpAuth, E, HttpClient.HttpClient>, network: HttpClient.HttpClient) =>
  Effect.flatMap(
    Layer.build(Layer.provide(layer, Layer.succeed(HttpClient.HttpClient, network))),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )

describe("a flood through several names of one resource", () => {
  it.effect("has no more room for introspection than a flood through one name", () =>
    Effect.gen(function*() {
      const { client } = yield* TestProvider.makeNetwork({ issuer })
      const rooms: Array<readonly [inFlight: number, refused: number]> = []
      for (const aliases of [[], resourceAliases]) {
        const { inFlight, network } = yield* silent(client, (url) => url.endsWith("/introspect"))
        const service = yield* build(
          McpAuth.layer({
            resource,
            resourceAliases: aliases,
            authorizationServers: [AuthorizationServer.discover(issuer)],
            verifier: introspection
          }),
          network
        )
        const refused = yield* flood(service, 30, (index) => `invented-${index}`)
        rooms.push([yield* Ref.get(inFlight), refused])
      }
      // Three quarters of the 8 slots. Of the others, as many wait as the slots and the queue have room for.
      assert.deepStrictEqual(rooms, [[6, 18], [6, 18]])
    }).pipe(Effect.scoped))

  it.effect("has no more room at the API of a preset, either", () =>
    Effect.gen(function*() {
      const product = yield* TestProvider.likeProvider("gitlab")
      const preset = Gitlab.preset({ url: "https://gitlab.com", clientIds: ["a"] })
      const rooms: Array<number> = []
      for (const aliases of [[], resourceAliases]) {
        const { inFlight, network } = yield* silent(product.client, (url) => url.endsWith("/oauth/token/info"))
        const layer = McpAuth.layer({ resource, resourceAliases: aliases, authorizationServers: [preset] })
        yield* flood(yield* build(layer, network), 60, (index) => index.toString(16).padStart(64, "0"))
        rooms.push(yield* Ref.get(inFlight))
      }
      assert.deepStrictEqual(rooms, [24, 24])
    }).pipe(Effect.scoped))
})
