import { AuthorizationServer, ClientAuthentication, IssuerLookup, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Ref } from "effect"
import { HttpClient } from "effect/http"
import { bearer, issuer, options, post, type ProtectOptions, serve, server, stateless } from "./harness.ts"

const tenant = "https://acme.test"

const authentication = ClientAuthentication.clientSecretBasic("notes:server", Redacted.make("s:3%c+r é"))

type Provider = TestProvider.TestProvider["Service"]

/** The ways in which a request can cause a request to a provider. */
const rows: ReadonlyArray<
  readonly [
    name: string,
    changes: Partial<ProtectOptions>,
    token: (home: Provider, acme: Provider) => Effect.Effect<string>,
    endpoint: string
  ]
> = [
  ["the keys of a configured server", {}, (home) => home.mint(), `${issuer}/jwks`],
  [
    "the introspection of a token",
    { verifier: TokenVerifier.introspection({ authentication }) },
    (home) => home.mintOpaque(),
    `${issuer}/introspect`
  ],
  [
    "the keys of a server that is looked up",
    { verifier: IssuerLookup.make({ lookup: (iss) => Effect.succeed(AuthorizationServer.discover(iss)) }) },
    (_, acme) => acme.mint(),
    `${tenant}/jwks`
  ],
  [
    "the introspection of a token of a server that is looked up",
    {
      verifier: IssuerLookup.make({
        lookup: (iss) => Effect.succeed(AuthorizationServer.discover(iss)),
        verifier: TokenVerifier.introspection({ authentication })
      })
    },
    (_, acme) => acme.mint(),
    `${tenant}/introspect`
  ]
]

describe("a protected server whose requests have another HTTP client in context", () => {
  for (const [name, changes, tokenOf, endpoint] of rows) {
    it.effect(`asks for ${name} with the HTTP client that it was built with`, () =>
      Effect.gen(function*() {
        const { client, providers: [home, acme] } = yield* TestProvider.makeNetwork({ issuer }, { issuer: tenant })
        if (home === undefined || acme === undefined) return assert.fail()
        const asked = yield* Ref.make<ReadonlyArray<string>>([])
        const clientOf = (owner: string) =>
          Context.make(
            HttpClient.HttpClient,
            HttpClient.tapRequest(client, ({ url }) => Ref.update(asked, (all) => [...all, `${owner} ${url}`]))
          )
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const app = server(reached).pipe(
          McpAuth.protect(options(changes)),
          Layer.provide(Layer.succeedContext(clientOf("server")))
        )
        const handle = yield* Effect.provideContext(serve(app), clientOf("request"))
        const { body, headers } = stateless(1, "tools/call", { name: "WhoAmI", arguments: {} })
        const answer = yield* post(handle, body, { headers: { ...bearer(yield* tokenOf(home, acme)), ...headers } })
        assert.strictEqual(answer.status, 200, answer.body)
        assert.include(yield* Ref.get(asked), `server ${endpoint}`)
        assert.deepStrictEqual((yield* Ref.get(asked)).filter((one) => one.startsWith("request")), [])
      }).pipe(Effect.scoped))
  }
})
