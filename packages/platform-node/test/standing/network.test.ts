/**
 * What a protected server answers while the network between it and its authorization server is in trouble: real sockets,
 * real TLS and real time, with limits of fetching that are short.
 */
import { AuthorizationServer, FetchLimits, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Logger, Ref, type Scope } from "effect"
import * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { callTool, resource, serve, server } from "../../../core/test/server/harness.ts"
import { claims, compact, makeEd25519, signer } from "../../../core/test/token/harness.ts"
import { foreign, trusted } from "./support/certificates.ts"
import { type Front, makeFront, type Mode } from "./support/front.ts"

setDefaultCACertificates([...getCACertificates("default"), trusted.cert, foreign.cert])

const attempt = 1_500
const total = 3_000

/** Short enough to be waited for, long enough for a handshake on a machine that is busy. */
const limits: FetchLimits.Limits = {
  ...FetchLimits.FetchLimits.defaultValue(),
  attemptTimeout: Duration.millis(attempt),
  totalTimeout: Duration.millis(total),
  retries: 1,
  retryDelay: Duration.millis(20)
}

/** What the name of the provider leads to. */
type Names = "well" | "no such name" | "names without an answer" | "a name that leads inside"

const resolver = (names: { current: Names }) =>
  Dns.make({
    lookup: (hostname) => {
      if (names.current === "no such name") {
        return Effect.fail(new Dns.DnsError({ reason: "NotFound", method: "lookup", hostname }))
      }
      if (names.current === "names without an answer") return Effect.never
      return Effect.succeed([
        NetAddress.ipFromStringUnsafe(names.current === "well" ? "127.0.0.1" : "169.254.169.254")
      ])
    }
  })

const key = makeEd25519()

/** A provider of two hosts, one for each endpoint, so that each can be in trouble for itself. */
const makeProvider = Effect.gen(function*() {
  const names: { current: Names } = { current: "well" }
  const keys = yield* makeFront(() => ({ keys: [{ ...key.jwk, kid: "ed" }] }))
  const metadata: Front = yield* makeFront(() => ({
    issuer: `https://as.test:${metadata.port}`,
    jwks_uri: `https://as.test:${keys.port}/jwks`
  }))
  return { issuer: `https://as.test:${metadata.port}`, names, metadata, keys }
})

type Provider = Effect.Success<typeof makeProvider>

const start = Effect.fnUntraced(function*({ issuer, names }: Provider, lifetime: Duration.Input) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const app = server(reached).pipe(
    McpAuth.protect({
      resource,
      authorizationServers: [AuthorizationServer.discover(issuer, { type: "oauth", lifetime })],
      verifier: TokenVerifier.jwt({ lifetime })
    })
  )
  // As by default, no connection is waited for longer than the attempt that wants it.
  const client = NodeMcpAuth.layerNoDns({ allow: ["loopback"], connectTimeout: limits.attemptTimeout })
  const network = yield* Layer.build(Layer.provide(client, Layer.succeed(Dns.Dns, resolver(names))))
  return yield* serve(app).pipe(
    Effect.provideService(FetchLimits.FetchLimits, limits),
    Effect.provideContext(network)
  )
})

let serial = 0

const mint = ({ issuer }: Provider) =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const now = Math.floor(millis / 1000)
    const changes = { iss: issuer, iat: now, exp: now + 3600, jti: `jti-${serial++}` }
    return compact({ alg: "EdDSA", typ: "at+jwt", kid: "ed" }, { ...claims, ...changes }, signer(key, "EdDSA"))
  })

type Befall = (provider: Provider) => Effect.Effect<void>

interface Row {
  readonly rule: string
  readonly befall: Befall
  /** How long the answer may take, in milliseconds, where somebody has to wait for it: cold, and in a refresh. */
  readonly within: number
}

/** What fails at once, twice, with a wait in between. A busy machine needs its time, but no timeout may be waited for. */
const quick = attempt

const modes: Readonly<Record<Exclude<Mode, "well">, number>> = {
  "connection refused": quick,
  "connection reset": quick,
  "reset after TLS": quick,
  "reset within the body": quick,
  "silence": total,
  "silence after TLS": total,
  "a slow body": total,
  "a certificate that nobody trusts": quick,
  "a certificate of another host": quick,
  "no TLS at all": quick
}

const names: Readonly<Record<Exclude<Names, "well">, number>> = {
  "no such name": quick,
  // Metadata and keys, one after the other, when both are due: each is waited for.
  "names without an answer": 2 * total,
  "a name that leads inside": quick
}

const atEndpoint = (endpoint: "metadata" | "keys"): ReadonlyArray<Row> =>
  Object.entries(modes).map(([mode, within]) => ({
    rule: `${mode} at the ${endpoint} endpoint`,
    // The keys of the table are modes.
    befall: (provider) => provider[endpoint].become(mode as Mode),
    within
  }))

const ofNames: ReadonlyArray<Row> = Object.entries(names).map(([name, within]) => ({
  rule: name,
  befall: (provider) =>
    Effect.andThen(
      // Connections that are open need no name.
      Effect.all([provider.metadata.become("well"), provider.keys.become("well")]),
      Effect.sync(() => {
        // The keys of the table are names.
        provider.names.current = name as Names
      })
    ),
  within
}))

const over: Befall = (provider) =>
  Effect.andThen(
    Effect.all([provider.metadata.become("well"), provider.keys.become("well")]),
    Effect.sync(() => {
      provider.names.current = "well"
    })
  )

/** A margin for the machine. */
const slack = 1_400

/** An answer, held to its status and its time. */
const answered = Effect.fnUntraced(function*(
  handle: Effect.Success<ReturnType<typeof start>>,
  token: string | undefined,
  status: number,
  within: number
) {
  const [took, answer] = yield* Effect.timed(callTool(handle, token))
  assert.strictEqual(answer.status, status, `${answer.body} ${answer.headers.get("www-authenticate")}`)
  assert.isBelow(Duration.toMillis(took), within + slack)
  if (status === 503) {
    assert.match(answer.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
    assert.isNull(answer.headers.get("www-authenticate"))
  }
})

/** Less than an attempt, with the margin: nobody was waited for. */
const atOnce = attempt - slack

const live = (rule: string, test: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(rule, () => Effect.scoped(test).pipe(Effect.provide(Logger.layer([]))), 20_000)

describe.concurrent("the network is in trouble", () => {
  for (const { befall, rule, within } of [...atEndpoint("metadata"), ...atEndpoint("keys"), ...ofNames]) {
    live(
      `${rule}, cold: 503, and 200 within a cooldown after it is over`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 hour")
        yield* befall(provider)
        yield* answered(handle, yield* mint(provider), 503, within)
        yield* answered(handle, undefined, 401, atOnce)
        yield* over(provider)
        yield* Effect.sleep("1300 millis")
        yield* answered(handle, yield* mint(provider), 200, quick)
      })
    )

    live(
      `${rule}, warm: 200 at once, and nobody is asked`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 hour")
        yield* answered(handle, yield* mint(provider), 200, quick)
        const before = provider.metadata.requests() + provider.keys.requests()
        yield* befall(provider)
        for (let time = 0; time < 3; time++) yield* answered(handle, yield* mint(provider), 200, atOnce)
        assert.strictEqual(provider.metadata.requests() + provider.keys.requests(), before)
      })
    )

    live(
      `${rule}, during a refresh: 200 from memory`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 milli")
        yield* answered(handle, yield* mint(provider), 200, quick)
        yield* befall(provider)
        yield* Effect.sleep("10 millis")
        yield* answered(handle, yield* mint(provider), 200, within)
        yield* answered(handle, yield* mint(provider), 200, within)
      })
    )
  }
})
