import { DiscoveryError, MetadataFetchError, TokenError } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

const {
  InsufficientScope,
  IntrospectionQueueFull,
  InvalidRequest,
  InvalidToken,
  MissingCredentials,
  TooManyFailures,
  VerificationUnavailable
} = TokenError

const reasons: { readonly [Reason in TokenError.InvalidTokenReason]: true } = {
  "malformed": true,
  "encrypted": true,
  "unsupported-algorithm": true,
  "unknown-issuer": true,
  "unknown-key": true,
  "unusable-key": true,
  "bad-signature": true,
  "expired": true,
  "not-yet-valid": true,
  "issued-in-future": true,
  "wrong-audience": true,
  "not-an-access-token": true,
  "sender-constrained": true,
  "missing-claim": true,
  "invalid-claim": true,
  "inactive": true,
  "rejected": true,
  "unknown-api-key": true
}

const requestReasons = ["several-headers", "token-in-query", "malformed", "too-long"] as const

/** The characters that an `error_description` may contain unescaped (RFC 6750, section 3). */
const description = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/

describe("descriptions", () => {
  // The record has every reason as a key, and no other keys.
  for (const reason of Object.keys(reasons) as ReadonlyArray<TokenError.InvalidTokenReason>) {
    it(`"${reason}" has a fixed description that fits into a header`, () => {
      const error = new InvalidToken({ reason, claim: "a\r\n\"", expected: "b\r\n\"", actual: "c\r\n\"" })
      assert.match(error.description, description)
      assert.strictEqual(error.description, new InvalidToken({ reason }).description)
    })
  }

  it("no two reasons have the same description", () => {
    // The record has every reason as a key, and no other keys.
    const all = Object.keys(reasons) as ReadonlyArray<TokenError.InvalidTokenReason>
    assert.strictEqual(new Set(all.map((reason) => new InvalidToken({ reason }).description)).size, all.length)
  })
})

describe("messages", () => {
  it("name the claim, the expected value and the actual value", () => {
    const error = new InvalidToken({ reason: "wrong-audience", claim: "aud", expected: "\"a\"", actual: "b" })
    assert.strictEqual(
      error.message,
      "the access token was issued for another resource (aud), expected \"a\", got \"b\""
    )
  })

  it("leave out the claim and the values that are not known", () => {
    assert.strictEqual(new InvalidToken({ reason: "malformed" }).message, "the access token is malformed")
    assert.strictEqual(
      new InvalidToken({ reason: "malformed", claim: "kid" }).message,
      "the access token is malformed (kid)"
    )
  })

  it("cannot be made to forge a log line by untrusted text", () => {
    const error = new InvalidToken({ reason: "unknown-issuer", claim: "iss", actual: "x\nlevel=info msg=ok\u001b[2K" })
    assert.match(error.message, /^[\x20-\x7e]*$/)
  })

  it("cannot be made to flood a log by untrusted text", () => {
    const error = new InvalidToken({ reason: "unknown-issuer", claim: "iss", actual: "x".repeat(16_000) })
    assert.isAtMost(error.message.length, 400)
  })

  for (const reason of requestReasons) {
    it(`"${reason}" says what to change`, () => {
      assert.match(new InvalidRequest({ reason }).message, /^The request is refused: it/)
    })
  }

  it("say where missing credentials belong", () => {
    assert.include(new MissingCredentials().message, "Authorization header")
  })

  it("name the scopes that are missing and not those that were granted", () => {
    const error = new InsufficientScope({ required: ["a", "b\n"], granted: ["a"] })
    assert.strictEqual(error.message, "The access token lacks the scope \"b\\n\"")
  })

  it("name the server and the cause of an outage", () => {
    const cause = new MetadataFetchError.MetadataFetchError({
      url: "https://as.test/jwks",
      reason: new MetadataFetchError.Status({ status: 503 })
    })
    const error = new VerificationUnavailable({ issuer: "https://as.test", cause })
    assert.strictEqual(
      error.message,
      "The token of \"https://as.test\" cannot be verified now: " +
        "GET https://as.test/jwks: HTTP 503, the server is temporarily unavailable"
    )
    assert.strictEqual(new VerificationUnavailable({}).message, "The token cannot be verified now")
  })

  const causes = {
    MetadataFetchError: new MetadataFetchError.MetadataFetchError({
      url: "https://as.test/jwks",
      reason: new MetadataFetchError.Status({ status: 503 })
    }),
    DiscoveryFailed: new DiscoveryError.DiscoveryFailed({
      issuer: "https://as.test",
      by: "issuer",
      outcome: "Transient",
      attempts: []
    }),
    IncompleteMetadata: new DiscoveryError.IncompleteMetadata({
      location: "https://as.test",
      purpose: "introspection",
      missing: ["introspection_endpoint"]
    }),
    IntrospectionQueueFull: new IntrospectionQueueFull({ reason: "full" }),
    InvalidToken: new InvalidToken({ reason: "unknown-key", claim: "kid" })
  }
  for (const [name, cause] of Object.entries(causes)) {
    it(`of an outage repeat the message of ${name}`, () => {
      assert.strictEqual(
        new VerificationUnavailable({ cause }).message,
        `The token cannot be verified now: ${cause.message}`
      )
    })
  }

  it("of a client that failed too often name the seconds that are left", () => {
    assert.include(new TooManyFailures({ retryAfter: Duration.millis(29_001) }).message, "for 30 s")
  })

  it("do not repeat the text of a custom verifier's failure, which may quote the token", () => {
    const error = new VerificationUnavailable({ cause: new Error("no user for eyJhbGciOi") })
    assert.strictEqual(error.message, "The token cannot be verified now")
  })
})
