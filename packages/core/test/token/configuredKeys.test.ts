import { AuthorizationServer, Purpose, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber, Redacted, Ref } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import { claims, compact, issuer, makeEd25519, now, outcome, resource, signer } from "./harness.ts"

const [first, second] = [makeEd25519(), makeEd25519()]
const keyOf = ({ jwk }: typeof first, kid: string) => ({ kty: "OKP", crv: "Ed25519", x: jwk.x ?? "", kid })
const tokenOf = (key: typeof first, kid: string) =>
  compact({ alg: "EdDSA", typ: "at+jwt", kid }, claims, signer(key, "EdDSA"))

class FileMissing extends Data.TaggedError("FileMissing") {}

/** No request may leave the program. */
const offline = Effect.provideService(
  HttpClient.HttpClient,
  HttpClient.make((request) => Effect.die(`a request was sent to ${request.url}`))
)

const verifierFor = Effect.fnUntraced(function*<E>(server: AuthorizationServer.AuthorizationServer<E>) {
  yield* TestClock.setTime(now * 1000)
  const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
  return (token: string) => verify(Redacted.make(token))
})

describe("keys that are configured with a server", () => {
  it.effect("verify tokens without any request", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer },
        keys: { keys: [keyOf(first, "1")] }
      })
      const verify = yield* verifierFor(server)
      assert.strictEqual(yield* outcome(verify(tokenOf(first, "1"))), "accepted")
      assert.strictEqual(yield* outcome(verify(tokenOf(second, "1"))), "bad-signature")
    }).pipe(Effect.scoped, offline))

  it.effect("replace those of jwks_uri", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer, jwksUri: `${issuer}/jwks` },
        keys: { keys: [keyOf(first, "1")] }
      })
      const verify = yield* verifierFor(server)
      assert.strictEqual(yield* outcome(verify(yield* provider.mint())), "unknown-key kid")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are loaded again when a token has an unknown key ID", () =>
    Effect.gen(function*() {
      const keys = yield* Ref.make([keyOf(first, "1")])
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer },
        keys: Effect.map(Ref.get(keys), (keys) => ({ keys }))
      })
      const verify = yield* verifierFor(server)
      assert.strictEqual(yield* outcome(verify(tokenOf(first, "1"))), "accepted")
      yield* Ref.set(keys, [keyOf(first, "1"), keyOf(second, "2")])
      assert.strictEqual(yield* outcome(verify(tokenOf(second, "2"))), "accepted")
    }).pipe(Effect.scoped, offline))

  it.effect("that cannot be loaded make tokens unverifiable, and not invalid", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer },
        keys: Effect.fail(new FileMissing())
      })
      const error = yield* Effect.flip((yield* verifierFor(server))(tokenOf(first, "1")))
      assert.strictEqual(error._tag, "VerificationUnavailable")
    }).pipe(Effect.scoped, offline))

  const outages: ReadonlyArray<readonly [rule: string, keys: Effect.Effect<AuthorizationServer.KeySetDocument>]> = [
    ["have a defect", Effect.die("bug")],
    ["never arrive", Effect.never]
  ]
  for (const [rule, failing] of outages) {
    it.effect(`that ${rule} make tokens unverifiable, and are loaded again for later tokens`, () =>
      Effect.gen(function*() {
        const isDown = yield* Ref.make(true)
        const server = yield* AuthorizationServer.make({
          type: "oauth",
          metadata: { issuer },
          keys: Effect.flatMap(
            Ref.get(isDown),
            (isDown) => isDown ? failing : Effect.succeed({ keys: [keyOf(first, "1")] })
          )
        })
        const verify = yield* verifierFor(server)
        const waiting = yield* Effect.forkChild(outcome(verify(tokenOf(first, "1"))))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(waiting), "VerificationUnavailable")
        yield* Ref.set(isDown, false)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* outcome(verify(tokenOf(first, "1"))), "accepted")
      }).pipe(Effect.scoped, offline))
  }

  it.effect("satisfy the purpose of JWT verification, and no other", () =>
    Effect.gen(function*() {
      const known = { type: "oauth", metadata: { issuer }, keys: { keys: [keyOf(first, "1")] } } as const
      yield* AuthorizationServer.make(known, { purpose: Purpose.jwtVerification })
      const error = yield* Effect.flip(AuthorizationServer.make(known, { purpose: Purpose.introspection }))
      assert.include(error.message, "introspection_endpoint")
      const without = yield* Effect.flip(
        AuthorizationServer.make({ ...known, keys: undefined }, { purpose: Purpose.jwtVerification })
      )
      assert.include(without.message, "jwks_uri")
    }))
})
