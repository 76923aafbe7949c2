import { ClientAuthentication, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Metric, Redacted, Ref, References, Tracer } from "effect"
import { UrlParams } from "effect/http"
import { TestClock } from "effect/testing"
import * as Jose from "jose"
import { inspect } from "node:util"
import { elapse } from "../time.ts"
import {
  callTool,
  type Handle,
  initialize,
  metadataUrl,
  options,
  post,
  type ProtectOptions,
  request,
  resource,
  send,
  serve,
  server
} from "./harness.ts"

/** Everything that operators see: log lines in every format, spans, and metrics. */
interface Observed {
  readonly lines: ReadonlyArray<string>
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
  readonly metrics: ReadonlyArray<Metric.Metric.Snapshot>
}

/** Runs an effect with everything that it serves, and records what operators see. */
const observed = Effect.fnUntraced(function*<E, R>(run: Effect.Effect<void, E, R>) {
  const lines: Array<string> = []
  const spans: Array<Tracer.NativeSpan> = []
  const loggers = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson].map(
    Logger.map((line: string) => {
      lines.push(line)
    })
  )
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const metrics = yield* Effect.andThen(run, Metric.snapshot).pipe(
    Effect.provide(Logger.layer(loggers)),
    Effect.provideService(References.MinimumLogLevel, "All"),
    Effect.provideService(Tracer.Tracer, tracer),
    // The request span is Effect's own: it has the query before the gate runs, unless it is disabled.
    Effect.provideService(UrlParams.CurrentRedactedNames, ["access_token"]),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )
  return { lines, spans, metrics } satisfies Observed
})

/** More than any exporter prints. */
const deep = (value: unknown): string => inspect(value, { depth: 20, maxArrayLength: null, maxStringLength: null })

const causeOf = ({ status }: Tracer.NativeSpan): string =>
  status._tag === "Ended" && Exit.isFailure(status.exit) ? deep(status.exit.cause) : ""

/** All of it as texts, with the place of each. */
const printed = ({ lines, metrics, spans }: Observed): ReadonlyArray<readonly [place: string, text: string]> => [
  ...lines.map((line) => ["log", line] as const),
  ...spans.flatMap((span) => [
    ["name of a span", span.name] as const,
    ...[...span.attributes].map(([name, value]) => [`attribute ${name} of ${span.name}`, deep(value)] as const),
    [`events of ${span.name}`, deep(span.events)] as const,
    [`links of ${span.name}`, deep(span.links)] as const,
    [`cause of ${span.name}`, causeOf(span)] as const
  ]),
  ...metrics.map((metric) => [`metric ${metric.id}`, deep({ ...metric, state: undefined })] as const)
]

/** The places in which a secret occurs. */
const leaks = (seen: Observed, secrets: ReadonlyArray<string>): ReadonlyArray<string> =>
  printed(seen).flatMap(([place, text]) => secrets.some((secret) => text.includes(secret)) ? [place] : [])

/** The number of decisions for each `reason`. */
const decisionsOf = ({ metrics }: Observed): Readonly<Record<string, number>> =>
  Object.fromEntries(metrics.flatMap((metric) =>
    metric.id === "mcp_auth_decisions_total" && metric.type === "Counter"
      ? [[`${metric.attributes?.["decision"]} ${metric.attributes?.["reason"]}`, Number(metric.state.count)]]
      : []
  ))

const secret = "s3cret-of-the-resource-server"

const start = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  return yield* serve(server(reached).pipe(McpAuth.protect(options(changes))))
})

/** Sends every kind of token in every way, while the provider works and while it is down. */
const mixedRun = Effect.fnUntraced(function*(handle: Handle, tokens: Array<string>) {
  const provider = yield* TestProvider.TestProvider
  const mint = (options?: TestProvider.MintOptions) =>
    Effect.tap(provider.mint(options), (token) => Effect.sync(() => tokens.push(token)))
  const mintOpaque = (options?: TestProvider.OpaqueOptions) =>
    Effect.tap(provider.mintOpaque(options), (token) => Effect.sync(() => tokens.push(token)))
  const good = yield* mint()
  yield* callTool(handle, good)
  yield* callTool(handle, yield* mintOpaque())
  const session = yield* initialize(handle, "2025-11-25", good)
  yield* post(handle, request(1, "tools/call", { name: "WhoAmI" }), { token: good, headers: session })
  yield* post(handle, request(2, "resources/read", { uri: "notes://mine" }), { token: good, headers: session })
  yield* callTool(handle, yield* mint({ forged: true }))
  yield* callTool(handle, yield* mint({ expiresIn: -3600 }))
  yield* callTool(handle, yield* mintOpaque({ expiresIn: -3600 }))
  yield* callTool(handle, yield* mint({ claims: { aud: "https://other.test/mcp" } }))
  yield* callTool(handle, yield* mint({ claims: { iss: "https://evil.test" } }))
  yield* callTool(handle, yield* mint({ claims: { scope: "other" } }))
  yield* callTool(handle, yield* mint({ header: { kid: "made-up" } }))
  yield* callTool(handle, yield* mint({ header: { typ: "JWT" }, claims: { nonce: "n" } }))
  yield* callTool(handle, yield* mint({ claims: { cnf: { jkt: "x" } } }))
  yield* callTool(handle, `${good.slice(0, -4)}AAAA`)
  yield* callTool(handle, `${good} ${good}`)
  yield* callTool(handle, undefined)
  yield* send(handle, `${resource}?access_token=${good}`, { method: "POST" })
  yield* send(handle, metadataUrl)
  yield* provider.fault("introspection", Fault.status(500))
  yield* elapse(callTool(handle, yield* mintOpaque()))
  yield* provider.heal()
  yield* provider.fault("introspection", Fault.connectionError())
  yield* TestClock.adjust("1 minute")
  yield* elapse(callTool(handle, yield* mintOpaque()))
})

/** What must not occur anywhere: tokens, and the parts of those that have parts. */
const secretsOf = (tokens: ReadonlyArray<string>): ReadonlyArray<string> =>
  tokens.flatMap((token) => [token, ...token.split(".").filter((part) => part !== token)])

const credentials: ReadonlyArray<
  readonly [name: string, authentication: Effect.Effect<ClientAuthentication.ClientAuthentication>]
> = [
  ["a secret in a header", Effect.succeed(ClientAuthentication.clientSecretBasic("notes", Redacted.make(secret)))],
  ["a secret in a form", Effect.succeed(ClientAuthentication.clientSecretPost("notes", Redacted.make(secret)))],
  [
    "a private key",
    Effect.promise(async () => {
      const { privateKey } = await Jose.generateKeyPair("ES256", { extractable: true })
      const { d = "", ...jwk } = await Jose.exportJWK(privateKey)
      return ClientAuthentication.privateKeyJwt("notes", Redacted.make({ ...jwk, d }), "ES256")
    })
  ]
]

describe("logs, spans and metrics of all kinds of requests", () => {
  for (const [name, authentication] of credentials) {
    it.effect(
      `with ${name}: contain no token, no part of one, and no secret`,
      () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const tokens: Array<string> = []
          const seen = yield* observed(Effect.gen(function*() {
            const handle = yield* start({
              requiredScopes: ["notes:read"],
              verifier: TokenVerifier.firstOf(
                TokenVerifier.jwt(),
                TokenVerifier.introspection({ authentication: yield* authentication })
              )
            })
            yield* mixedRun(handle, tokens)
          }))
          const text = printed(seen).map(([, text]) => text).join("\n")
          const asked = (yield* provider.requests).filter(({ endpoint }) => endpoint === "introspection")
          assert.isAbove(asked.length, 0)
          const sent = asked.flatMap(({ body, headers }) => [
            headers["authorization"]?.replace("Basic ", "") ?? "",
            new URLSearchParams(body).get("client_assertion") ?? "",
            body
          ]).filter((one) => one !== "")
          const secrets = [...secretsOf(tokens), ...secretsOf(sent), secret, btoa(`notes:${secret}`)]
          assert.deepStrictEqual(leaks(seen, secrets), [])
          // The records are not empty, and they say what happened.
          assert.include(text, "Request refused: the access token has expired")
          assert.include(text, "TokenVerifier.introspect")
          assert.isAbove(seen.spans.length, 10)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
    )
  }
})

describe("decisions", () => {
  it.effect("are counted by a closed set of reasons", () =>
    Effect.gen(function*() {
      const seen = yield* observed(Effect.gen(function*() {
        const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make(secret))
        const handle = yield* start({
          requiredScopes: ["notes:read"],
          verifier: TokenVerifier.firstOf(TokenVerifier.jwt(), TokenVerifier.introspection({ authentication }))
        })
        yield* mixedRun(handle, [])
      }))
      assert.deepStrictEqual(decisionsOf(seen), {
        "allowed allowed": 6,
        "refused MissingCredentials": 1,
        "refused InsufficientScope": 1,
        "refused VerificationUnavailable": 2,
        "refused bad-signature": 2,
        "refused expired": 1,
        "refused inactive": 1,
        "refused malformed": 1,
        "refused not-an-access-token": 1,
        "refused sender-constrained": 1,
        "refused token-in-query": 1,
        "refused unknown-issuer": 1,
        "refused unknown-key": 1,
        "refused wrong-audience": 1
      })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are counted apart from outages while no fetch is left for unknown keys, which is answered with 503", () =>
    Effect.gen(function*() {
      const retryAfter: Array<string | undefined> = []
      const seen = yield* observed(Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const handle = yield* start()
        yield* callTool(handle, yield* provider.mint())
        for (let second = 0; second < 5; second++) {
          yield* TestClock.adjust("1 second")
          const answer = yield* callTool(handle, yield* provider.mint({ header: { kid: `made-up-${second}` } }))
          retryAfter.push(answer.status === 503 ? answer.headers.get("retry-after") ?? "" : undefined)
        }
      }))
      assert.deepStrictEqual(retryAfter, [undefined, undefined, undefined, "7", "6"])
      assert.deepStrictEqual(decisionsOf(seen), {
        "allowed allowed": 1,
        "refused key-not-known-yet": 2,
        "refused unknown-key": 3
      })
      assert.isFalse(seen.lines.some((line) => /warn/i.test(line)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are timed, each of them", () =>
    Effect.gen(function*() {
      const seen = yield* observed(Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const handle = yield* start()
        yield* callTool(handle, yield* provider.mint())
        yield* callTool(handle, undefined)
      }))
      const times = seen.metrics.find(({ id }) => id === "mcp_auth_verification_seconds")
      assert.isTrue(times?.type === "Histogram" && times.state.count === 2)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const lines: ReadonlyArray<
    readonly [
      rule: string,
      level: string,
      says: string,
      token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string | undefined>
    ]
  > = [
    ["that accept a request log nothing", "", "", (provider) => provider.mint()],
    [
      "about requests without a token are logged at debug level",
      "DEBUG",
      "no bearer token",
      () => Effect.succeed(undefined)
    ],
    [
      "about a wrong audience name the expected and the actual audience",
      "INFO",
      `expected \\"${resource}\\", got \\"https://other.test\\"`,
      (provider) => provider.mint({ claims: { aud: "https://other.test" } })
    ],
    [
      "about scopes name the missing ones",
      "INFO",
      "lacks the scope",
      (provider) => provider.mint({ claims: { scope: "" } })
    ],
    [
      "about an encrypted token say why it may be encrypted",
      "INFO",
      "the token is encrypted: the client requested no audience, or the provider encrypts access tokens",
      // The header of Auth0: {"alg":"dir","enc":"A256GCM"}
      () => Effect.succeed("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..MTIzNDU2Nzg5MDEy.YWJj.MTIzNDU2Nzg5MDEyMzQ1Ng")
    ],
    [
      "quote untrusted text, so that no log line is forged",
      "INFO",
      "evil\\\\nlevel=INFO",
      (provider) => provider.mint({ claims: { iss: "evil\nlevel=INFO message=\"all is well\"" } })
    ]
  ]
  for (const [rule, level, says, mint] of lines) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const seen = yield* observed(Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const handle = yield* start({ requiredScopes: ["notes:read"] })
          yield* callTool(handle, yield* mint(provider))
        }))
        const own = seen.lines.filter((line) => line.startsWith("{") && !line.includes("Sent HTTP response"))
        const decided = own.filter((line) => line.includes("\"reason\""))
        assert.strictEqual(decided.length, level === "" ? 0 : 1, own.join("\n"))
        if (level === "") return
        assert.include(decided[0] ?? "", `"level":"${level}"`)
        assert.include(decided[0] ?? "", says)
        assert.isFalse(seen.lines.some((line) => line.includes("\nlevel=INFO message=\"all is well\"")))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("that an outage causes are warnings, and name the provider", () =>
    Effect.gen(function*() {
      const seen = yield* observed(Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("jwks", Fault.connectionError())
        const handle = yield* start()
        yield* elapse(callTool(handle, yield* provider.mint()))
      }))
      const warning = seen.lines.find((line) => line.startsWith("{") && line.includes("\"level\":\"WARN\""))
      assert.include(warning ?? "", "https://as.test")
      assert.include(warning ?? "", "\"reason\":\"VerificationUnavailable\"")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
