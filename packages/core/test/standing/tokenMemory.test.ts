/** What verifying a token costs, what is cached, and when the cache forgets it. */
import { AudiencePolicy, AuthorizationServer, Jws, TokenDigest, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { makeBoundedCache } from "../../src/token/internal/boundedCache.ts"
import { fingerprintOf, makeSeenFilter } from "../../src/token/internal/seenFilter.ts"
import {
  claims,
  compact,
  encode,
  exampleEd25519,
  issuer,
  type Key,
  makeEd25519,
  makeRsa,
  now,
  outcome,
  resource,
  signer,
  verifier
} from "../token/harness.ts"

type Verify = Effect.Success<ReturnType<typeof verifier>>

/** The number of operations of each kind. */
class Counted {
  checks = 0
  prepared = 0
  digests: Array<string> = []
}

/** Counts signatures when they are verified, even if that is later. */
const countingJws = (jws: Jws.Shape, counted: Counted): Jws.Shape => ({
  prepare: (key, algorithm) =>
    Effect.map(jws.prepare(key, algorithm), (verify): Jws.VerifySignature => {
      counted.prepared++
      return (signed) => {
        const answer = verify(signed)
        if (typeof answer === "boolean") {
          counted.checks++
          return answer
        }
        return Effect.andThen(Effect.sync(() => counted.checks++), answer)
      }
    })
})

const spyingDigest = (digest: TokenDigest.Shape, counted: Counted): TokenDigest.Shape => (token) => {
  const answer = digest(token)
  const spied = (value: string) => {
    counted.digests.push(value)
    return value
  }
  return typeof answer === "string" ? spied(answer) : Effect.map(answer, spied)
}

const platforms = {
  "with WebCrypto, which answers later": [Jws.Jws.defaultValue(), TokenDigest.TokenDigest.defaultValue()],
  "with node:crypto, which answers at once": [NodeJws.nodeCrypto, NodeJws.nodeDigest]
} as const

/** Runs a test with a count of the operations, on both platforms. */
const counting = (
  rule: string,
  test: (counted: Counted) => Effect.Effect<void, unknown, TestProvider.TestProvider | Requirements>
) => {
  for (const [platform, [jws, digest]] of Object.entries(platforms)) {
    it.effect(`${rule}, ${platform}`, () => {
      const counted = new Counted()
      return test(counted).pipe(
        Effect.provideService(Jws.Jws, countingJws(jws, counted)),
        Effect.provideService(TokenDigest.TokenDigest, spyingDigest(digest, counted)),
        Effect.scoped,
        Effect.provide(TestProvider.layer())
      )
    })
  }
}

type Requirements = Effect.Services<ReturnType<typeof verifier<never>>>

const accepted = (verify: Verify, token: string) =>
  Effect.map(outcome(verify(token)), (said) => assert.strictEqual(said, "accepted"))

/** A token is cached when it is sent for the second time. */
const remembered = (verify: Verify, token: string) => Effect.andThen(accepted(verify, token), accepted(verify, token))

const refusedAs = (verify: Verify, token: string, reason: string) =>
  Effect.map(outcome(verify(token)), (said) => assert.strictEqual(said, reason))

const rsa = [makeRsa(), makeRsa(), makeRsa()] as const
// The number of cached tokens depends on hash collisions: with this key it is always the same.
const ed = exampleEd25519()
const edwards = [ed, ...Array.from({ length: 11 }, makeEd25519)]
const unpublishedKey = makeRsa()

/** Publishes exactly these keys, by their names. */
const publish = (keys: ReadonlyArray<readonly [kid: string | undefined, key: Key]>) =>
  Effect.flatMap(TestProvider.TestProvider, ({ fault, heal }) =>
    Effect.andThen(
      heal("jwks"),
      fault(
        "jwks",
        Fault.document(() => ({
          keys: keys.map(([kid, { jwk }]) => ({ ...jwk, ...(kid === undefined ? {} : { kid }) }))
        }))
      )
    ))

const token = (key: Key, kid: string | undefined, changes: Schema.JsonObject = {}, alg = "RS256"): string =>
  compact({ alg, typ: "at+jwt", ...(kid === undefined ? {} : { kid }) }, { ...claims, ...changes }, signer(key, alg))

const numbered = (count: number, kid = "a"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => token(ed, kid, { jti: `jti-${index}` }, "EdDSA"))

const publishEd = publish([["a", ed]])

describe("the cost of verification", () => {
  counting(
    "the same token costs two signature verifications, however often it is sent",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        const one = token(rsa[0], "a")
        for (let time = 0; time < 100; time++) yield* accepted(verify, one)
        assert.deepStrictEqual([counted.checks, counted.prepared], [2, 1])
      })
  )

  counting(
    "the same token, sent 100 times at once, costs no more than without the cache",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        const one = token(rsa[0], "a")
        yield* Effect.all(Array.from({ length: 100 }, () => accepted(verify, one)), { concurrency: "unbounded" })
        assert.isAtMost(counted.checks, 100)
        yield* accepted(verify, one)
        const before = counted.checks
        yield* accepted(verify, one)
        assert.strictEqual(counted.checks, before)
        // The key is imported once for all of them.
        assert.strictEqual(counted.prepared, 1)
      })
  )

  counting(
    "distinct tokens cost one signature verification each, and one more when they are sent again",
    (counted) =>
      Effect.gen(function*() {
        yield* publishEd
        const verify = yield* verifier(TokenVerifier.jwt())
        const tokens = numbered(50)
        for (const one of tokens) yield* accepted(verify, one)
        assert.strictEqual(counted.checks, 50)
        for (const one of tokens) yield* accepted(verify, one)
        // A token whose hash collides with another is cached at once.
        assert.isAtMost(counted.checks, 100)
        const before = counted.checks
        for (const one of tokens) yield* accepted(verify, one)
        assert.strictEqual(counted.checks, before)
      })
  )

  counting(
    "an invalid token with a known kid costs one signature verification each time, and no request",
    (counted) =>
      Effect.gen(function*() {
        const { count } = yield* TestProvider.TestProvider
        yield* publish([["a", rsa[0]], ["b", rsa[1]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* accepted(verify, token(rsa[0], "a"))
        const [before, questions] = [counted.checks, yield* count()]
        const bad = token(unpublishedKey, "a")
        for (let time = 0; time < 10; time++) yield* refusedAs(verify, bad, "bad-signature")
        assert.strictEqual(counted.checks - before, 10)
        assert.strictEqual(yield* count(), questions)
      })
  )

  counting(
    "a token with a mistake outside its signature costs no signature verification",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* accepted(verify, token(rsa[0], "a"))
        const before = counted.checks
        yield* refusedAs(verify, token(rsa[0], "a", { exp: now - 60 }), "expired exp")
        yield* refusedAs(verify, token(rsa[0], "a", { aud: "https://other.test" }), "wrong-audience aud")
        yield* refusedAs(verify, token(rsa[0], "a", { iss: "https://evil.test" }), "unknown-issuer iss")
        yield* refusedAs(verify, "a.b.c", "malformed")
        assert.strictEqual(counted.checks, before)
      })
  )

  counting("a token without kid tries each fitting key once", (counted) =>
    Effect.gen(function*() {
      const [, other = ed] = edwards
      yield* publish([["a", rsa[0]], ["b", rsa[1]], ["c", rsa[2]], ["d", ed], ["e", other]])
      const verify = yield* verifier(TokenVerifier.jwt())
      yield* accepted(verify, token(rsa[2], undefined))
      // The third key of its type. Keys of other types are not tried.
      assert.strictEqual(counted.checks, 3)
      yield* accepted(verify, token(rsa[0], undefined))
      assert.strictEqual(counted.checks, 4)
    }))

  counting(
    "an invalid token without kid tries each key once, even if the keys are fetched again",
    (counted) =>
      Effect.gen(function*() {
        const { count } = yield* TestProvider.TestProvider
        yield* publish([["a", rsa[0]], ["b", rsa[1]], ["c", rsa[2]]])
        const verify = yield* verifier(TokenVerifier.jwt({ refetches: { limit: 1, window: "30 seconds" } }))
        yield* accepted(verify, token(rsa[0], "a"))
        yield* refusedAs(verify, token(unpublishedKey, undefined), "bad-signature")
        assert.deepStrictEqual([counted.checks, yield* count("jwks")], [1 + 3, 2])
        yield* refusedAs(verify, token(unpublishedKey, undefined, { jti: "another" }), "bad-signature")
        // No fetch is left for the second token.
        assert.deepStrictEqual([counted.checks, yield* count("jwks")], [1 + 3 + 3, 2])
      })
  )

  counting(
    "a token without kid tries a key that was published since, and no other key again",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]], ["b", rsa[1]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* accepted(verify, token(rsa[0], "a"))
        yield* publish([["a", rsa[0]], ["b", rsa[1]], ["c", rsa[2]]])
        yield* accepted(verify, token(rsa[2], undefined))
        assert.strictEqual(counted.checks, 1 + 3)
      })
  )

  counting(
    "a key set with many keys of one type lets a token try at most eight",
    (counted) =>
      Effect.gen(function*() {
        yield* publish(edwards.map((key, index) => [`ed-${index}`, key]))
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* refusedAs(verify, token(makeEd25519(), undefined, {}, "EdDSA"), "bad-signature")
        assert.isAtMost(counted.checks, 8)
        assert.isAtMost(counted.prepared, 8)
      })
  )

  counting(
    "1,000 unknown kids cost no signature verification, and as many fetches as are allowed at once",
    (counted) =>
      Effect.gen(function*() {
        const { count } = yield* TestProvider.TestProvider
        yield* publishEd
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* accepted(verify, numbered(1)[0] ?? "")
        const [before, questions] = [counted.checks, yield* count("jwks")]
        for (let index = 0; index < 1000; index++) {
          yield* refusedAs(verify, token(ed, `unknown-${index}`, {}, "EdDSA"), "unknown-key kid")
        }
        assert.deepStrictEqual([counted.checks - before, (yield* count("jwks")) - questions], [0, 3])
      })
  )

  counting("an unchanged key is imported once, however often its set is fetched", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const lasting = { exp: now + 24 * 3600 }
      for (let hour = 0; hour < 5; hour++) {
        yield* accepted(verify, token(rsa[0], "a", { ...lasting, jti: `jti-${hour}` }))
        yield* TestClock.adjust("1 hour")
      }
      assert.deepStrictEqual([counted.checks, counted.prepared], [5, 1])
    }))
})

describe("the token cache", () => {
  counting(
    "accepts a token until exp plus the tolerance, and not a millisecond longer",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt({ lifetime: "1 day" }))
        const one = token(rsa[0], "a", { exp: now + 600 })
        yield* remembered(verify, one)
        yield* TestClock.setTime((now + 600 + 30) * 1000 - 1)
        yield* accepted(verify, one)
        assert.strictEqual(counted.checks, 2)
        yield* TestClock.setTime((now + 600 + 30) * 1000)
        yield* refusedAs(verify, one, "expired exp")
        yield* TestClock.setTime((now + 7200) * 1000)
        yield* refusedAs(verify, one, "expired exp")
        assert.strictEqual(counted.checks, 2)
      })
  )

  counting(
    "does not accept a token before the time of its verification, after a clock was set back",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        const [one, early] = [token(rsa[0], "a"), token(rsa[0], "a", { iat: now - 7200, nbf: now - 1800 })]
        yield* remembered(verify, one)
        yield* remembered(verify, early)
        yield* TestClock.setTime((now - 3600) * 1000)
        yield* refusedAs(verify, one, "issued-in-future iat")
        yield* refusedAs(verify, early, "not-yet-valid nbf")
        yield* TestClock.setTime((now - 1200) * 1000)
        yield* accepted(verify, early)
        assert.strictEqual(counted.checks, 5)
      })
  )

  counting(
    "does not accept a token before the time of its verification, even if its key was known before",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        yield* accepted(verify, token(rsa[0], "a"))
        yield* TestClock.setTime((now + 300) * 1000)
        const later = token(rsa[0], "a", { iat: now + 300 })
        yield* remembered(verify, later)
        yield* TestClock.setTime((now + 60) * 1000)
        yield* refusedAs(verify, later, "issued-in-future iat")
        assert.strictEqual(counted.checks, 3)
      })
  )

  counting("forgets a token when its key leaves the set, at the next refresh", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]], ["b", rsa[1]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const lasting = { exp: now + 24 * 3600 }
      const [gone, stays] = [token(rsa[0], "a", lasting), token(rsa[1], "b", lasting)]
      yield* remembered(verify, gone)
      yield* remembered(verify, stays)
      yield* publish([["b", rsa[1]]])
      yield* TestClock.adjust("13 minutes")
      yield* refusedAs(verify, gone, "unknown-key kid")
      yield* accepted(verify, stays)
      assert.strictEqual(counted.checks, 4)
    }))

  counting(
    "forgets a token when its key leaves the set, at once when an unknown key of another token causes a fetch",
    (counted) =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        const gone = token(rsa[0], "a")
        yield* remembered(verify, gone)
        yield* publish([["b", rsa[1]]])
        yield* accepted(verify, token(rsa[1], "b"))
        yield* refusedAs(verify, gone, "unknown-key kid")
        assert.strictEqual(counted.checks, 3)
      })
  )

  counting("forgets a token when another key gets the kid of its key", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const lasting = token(rsa[0], "a", { exp: now + 24 * 3600 })
      yield* remembered(verify, lasting)
      yield* publish([["a", rsa[1]]])
      yield* TestClock.adjust("13 minutes")
      yield* refusedAs(verify, lasting, "bad-signature")
      assert.strictEqual(counted.checks, 3)
    }))

  counting("verifies a token again when its key was removed and restored", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]], ["b", rsa[1]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const lasting = token(rsa[0], "a", { exp: now + 24 * 3600 })
      yield* remembered(verify, lasting)
      yield* publish([["b", rsa[1]]])
      yield* TestClock.adjust("13 minutes")
      yield* refusedAs(verify, lasting, "unknown-key kid")
      yield* publish([["a", rsa[0]]])
      yield* TestClock.adjust("13 minutes")
      yield* accepted(verify, lasting)
      assert.strictEqual(counted.checks, 3)
    }))

  counting("forgets a token when its key may no longer be used for signatures", () =>
    Effect.gen(function*() {
      const { fault } = yield* TestProvider.TestProvider
      yield* publish([["a", rsa[0]], ["b", rsa[1]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const lasting = token(rsa[0], "a", { exp: now + 24 * 3600 })
      yield* remembered(verify, lasting)
      yield* fault(
        "jwks",
        Fault.document(() => ({ keys: [{ ...rsa[0].jwk, kid: "a", use: "enc" }, { ...rsa[1].jwk, kid: "b" }] }))
      )
      yield* TestClock.adjust("13 minutes")
      yield* refusedAs(verify, lasting, "unusable-key kid")
    }))

  counting("forgets a token when its server issues under another name", (counted) =>
    Effect.gen(function*() {
      const { fault } = yield* TestProvider.TestProvider
      const other = "https://as.test/renamed"
      yield* publish([["a", rsa[0]]])
      yield* TestClock.setTime(now * 1000)
      const server = yield* AuthorizationServer.discover(issuer, {
        type: "oauth",
        issuerPolicy: {
          name: "both names",
          expects: () => "either",
          accepts: ({ answered }) => [issuer, other].includes(answered)
        }
      })
      const method = TokenVerifier.jwt({ lifetime: "1 day" })
      const make = yield* method.make({ resource, authorizationServers: [server] })
      const verify: Verify = (one) => make(Redacted.make(one))
      const lasting = { exp: now + 24 * 3600 }
      const [before, after] = [token(rsa[0], "a", lasting), token(rsa[0], "a", { ...lasting, iss: other })]
      yield* remembered(verify, before)
      yield* refusedAs(verify, after, "unknown-issuer iss")
      yield* fault("metadata", Fault.wrongIssuer(other))
      yield* TestClock.adjust("80 minutes")
      yield* refusedAs(verify, before, "unknown-issuer iss")
      yield* accepted(verify, after)
      // Now that everything is fresh again, as well.
      yield* refusedAs(verify, before, "unknown-issuer iss")
      assert.strictEqual(counted.checks, 3)
    }))

  counting("belongs to one resource", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
      const elsewhere = yield* TokenVerifier.jwt().make({
        resource: "https://api.test/other",
        authorizationServers: [server]
      })
      const one = token(rsa[0], "a")
      yield* remembered(verify, one)
      yield* refusedAs((token) => elsewhere(Redacted.make(token)), one, "wrong-audience aud")
      assert.strictEqual(counted.checks, 2)
    }))

  counting(
    "belongs to one set of rules: a strict verifier does not accept what a lax one cached",
    () =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[0]]])
        const lax = yield* verifier(TokenVerifier.jwt())
        const strict = {
          "wrong-audience aud": yield* verifier(TokenVerifier.jwt({ audience: AudiencePolicy.exclusive })),
          "unsupported-algorithm alg": yield* verifier(TokenVerifier.jwt({ algorithms: ["ES256"] })),
          "expired exp": yield* verifier(TokenVerifier.jwt({ clockTolerance: 0 }))
        }
        const one = token(rsa[0], "a", { aud: [resource, "https://other.test"], iat: now - 60, exp: now })
        yield* remembered(lax, one)
        for (const [reason, verify] of Object.entries(strict)) yield* refusedAs(verify, one, reason)
        yield* accepted(lax, one)
      })
  )

  counting("is off if its capacity is zero, and then no digest is computed", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt({ remember: 0 }))
      const one = token(rsa[0], "a")
      for (let time = 0; time < 20; time++) yield* accepted(verify, one)
      assert.strictEqual(counted.checks, 20)
      assert.deepStrictEqual(counted.digests, [])
    }))

  counting("never exceeds its capacity", (counted) =>
    Effect.gen(function*() {
      yield* publishEd
      const verify = yield* verifier(TokenVerifier.jwt({ remember: 10 }))
      const costOf = (tokens: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const before = counted.checks
          for (const one of tokens) yield* accepted(verify, one)
          return counted.checks - before
        })
      const tokens = numbered(11)
      // All of them were seen before, including the one without a place in the cache.
      for (let round = 0; round < 3; round++) yield* costOf(tokens)
      assert.isAbove(yield* costOf(tokens), 0)
      for (let round = 0; round < 3; round++) yield* costOf(tokens.slice(0, 10))
      assert.strictEqual(yield* costOf(tokens.slice(0, 10)), 0)
    }))

  /**
   * The number of signature verifications for a regular token in a flood that sends each of its tokens this many
   * times.
   */
  const costInFlood = (counted: Counted, times: number) =>
    Effect.gen(function*() {
      yield* publishEd
      const verify = yield* verifier(TokenVerifier.jwt({ remember: 10 }))
      const [regular = "", ...flood] = numbered(301)
      let cost = 0
      for (const one of flood) {
        for (let time = 0; time < times; time++) yield* accepted(verify, one)
        const before = counted.checks
        yield* accepted(verify, regular)
        cost += counted.checks - before
      }
      return cost
    })

  counting(
    "keeps a token that is used all the time during a flood of valid tokens",
    (counted) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* costInFlood(counted, 1), 2)
      })
  )

  counting(
    "keeps a token during a flood that sends each token twice, so that the flood is cached as well",
    (counted) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* costInFlood(counted, 2), 2)
      })
  )

  counting(
    "costs a regular token one signature verification in a whole round if the whole flood is in use as well",
    (counted) =>
      Effect.gen(function*() {
        assert.isAtMost(yield* costInFlood(counted, 3), 2 + 300 / 9)
      })
  )

  counting("is not changed by a flood of invalid tokens", (counted) =>
    Effect.gen(function*() {
      yield* publishEd
      const verify = yield* verifier(TokenVerifier.jwt({ remember: 10 }))
      const tokens = numbered(10)
      for (const one of tokens) yield* remembered(verify, one)
      const other = makeEd25519()
      for (let index = 0; index < 200; index++) {
        yield* refusedAs(verify, token(other, "a", { jti: `bad-${index}` }, "EdDSA"), "bad-signature")
      }
      assert.strictEqual(counted.checks, 220)
      for (const one of tokens) yield* accepted(verify, one)
      assert.strictEqual(counted.checks, 220)
    }))

  counting("finds a token by the digest of the whole token, and by nothing else", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const one = token(rsa[0], "a")
      yield* accepted(verify, one)
      assert.deepStrictEqual(counted.digests, [])
      yield* remembered(verify, one)
      const [digest = "", again] = counted.digests
      assert.strictEqual(digest, again)
      // SHA-256 in base64url.
      assert.match(digest, /^[A-Za-z0-9_-]{43}$/)
      for (const part of one.split(".")) assert.notInclude(part, digest)
    }))

  counting("does not accept the same claims with another signature", (counted) =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const good = token(rsa[0], "a")
      yield* remembered(verify, good)
      const [header, payload, signature = ""] = good.split(".")
      const bytes = Buffer.from(signature, "base64url")
      const others = [
        token(unpublishedKey, "a").split(".")[2] ?? "",
        encode(Buffer.alloc(bytes.length)),
        encode(bytes.subarray(1)),
        encode(bytes.subarray(0, -1)),
        encode(Buffer.concat([bytes, Buffer.alloc(1)])),
        encode(Buffer.concat([Buffer.alloc(1), bytes])),
        encode(bytes.with(0, 255 - (bytes[0] ?? 0)))
      ]
      for (const other of others) yield* refusedAs(verify, `${header}.${payload}.${other}`, "bad-signature")
      assert.strictEqual(counted.checks, 2 + others.length)
      yield* accepted(verify, good)
    }))

  counting(
    "never remembers that a token is invalid: it is accepted as soon as it is valid",
    () =>
      Effect.gen(function*() {
        yield* publish([["a", rsa[1]]])
        const verify = yield* verifier(TokenVerifier.jwt())
        const early = token(rsa[0], "a", { exp: now + 24 * 3600 })
        yield* refusedAs(verify, early, "bad-signature")
        yield* publish([["a", rsa[0]]])
        yield* TestClock.adjust("13 minutes")
        yield* accepted(verify, early)
      })
  )

  counting("gives each request the token that it was sent with", () =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const one = token(rsa[0], "a")
      const [first, second, third] = [yield* verify(one), yield* verify(one), yield* verify(one)]
      for (const again of [second, third]) {
        assert.strictEqual(Redacted.value(again.token), one)
        assert.deepStrictEqual({ ...again, token: undefined }, { ...first, token: undefined })
      }
    }))

  it.effect("is keyed by the digest alone: a digest function that collides returns the wrong claims", () =>
    Effect.gen(function*() {
      yield* publish([["a", rsa[0]]])
      const verify = yield* verifier(TokenVerifier.jwt())
      const [ada, bob] = [token(rsa[0], "a", { sub: "ada" }), token(rsa[0], "a", { sub: "bob" })]
      yield* remembered(verify, ada)
      yield* verify(bob)
      assert.strictEqual((yield* verify(bob)).subject, "ada")
    }).pipe(
      Effect.provideService(TokenDigest.TokenDigest, () => "the same for all"),
      Effect.scoped,
      Effect.provide(TestProvider.layer())
    ))
})

describe("the filter of tokens that were seen before recognizes a token", () => {
  const capacity = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })))
  /** Fingerprints that do not collide. */
  const marks = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

  it.effect.prop(
    "if at most as many others as its capacity were seen since",
    [capacity],
    ([capacity]) =>
      Effect.sync(() => {
        const { has, add } = makeSeenFilter(capacity)
        for (const before of marks(0, capacity)) {
          add(before)
          add(500)
          for (const other of marks(600, capacity)) add(other)
          assert.isTrue(has(500))
        }
      })
  )

  it.effect.prop("until twice as many others as its capacity were seen", [capacity], ([capacity]) =>
    Effect.sync(() => {
      const { has, add } = makeSeenFilter(capacity)
      add(0)
      for (const other of marks(1, 2 * capacity)) add(other)
      assert.isFalse(has(0))
      assert.isTrue(has(2 * capacity))
    }))

  it.effect.prop("however often others are sent", [capacity], ([capacity]) =>
    Effect.sync(() => {
      const { has, add } = makeSeenFilter(capacity)
      add(0)
      for (let time = 0; time < 1000; time++) add(1)
      assert.isTrue(has(0))
    }))

  it("and no other token, for fingerprints in the whole range", () => {
    const { has, add } = makeSeenFilter(10_000)
    add(0xffff_ffff)
    assert.isTrue(has(0xffff_ffff))
    for (const other of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe]) {
      assert.strictEqual(has(other), other === 0x7fff_ffff, String(other))
    }
  })

  it.each([10_000, 2 ** 20, Number.MAX_SAFE_INTEGER])("and few unseen tokens, with the capacity %i", (capacity) => {
    const { has, add } = makeSeenFilter(capacity)
    const mark = (kind: string, index: number) =>
      createHash("sha256").update(`${kind} ${index}`).digest().readUInt32LE()
    for (let index = 0; index < 3 * Math.min(capacity, 100_000); index++) add(mark("met", index))
    const unseen = Array.from({ length: 2000 }, (_, index) => mark("unseen", index))
    // Of a hundred, at most six are expected.
    assert.isBelow(unseen.filter(has).length, 200)
  })

  it("in at most 32 megabytes, whatever the capacity is", () => {
    const before = process.memoryUsage().arrayBuffers
    const { has, add } = makeSeenFilter(Number.MAX_SAFE_INTEGER)
    add(7)
    assert.isTrue(has(7))
    assert.isAtMost(process.memoryUsage().arrayBuffers - before, 2 ** 25)
  })

  it("unless the capacity is zero", () => {
    const { has, add } = makeSeenFilter(0)
    add(7)
    assert.isFalse(has(7))
  })

  it("by the end of its signature: at most one in 100,000 pairs collides", () => {
    const one = (index: number) => `e30.e30.${createHash("sha512").update(String(index)).digest("base64url")}`
    const seen = new Set(Array.from({ length: 2000 }, (_, index) => fingerprintOf(one(index)) % 2 ** 19))
    // 2000 of half a million: four pairs are expected.
    assert.isAtLeast(seen.size, 1980)
  })
})

describe("properties of the cache", () => {
  type Operation = readonly [kind: "get" | "set", name: number]
  const operation: Arbitrary.Arbitrary<Operation> = Arbitrary.all([
    Arbitrary.schema(Schema.Literals(["get", "set", "set"])),
    Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })))
  ])
  const operations = Arbitrary.array(operation, { maxLength: 80 })
  const capacity = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })))

  it.effect.prop("returns the last value of a key or nothing, and never exceeds its capacity", [operations, capacity], (
    [operations, capacity]
  ) =>
    Effect.sync(() => {
      const memory = makeBoundedCache<number>(capacity)
      const model = new Map<number, number>()
      for (const [step, [kind, name]] of operations.entries()) {
        if (kind === "set") {
          memory.set(String(name), step)
          model.set(name, step)
        } else {
          const found = memory.get(String(name))
          if (found !== undefined) assert.strictEqual(found, model.get(name))
        }
      }
      const held = Array.from({ length: 21 }, (_, name) => memory.get(String(name))).filter((one) => one !== undefined)
      assert.isAtMost(held.length, capacity)
      // As long as there is room, nothing is evicted.
      if (model.size <= capacity) assert.strictEqual(held.length, model.size)
    }), { arbitrary: { runs: 500 } })

  it.effect.prop(
    "returns the value that was put in last",
    [operations, capacity],
    ([operations, capacity]) =>
      Effect.sync(() => {
        const memory = makeBoundedCache<number>(capacity + 1)
        for (const [step, [kind, name]] of operations.entries()) {
          if (kind === "get") memory.get(String(name))
          else {
            memory.set(String(name), step)
            assert.strictEqual(memory.get(String(name)), step)
          }
        }
      }),
    { arbitrary: { runs: 300 } }
  )
})
