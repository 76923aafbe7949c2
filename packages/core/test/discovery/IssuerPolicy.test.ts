import { Discovery, Issuer, IssuerPolicy } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Result, Schema } from "effect"

const accepts = (policy: IssuerPolicy.IssuerPolicy, answered: string): boolean =>
  policy.accepts({ asked: "https://asked.test", answered })

interface Template {
  readonly template: string
  readonly accepted: ReadonlyArray<string>
  readonly refused: ReadonlyArray<string>
}

const templates: ReadonlyArray<Template> = [
  {
    template: "https://l.test/{tenantid}/v2.0",
    accepted: [
      "https://l.test/{tenantid}/v2.0",
      "https://l.test/abc/v2.0",
      "https://l.test/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
      "https://l.test/A_b.c~1/v2.0",
      "https://l.test/.../v2.0"
    ],
    refused: [
      "",
      "https://l.test",
      "https://l.test/v2.0",
      "https://l.test//v2.0",
      "https://l.test/a/b/v2.0",
      "https://l.test/abc/v2.0/",
      "https://l.test/abc/v2.0/v2.0",
      "https://l.test/abc/v2x0",
      "https://l.test/abc",
      "https://l.test/./v2.0",
      "https://l.test/../v2.0",
      "https://l.test/%2e%2e/v2.0",
      "https://l.test/a%20b/v2.0",
      "https://l.test/a b/v2.0",
      "https://l.test/ü/v2.0",
      "https://l.test/a:b/v2.0",
      "https://l.test/a@b/v2.0",
      "https://l.test/a?/v2.0",
      "https://l.test/a#/v2.0",
      "https://l.test/a\\b/v2.0",
      "https://l.test/abc\n/v2.0",
      "https://l.test/abc/v2.0\n",
      "\nhttps://l.test/abc/v2.0",
      "https://l.test/{}/v2.0",
      "https://l.test/{other}/v2.0",
      "https://evil.test/abc/v2.0",
      "https://evil.test/https://l.test/abc/v2.0",
      "https://l.test.evil.test/abc/v2.0",
      "https://xl.test/abc/v2.0",
      "https://lxtest/abc/v2.0",
      "http://l.test/abc/v2.0",
      "HTTPS://l.test/abc/v2.0",
      "https://L.test/abc/v2.0",
      "https://l.test:443/abc/v2.0"
    ]
  },
  {
    template: "https://l.test/{a}-{b}/x",
    accepted: ["https://l.test/1-2/x", "https://l.test/1-2-3/x", "https://l.test/a--b/x", "https://l.test/---/x"],
    refused: [
      "https://l.test/-2/x",
      "https://l.test/1-/x",
      "https://l.test/-/x",
      "https://l.test/--/x",
      "https://l.test/12/x",
      "https://l.test/1-2/3/x",
      "https://l.test/1/3-2/x",
      "https://l.test/1-2/y"
    ]
  },
  {
    template: "https://l.test/{a}{b}",
    accepted: ["https://l.test/12", "https://l.test/123"],
    refused: ["https://l.test/1", "https://l.test/", "https://l.test/1/2"]
  },
  {
    template: "https://l.test/{a}",
    accepted: ["https://l.test/1", "https://l.test/..."],
    refused: ["https://l.test/.", "https://l.test/..", "https://l.test/", "https://l.test", "https://l.test/1/"]
  },
  {
    template: "https://l.test/a{x}a",
    accepted: ["https://l.test/aba", "https://l.test/aaa"],
    refused: ["https://l.test/a", "https://l.test/aa", "https://l.test/ab"]
  },
  {
    template: "https://{tenant}.l.test",
    accepted: ["https://a.l.test", "https://a.b.l.test"],
    refused: [
      "https://.l.test",
      "https://l.test",
      "https://evil.test/.l.test",
      "https://evil.test/a.l.test",
      "https://evil.test#.l.test",
      "https://evil.test?.l.test",
      "https://evil.test@a.l.test",
      "https://evil.test:443.l.test",
      "https://a.l.test.evil.test"
    ]
  },
  {
    template: "https://{host}",
    accepted: ["https://a.test", "https://192.0.2.1"],
    refused: ["https://0x7f.1", "https://2130706433", "https://127.1", "https://[::1]", "https://a.test/", "https://"]
  },
  {
    template: "http://localhost:3000/{t}",
    accepted: ["http://localhost:3000/1"],
    refused: ["http://localhost:3001/1", "https://localhost:3000/1"]
  },
  {
    template: "http://as.test/{t}",
    accepted: ["http://as.test/{t}"],
    refused: ["http://as.test/1"]
  },
  {
    template: "https://l.test/x",
    accepted: ["https://l.test/x"],
    refused: ["https://l.test/x/", "https://l.test/y", "https://l.test/xx", "https://l.test/"]
  },
  {
    template: "https://l.test/{}/{1}/{a b}",
    accepted: ["https://l.test/{}/{1}/{a b}"],
    refused: ["https://l.test/1/2/3", "https://l.test/{}/{1}/x"]
  },
  {
    template: "{any}",
    accepted: ["{any}"],
    refused: ["https://l.test", "as.test", ""]
  }
]

describe("template", () => {
  for (const { accepted, refused, template } of templates) {
    const policy = IssuerPolicy.template(template)
    for (const answered of accepted) {
      it(`${template} accepts ${JSON.stringify(answered)}`, () => assert.isTrue(accepts(policy, answered)))
    }
    for (const answered of refused) {
      it(`${template} refuses ${JSON.stringify(answered)}`, () => assert.isFalse(accepts(policy, answered)))
    }
  }

  const part = Arbitrary.schema(Schema.Literals(["a", "b", "-", ".", "/", "ab", "%", "{x}", "{y}", "{z}"]))
  const filling = Arbitrary.schema(Schema.Literals(["a", "b", "ab", "-", "a-b", ".", "..", "a/b", "", "%", "~a"]))
  const word = "[A-Za-z0-9._~-]+"

  /** The documented meaning, as a regular expression: correct, but its backtracking can take forever. */
  const reference = (template: string, answered: string): boolean => {
    const pattern = template.split(/\{[A-Za-z_][A-Za-z0-9_]*\}/).map((literal) => RegExp.escape(literal)).join(word)
    return answered === template || (
      new RegExp(`^${pattern}$`).test(answered) &&
      Result.isSuccess(Issuer.makeResult(answered, { allowInsecureLoopback: true }))
    )
  }

  it.effect.prop(
    "accepts its documented set of issuers: placeholders that are filled in",
    [Arbitrary.array(part, { maxLength: 7 }), Arbitrary.array(filling, { minLength: 7, maxLength: 7 })],
    ([parts, fillings]) =>
      Effect.sync(() => {
        const template = `https://l.test/${parts.join("")}`
        const filled = parts.map((part, index) => part.startsWith("{") ? fillings[index] : part).join("")
        const answered = `https://l.test/${filled}`
        assert.strictEqual(accepts(IssuerPolicy.template(template), answered), reference(template, answered))
      }),
    { arbitrary: { runs: 3000 } }
  )

  it.effect.prop(
    "accepts its documented set of issuers, for arbitrary strings",
    [Arbitrary.array(part, { maxLength: 7 }), Arbitrary.array(filling, { maxLength: 7 })],
    ([parts, fillings]) =>
      Effect.sync(() => {
        const template = `https://l.test/${parts.join("")}`
        const answered = `https://l.test/${fillings.join("")}`
        assert.strictEqual(accepts(IssuerPolicy.template(template), answered), reference(template, answered))
      }),
    { arbitrary: { runs: 3000 } }
  )

  // A backtracking regular expression tries every way to distribute the dashes. With 1,000 dashes and eight
  // placeholders that takes longer than any client waits, and 2,000 characters are less than a document may name.
  const many = IssuerPolicy.template("https://l.test/{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}/end")
  const adjacent = IssuerPolicy.template(`https://l.test/${"{a}".repeat(12)}/end`)
  for (const [name, policy] of [["with dashes between them", many], ["side by side", adjacent]] as const) {
    it(`refuses a hostile issuer of 2,000 characters at once, for placeholders ${name}`, () => {
      for (const end of ["!", "/", "/end/", "/enx"]) {
        assert.isFalse(accepts(policy, `https://l.test/${"-a".repeat(1000)}${end}`))
        assert.isFalse(accepts(policy, `https://l.test/${"a".repeat(2000)}${end}`))
        assert.isFalse(accepts(policy, `https://l.test/${"-".repeat(2000)}${end}`))
      }
      assert.isTrue(accepts(policy, `https://l.test/${"-a".repeat(990)}/end`))
    })
  }
})

describe("leadsBackTo", () => {
  const rows: ReadonlyArray<readonly [url: string, answered: string, accepted: boolean]> = [
    ["https://as.test/.well-known/openid-configuration", "https://as.test", true],
    ["https://as.test/.well-known/openid-configuration", "https://as.test/", true],
    ["https://AS.test:443/.well-known/openid-configuration", "https://as.test", true],
    ["https://as.test/.well-known/openid-configuration", "https://AS.TEST:443", true],
    ["https://as.test/.well-known/openid-configuration", "http://as.test", false],
    ["https://as.test/.well-known/openid-configuration", "https://as.test:8443", false],
    ["https://as.test/.well-known/openid-configuration", "https://as.test/t1", false],
    ["https://as.test/.well-known/openid-configuration/t1", "https://as.test/t1", true],
    ["https://as.test/t1/.well-known/openid-configuration", "https://as.test/t1", true],
    ["https://as.test/t1/.well-known/oauth-authorization-server", "https://as.test/t1", true],
    ["https://as.test/.well-known/oauth-authorization-server/t1", "https://as.test/t1", true],
    ["https://as.test/.well-known/oauth-authorization-server/t1", "https://as.test/t2", false],
    ["https://as.test/metadata", "https://as.test", false],
    ["https://as.test/.well-known/openid-configuration?x=1", "https://as.test", false],
    ["https://as.test/.well-known/openid-configuration", "https://as.test/{t}", false],
    ["https://as.test/.well-known/openid-configuration", "as.test", false],
    ["not a URL", "https://as.test", false]
  ]
  for (const [url, answered, accepted] of rows) {
    it(`${url} ${accepted ? "accepts" : "refuses"} ${answered}`, () => {
      assert.strictEqual(accepts(IssuerPolicy.leadsBackTo(url), answered), accepted)
    })
  }
})

describe("an issuer that is too long", () => {
  const judged = (length: number, policy: IssuerPolicy.IssuerPolicy) => {
    const answered = `https://as.test/${"a".repeat(length - 16)}`
    return Effect.exit(IssuerPolicy.judge(policy, { asked: answered, answered, location: "https://as.test" }))
  }
  const policies = [IssuerPolicy.exact, IssuerPolicy.acceptAnyUnsafe, IssuerPolicy.template("https://as.test/{t}")]

  for (const policy of policies) {
    it.effect(`is refused, also by ${policy.name}`, () =>
      Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* judged(2048, policy)))
        assert.isTrue(Exit.isFailure(yield* judged(2049, policy)))
      }))
  }

  it.effect("is not passed to a policy, which may be custom code", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer(`https://as.test/${"a".repeat(100_000)}`))
      const seen: Array<string> = []
      const policy: IssuerPolicy.IssuerPolicy = {
        name: "mine",
        expects: () => "mine",
        accepts: ({ answered }) => seen.push(answered) > 0
      }
      const strategy = Discovery.withIssuerPolicy(Discovery.oauth, policy)
      const error = yield* Effect.flip(Discovery.discover(strategy, "https://as.test"))
      assert.strictEqual(error._tag === "DiscoveryFailed" ? error.outcome : error._tag, "Refused")
      assert.isBelow(error.message.length, 2000)
      assert.deepStrictEqual(seen, [])
    }).pipe(Effect.provide(TestProvider.layer())))
})
