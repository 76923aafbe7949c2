/**
 * The responses of a protected server during faults of the network between it and its authorization server: real
 * sockets and real TLS, and the clock of the test. The clock moves only while the network makes the server wait, so a
 * slow machine reaches no limit.
 */
import { AuthorizationServer, FetchLimits, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Logger, Ref, type Scope } from "effect"
import * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import { TestClock } from "effect/testing"
import { setTimeout } from "node:timers/promises"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { callTool, resource, serve, server } from "../../../core/test/server/harness.ts"
import { claims, compact, makeEd25519, signer } from "../../../core/test/token/harness.ts"
import { foreign, trusted } from "./support/certificates.ts"
import { type Front, makeFront, type Mode } from "./support/front.ts"

setDefaultCACertificates([...getCACertificates("default"), trusted.cert, foreign.cert])

const attempt = 1_500
const total = 3_000

/** Without a pause before the retry: an immediate failure takes no time. */
const limits: FetchLimits.Limits = {
  ...FetchLimits.FetchLimits.defaultValue(),
  attemptTimeout: Duration.millis(attempt),
  totalTimeout: Duration.millis(total),
  retries: 1,
  retryDelay: Duration.zero
}

/** What the provider's host name resolves to. */
type Names = "well" | "no such name" | "names without an answer" | "a name that resolves to an internal address"

interface Resolving {
  current: Names
  /** Ends the lookups that wait for a response. */
  readonly waiting: Set<() => void>
}

const resolver = (names: Resolving) =>
  Dns.make({
    lookup: (hostname) => {
      if (names.current === "no such name") {
        return Effect.fail(new Dns.DnsError({ reason: "NotFound", method: "lookup", hostname }))
      }
      if (names.current === "names without an answer") {
        return Effect.callback((resume) => {
          names.waiting.add(() =>
            resume(Effect.fail(new Dns.DnsError({ reason: "Timeout", method: "lookup", hostname })))
          )
        })
      }
      return Effect.succeed([
        NetAddress.ipFromStringUnsafe(names.current === "well" ? "127.0.0.1" : "169.254.169.254")
      ])
    }
  })

const key = makeEd25519()

/** A provider with two hosts, one for each endpoint, so that each can fail separately. */
const makeProvider = Effect.gen(function*() {
  const names: Resolving = { current: "well", waiting: new Set() }
  const keys = yield* makeFront(() => ({ keys: [{ ...key.jwk, kid: "ed" }] }))
  const metadata: Front = yield* makeFront(() => ({
    issuer: `https://as.test:${metadata.port}`,
    jwks_uri: `https://as.test:${keys.port}/jwks`
  }))
  const isWaiting = () => names.waiting.size > 0 || metadata.isWaiting() || keys.isWaiting()
  return { issuer: `https://as.test:${metadata.port}`, names, metadata, keys, isWaiting }
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
  // The connection timeout uses the real clock: it only ends what hangs.
  const client = NodeMcpAuth.layerNoDns({ allow: ["loopback"], connectTimeout: "5 minutes" })
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

type InjectFault = (provider: Provider) => Effect.Effect<void>

interface Row {
  readonly rule: string
  readonly injectFault: InjectFault
  /**
   * The maximum duration of the response in milliseconds if a request has to wait: with an empty cache, and in a
   * refresh.
   */
  readonly within: number
}

/** An immediate failure, twice: no timeout is waited for. */
const quick = 0

const modes: Readonly<Record<Exclude<Mode, "well">, number>> = {
  "connection refused": quick,
  "connection reset": quick,
  "reset after TLS": quick,
  "reset within the body": quick,
  "silence": total,
  "silence after TLS": total,
  "a slow body": total,
  "an untrusted certificate": quick,
  "a certificate of another host": quick,
  "no TLS at all": quick
}

const names: Readonly<Record<Exclude<Names, "well">, number>> = {
  "no such name": quick,
  // Metadata and keys, one after the other, when both are due: each is waited for.
  "names without an answer": 2 * total,
  "a name that resolves to an internal address": quick
}

const atEndpoint = (endpoint: "metadata" | "keys"): ReadonlyArray<Row> =>
  Object.entries(modes).map(([mode, within]) => ({
    rule: `${mode} at the ${endpoint} endpoint`,
    // The keys of the table are modes.
    injectFault: (provider) => provider[endpoint].become(mode as Mode),
    within
  }))

const ofNames: ReadonlyArray<Row> = Object.entries(names).map(([name, within]) => ({
  rule: name,
  injectFault: (provider) =>
    Effect.andThen(
      // Open connections need no name resolution.
      Effect.all([provider.metadata.become("well"), provider.keys.become("well")]),
      Effect.sync(() => {
        // The keys of the table are names.
        provider.names.current = name as Names
      })
    ),
  within
}))

const over: InjectFault = (provider) =>
  Effect.andThen(
    Effect.all([provider.metadata.become("well"), provider.keys.become("well")]),
    Effect.sync(() => {
      provider.names.current = "well"
      for (const end of provider.names.waiting) end()
      provider.names.waiting.clear()
    })
  )

/**
 * Waits for an effect. The clock of the test moves, a tenth of a second each step, only while the network makes it
 * wait.
 */
const during = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, { isWaiting }: Provider) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* Effect.promise(() => setTimeout(2))
    if (isWaiting()) yield* TestClock.adjust("100 millis")
  }
  return yield* Fiber.join(fiber)
})

/** Compares a response with its status and its time. */
const answered = Effect.fnUntraced(function*(
  provider: Provider,
  handle: Effect.Success<ReturnType<typeof start>>,
  token: string | undefined,
  status: number,
  within: number
) {
  const [took, answer] = yield* during(Effect.timed(callTool(handle, token)), provider)
  assert.strictEqual(answer.status, status, `${answer.body} ${answer.headers.get("www-authenticate")}`)
  assert.isAtMost(Duration.toMillis(took), within)
  if (status === 503) {
    assert.match(answer.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
    assert.isNull(answer.headers.get("www-authenticate"))
  }
})

const test = (rule: string, test: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.effect(
    rule,
    () =>
      Effect.andThen(TestClock.setTime(1_800_000_000_000), Effect.scoped(test)).pipe(Effect.provide(Logger.layer([])))
  )

describe.concurrent("the network has a fault", () => {
  for (const { injectFault, rule, within } of [...atEndpoint("metadata"), ...atEndpoint("keys"), ...ofNames]) {
    test(
      `${rule}, cold: 503, and 200 within a cooldown after it is over`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 hour")
        yield* injectFault(provider)
        yield* answered(provider, handle, yield* mint(provider), 503, within)
        yield* answered(provider, handle, undefined, 401, quick)
        yield* over(provider)
        // A provider is not asked again for as long as the failed request took.
        yield* TestClock.adjust(Math.max(1_300, within))
        yield* answered(provider, handle, yield* mint(provider), 200, quick)
      })
    )

    test(
      `${rule}, warm: 200 at once, without a request`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 hour")
        yield* answered(provider, handle, yield* mint(provider), 200, quick)
        const before = provider.metadata.requests() + provider.keys.requests()
        yield* injectFault(provider)
        for (let time = 0; time < 3; time++) yield* answered(provider, handle, yield* mint(provider), 200, quick)
        assert.strictEqual(provider.metadata.requests() + provider.keys.requests(), before)
      })
    )

    test(
      `${rule}, during a refresh: 200 from the cache`,
      Effect.gen(function*() {
        const provider = yield* makeProvider
        const handle = yield* start(provider, "1 milli")
        yield* answered(provider, handle, yield* mint(provider), 200, quick)
        yield* injectFault(provider)
        yield* TestClock.adjust("10 millis")
        yield* answered(provider, handle, yield* mint(provider), 200, within)
        yield* answered(provider, handle, yield* mint(provider), 200, within)
      })
    )
  }
})
