import { Issuer, ResourceIdentifier, WellKnown } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import issuers from "../cases/issuers.json" with { type: "json" }
import resources from "../cases/resources.json" with { type: "json" }

const shown = (text: string): string => JSON.stringify(text)

describe("issuers", () => {
  for (const row of issuers) {
    const result = Issuer.makeResult(row.issuer)
    it(`${shown(row.issuer)} is ${row.valid ? "accepted" : "refused"}: ${row.why}`, () => {
      if (!row.valid) {
        if (Result.isSuccess(result)) return assert.fail("taken")
        assert.strictEqual(result.failure._tag, "InvalidIssuer")
        return
      }
      const issuer = Result.getOrThrow(result)
      assert.strictEqual(issuer, row.issuer)
      assert.strictEqual(WellKnown.oauthAuthorizationServer(issuer), row.oauth)
      assert.strictEqual(WellKnown.openidConfiguration(issuer), row.oidcAppend)
      assert.strictEqual(WellKnown.openidConfigurationInserted(issuer), row.oidcInsert)
      assert.deepStrictEqual(WellKnown.candidates(issuer), row.mcpOrder)
    })
  }
  for (const row of issuers.filter(({ validWithInsecureLoopbackOptIn }) => validWithInsecureLoopbackOptIn)) {
    it(`${shown(row.issuer)} is accepted with the opt-in`, () => {
      const issuer = Result.getOrThrow(Issuer.makeResult(row.issuer, { allowInsecureLoopback: true }))
      assert.strictEqual(WellKnown.oauthAuthorizationServer(issuer), row.oauth)
      assert.strictEqual(WellKnown.openidConfiguration(issuer), row.oidcAppend)
    })
  }
})

describe("resources", () => {
  for (const row of resources) {
    const result = ResourceIdentifier.makeResult(row.resource)
    it(`${shown(row.resource)} is ${row.valid ? "accepted" : "refused"}: ${row.why}`, () => {
      if (!row.valid) return assert.isTrue(Result.isFailure(result))
      const resource = Result.getOrThrow(result)
      assert.strictEqual(resource, row.resource)
      assert.strictEqual(WellKnown.protectedResource(resource), row.pathInserted)
      assert.strictEqual(WellKnown.protectedResourceRoot(resource), row.root)
      assert.deepStrictEqual(WellKnown.protectedResourceCandidates(resource), row.mcpOrder)
    })
  }
})

const reasons: ReadonlyArray<readonly [issuer: string, reason: Issuer.InvalidIssuer["reason"]]> = [
  ["", "empty"],
  [" https://as.test", "whitespace"],
  ["https://as.test\n", "whitespace"],
  ["https://as.\ttest", "whitespace"],
  ["https://as.test/\u0000", "whitespace"],
  ["https://as.test/\u200b", "whitespace"],
  ["https://as.test/\u00a0", "whitespace"],
  ["https:\\\\as.test", "backslash"],
  ["https://as.test\\@evil.test", "backslash"],
  ["https://bücher.test", "non-ascii"],
  ["https://as.test/\uff0e\uff0e/", "non-ascii"],
  ["https://\uff41s.test", "non-ascii"],
  ["https://as.test/{tenantid}/v2.0", "template"],
  ["as.test", "not-absolute"],
  ["//as.test", "not-absolute"],
  ["https:/as.test", "not-absolute"],
  ["https:as.test", "not-absolute"],
  ["/t1", "not-absolute"],
  ["ftp://as.test", "not-https"],
  ["javascript:alert(1)", "not-https"],
  ["urn:example:issuer", "not-https"],
  ["http://as.test", "not-https"],
  ["HTTP://AS.TEST", "not-https"],
  ["http://127.0.0.1.evil.test", "not-https"],
  ["http://localhost.evil.test", "not-https"],
  ["http://localhost", "insecure-loopback"],
  ["HTTP://LOCALHOST:3000/t1", "insecure-loopback"],
  ["http://[::1]:3000", "insecure-loopback"],
  ["http://127.1.2.3", "insecure-loopback"],
  ["https:///t1", "empty-host"],
  ["https://:8443", "empty-host"],
  ["https://", "empty-host"],
  ["https://user@as.test", "user-info"],
  ["https://user:pw@as.test", "user-info"],
  ["https://@as.test", "user-info"],
  ["https://as.test:443@evil.test", "user-info"],
  ["https://%61s.test", "percent-encoded-host"],
  ["https://as%2etest", "percent-encoded-host"],
  ["https://2130706433", "ambiguous-host"],
  ["https://0x7f.1", "ambiguous-host"],
  ["https://0x7f000001", "ambiguous-host"],
  ["https://0177.0.0.1", "ambiguous-host"],
  ["https://127.1", "ambiguous-host"],
  ["https://[::ffff:127.0.0.1]", "ambiguous-host"],
  ["https://[2001:db8:0:0:0:0:0:1]", "ambiguous-host"],
  ["https://256.256.256.256", "invalid-host"],
  ["https://as.test.5", "invalid-host"],
  ["https://2001:db8::1", "invalid-host"],
  ["https://[2001:db8::1", "invalid-host"],
  ["https://[fe80::1%25eth0]", "percent-encoded-host"],
  ["https://[not-ip]", "invalid-host"],
  ["https://a\"b", "invalid-host"],
  ["https://as.test:99999", "invalid-port"],
  ["https://as.test:4a", "invalid-port"],
  ["https://as.test:-1", "invalid-port"],
  ["https://as.test:0443", "invalid-port"],
  ["https://as.test/./t1", "dot-segment"],
  ["https://as.test/t1/..", "dot-segment"],
  ["https://as.test/%2e%2E/t1", "dot-segment"],
  ["https://as.test/.%2e", "dot-segment"],
  ["https://as.test/%zz", "percent-encoding"],
  ["https://as.test/%", "percent-encoding"],
  ["https://as.test/%4", "percent-encoding"],
  ["https://as.test/a|b", "forbidden-character"],
  ["https://as.test/a[b]", "forbidden-character"],
  ["https://as.test/{", "forbidden-character"],
  ["https://as.test/\"", "forbidden-character"],
  ["https://as.test/^", "forbidden-character"],
  ["https://as.test/`", "forbidden-character"],
  ["https://as.test/<a>", "forbidden-character"],
  ["https://as.test/?x=1", "query"],
  ["https://as.test?x", "query"],
  ["https://as.test?", "empty-query"],
  ["https://as.test/t1?", "empty-query"],
  ["https://as.test#f", "fragment"],
  ["https://as.test/t1#", "empty-fragment"]
]

describe("the reasons of a refusal", () => {
  for (const [issuer, reason] of reasons) {
    it(`${shown(issuer)} is refused for ${reason}`, () => {
      const result = Issuer.makeResult(issuer)
      if (Result.isSuccess(result)) return assert.fail("taken")
      assert.strictEqual(result.failure.reason, reason)
    })
  }

  it("every reason has a row", () => {
    const seen = new Set(reasons.map(([, reason]) => reason))
    assert.strictEqual(seen.size, Issuer.InvalidIssuer.fields.reason.literals.length)
  })

  it("a discovery URL is recognized in the message", () => {
    const result = Issuer.makeResult("https://as.test/.well-known/openid-configuration?appid=1")
    assert.isTrue(
      Result.isFailure(result) && result.failure.message.includes("This is a discovery URL; pass the issuer")
    )
  })

  // Quadratic parsing of one of these would still run when the test times out: 200,000 squared is 40 billion.
  const long: ReadonlyArray<readonly [part: string, asPath: Issuer.InvalidIssuer["reason"] | "taken", asHost: string]> =
    [
      ["/a", "taken", "empty-host"],
      ["a", "taken", "taken"],
      ["a.", "taken", "taken"],
      ["-", "taken", "taken"],
      ["%41", "taken", "percent-encoded-host"],
      ["%2", "percent-encoding", "percent-encoded-host"],
      ["%2e", "taken", "percent-encoded-host"],
      ["/.", "dot-segment", "empty-host"],
      ["/%2e", "dot-segment", "empty-host"],
      ["/..", "dot-segment", "empty-host"],
      [":", "taken", "invalid-host"],
      ["1", "taken", "invalid-host"],
      ["@", "taken", "user-info"],
      ["{", "forbidden-character", "invalid-host"],
      ["{}", "template", "template"],
      ["\\", "backslash", "backslash"],
      ["[", "forbidden-character", "invalid-host"],
      ["?", "query", "empty-host"],
      ["#", "fragment", "empty-host"],
      [" ", "whitespace", "whitespace"],
      ["ü", "non-ascii", "non-ascii"]
    ]
  for (const [part, asPath, asHost] of long) {
    it(`${shown(part)} 200,000 times is judged in linear time`, () => {
      const judged = (issuer: string) =>
        Result.match(Issuer.makeResult(issuer), {
          onFailure: ({ reason }) => reason,
          onSuccess: (issuer) => {
            for (const url of WellKnown.candidates(issuer)) assert.isAbove(WellKnown.issuersOf(url).length, 0)
            return "taken"
          }
        })
      assert.strictEqual(judged(`https://as.test/${part.repeat(200_000)}`), asPath)
      assert.strictEqual(judged(`https://${part.repeat(200_000)}`), asHost)
    })
  }

  it("the message about a long string that is refused is made in linear time", () => {
    for (const scheme of ["https://", "https:\\\\", "", "a".repeat(200_000), "\n"]) {
      for (const part of ["a", ":", "/", "\\", "a:", "@", "?", "#", "a@", "\n"]) {
        const result = Issuer.makeResult(`${scheme}${part.repeat(200_000)}\\`)
        assert.isTrue(Result.isFailure(result) && result.failure.message.length < 2000)
      }
    }
  })
})
