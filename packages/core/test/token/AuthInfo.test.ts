import { AuthInfo } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"

type Info = AuthInfo.AuthInfo["Service"]

const make = (info: Partial<Info> = {}): Info =>
  AuthInfo.AuthInfo.of({
    token: Redacted.make("secret-token", { label: "access token" }),
    issuer: "https://as.test",
    subject: "user-1",
    clientId: "client-1",
    scopes: new Set(["notes:read"]),
    audience: ["https://api.test/mcp"],
    expiresAt: 3600,
    claims: { sub: "user-1", email: "ada@example.com" },
    ...info
  })

interface Names {
  readonly issuer: string
  readonly subject: string | undefined
  readonly clientId: string | undefined
}

describe("principal", () => {
  // Deliberate near misses: values that an encoding could confuse with a separator, an absent value or an escape.
  const near = Schema.Literals([
    "",
    " ",
    "-",
    "=",
    "=a",
    "a",
    "a b",
    "%20",
    "\"",
    "\\",
    "null",
    "\ud800",
    "\\ud800",
    "ä"
  ])
  const word: Arbitrary.Arbitrary<string> = Arbitrary.schema(Schema.Union([near, Schema.String]))
  const maybe: Arbitrary.Arbitrary<string | undefined> = Arbitrary.schema(
    Schema.Union([near, Schema.Undefined, Schema.String])
  )
  const names: Arbitrary.Arbitrary<Names> = Arbitrary.all({ issuer: word, subject: maybe, clientId: maybe })

  it.prop(
    "two principals have the same string only if they are equal",
    [names, names],
    ([one, other]) => {
      const same = one.issuer === other.issuer && one.subject === other.subject && one.clientId === other.clientId
      assert.strictEqual(AuthInfo.principal(make(one)) === AuthInfo.principal(make(other)), same)
    },
    { arbitrary: { runs: 5000 } }
  )

  it("no part of a principal runs into the next one", () => {
    const shifted = [
      make({ issuer: "a b", subject: "c", clientId: "d" }),
      make({ issuer: "a", subject: "b c", clientId: "d" }),
      make({ issuer: "a", subject: "b", clientId: "c d" }),
      make({ issuer: "a", subject: undefined, clientId: "b" }),
      make({ issuer: "a", subject: "b", clientId: undefined }),
      make({ issuer: "a", subject: "-", clientId: "b" }),
      make({ issuer: "a", subject: "", clientId: "b" })
    ]
    assert.strictEqual(new Set(shifted.map(AuthInfo.principal)).size, shifted.length)
  })

  it("a refreshed token has the same principal, whatever its bytes, scopes and times", () => {
    const refreshed = make({ token: Redacted.make("other"), scopes: new Set(), expiresAt: 7200, claims: { x: 1 } })
    assert.strictEqual(AuthInfo.principal(refreshed), AuthInfo.principal(make()))
  })

  it("a subject with half a surrogate pair has a principal", () => {
    assert.isString(AuthInfo.principal(make({ subject: "\ud800" })))
  })
})

describe("claims", () => {
  const emails = AuthInfo.claims(Schema.Struct({ email: Schema.String }))

  it.effect("are decoded by a schema", () =>
    Effect.gen(function*() {
      const { email } = yield* Effect.provideService(emails, AuthInfo.AuthInfo, make())
      assert.strictEqual(email, "ada@example.com")
    }))

  it.effect("that do not match the schema are a typed error", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.provideService(emails, AuthInfo.AuthInfo, make({ claims: { email: 1 } }))
      )
      assert.strictEqual(error._tag, "SchemaError")
    }))
})

describe("the token", () => {
  it("is redacted when printed", () => {
    const info = make()
    for (const text of [String(info.token), JSON.stringify(info), JSON.stringify({ info })]) {
      assert.notInclude(text, "secret-token")
    }
  })
})
