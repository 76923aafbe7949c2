import { AuthInfo, Policy, ScopeHierarchy, TokenError } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Schema, SchemaGetter } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { callerWith, satisfied } from "./harness.ts"

const {
  allOf,
  anonymous,
  anyOf,
  authenticated,
  byOperation,
  check,
  checkArguments,
  claim,
  not,
  permission,
  role,
  scopes
} = Policy

type Caller = AuthInfo.AuthInfo["Service"]
type Operation = Policy.Operation

const call = (args: unknown = {}): Operation => ({
  method: "tools/call",
  target: "Delete",
  arguments: args,
  listing: false
})

const list: Operation = { method: "tools/list", target: "Delete", arguments: undefined, listing: true }

/** Claims of a caller without a token: a combination that no verifier produces. */
const anonymousWith = (info: Partial<Caller>): Caller => ({ ...AuthInfo.anonymous, ...info })

// ---------------------------------------------------------------------------------------------------------------------
// Scopes
// ---------------------------------------------------------------------------------------------------------------------

describe("scopes", () => {
  const rows: ReadonlyArray<
    readonly [needed: readonly [string, ...ReadonlyArray<string>], granted: ReadonlyArray<string>, is: boolean]
  > = [
    [["a"], ["a"], true],
    [["a"], ["b", "a"], true],
    [["a", "b"], ["b", "a"], true],
    [["a", "b"], ["a"], false],
    [["a", "a"], ["a"], true],
    [["a"], [], false],
    [["notes"], ["notes:read"], false],
    [["notes:read"], ["notes"], false],
    [["notes:read"], ["notes:*"], false],
    [["notes:read"], ["*"], false],
    [["notes:read"], ["Notes:Read"], false],
    [["notes:read"], ["notes:read "], false],
    [["\u00e9"], ["e\u0301"], false],
    [[""], [], false],
    [["constructor"], [], false],
    [["__proto__"], [], false]
  ]
  for (const [needed, granted, is] of rows) {
    it.effect(`${JSON.stringify(needed)} for ${JSON.stringify(granted)}: ${is}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* satisfied(scopes(...needed), callerWith({ scopes: new Set(granted) })), is)
      }))
  }

  it.effect("is evaluated for an operation without a name by default, which is no list", () =>
    Effect.gen(function*() {
      const policy = Policy.byOperation(() => Policy.role("admin"))
      assert.isFalse((yield* Policy.evaluate(policy, callerWith())).permitted)
    }))

  it.effect("are empty without a token, whatever the claims say", () =>
    Effect.gen(function*() {
      const { permitted, refusal } = yield* Policy.evaluate(scopes("a"), anonymousWith({ scopes: new Set(["a"]) }))
      assert.isFalse(permitted)
      assert.strictEqual(refusal?._tag, "MissingCredentials")
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// Roles
// ---------------------------------------------------------------------------------------------------------------------

/** Claims as they are parsed from a token, where `__proto__` is a member like any other. */
const parsed = (json: string): Schema.JsonObject => JSON.parse(json)

describe("a role", () => {
  const ofClient = { at: [["resource_access", "notes", "roles"]] } as const
  const namespaced = { at: [["https://example.com/roles"]] } as const
  const keyed = { at: [{ path: ["projects"], keys: true }] } as const
  const objects = { at: [{ path: ["roles"], member: "key" }] } as const
  const commas = { at: [{ path: ["roles"], separator: "," }] } as const

  const rows: ReadonlyArray<
    readonly [where: string, policy: Policy.Policy, claims: Schema.JsonObject, is: boolean]
  > = [
    // Where providers put the role.
    ["Keycloak realm roles", role("admin"), { realm_access: { roles: ["user", "admin"] } }, true],
    ["Keycloak client roles", role("admin", ofClient), { resource_access: { notes: { roles: ["admin"] } } }, true],
    ["Entra ID", role("admin"), { roles: ["admin"] }, true],
    ["Cognito", role("admin"), { "cognito:groups": ["admin"] }, true],
    ["Auth0", role("admin"), { permissions: ["admin"] }, true],
    ["a permission", permission("notes:delete"), { permissions: ["notes:delete"] }, true],
    ["a permission that counts as a role", permission("admin"), { roles: ["admin"], scope: "admin" }, false],
    ["Auth0, in a namespaced claim", role("admin", namespaced), { "https://example.com/roles": ["admin"] }, true],
    ["ZITADEL", role("admin", keyed), { projects: { admin: { 1: "example.com" }, user: true } }, true],
    ["Kinde", role("admin", objects), { roles: [{ id: "1", key: "admin", name: "Admin" }] }, true],
    [
      "another member of an object",
      role("Admin", objects),
      { roles: [{ id: "1", key: "admin", name: "Admin" }] },
      false
    ],
    ["a list of objects without the option", role("admin"), { roles: [{ id: "1", key: "admin" }] }, false],
    ["a text where objects are expected", role("admin", objects), { roles: ["admin"] }, false],
    ["a key named __proto__", role("__proto__", keyed), parsed(`{"projects":{"__proto__":{"1":"a"}}}`), true],
    ["a list where keys are expected", role("admin", keyed), { projects: ["admin"] }, true],
    ["a key whose value is false", role("admin", keyed), { projects: { admin: false } }, false],
    ["a key whose value is null", role("admin", keyed), { projects: { admin: null } }, false],
    ["a member below a key", role("1", keyed), { projects: { admin: { 1: "example.com" } } }, false],
    ["an inherited key", role("constructor", keyed), { projects: {} }, false],
    ["the index of a list where keys are expected", role("0", keyed), { projects: [{ admin: true }] }, false],
    ["a key of another object", role("admin", keyed), { other: { admin: true } }, false],
    ["names with commas, if the policy says so", role("admin", commas), { roles: "user, admin" }, true],
    ["a part of a name between commas", role("admin", commas), { roles: "user admin" }, false],
    ["the last of several paths", role("admin"), { roles: ["user"], permissions: ["admin"] }, true],
    ["one role as a string", role("admin"), { roles: "admin" }, true],
    ["a role with dots", role("org.notes.admin"), { roles: ["org.notes.admin"] }, true],
    ["a claim named __proto__", role("a", { at: [["__proto__"]] }), parsed(`{"__proto__":["a"]}`), true],
    // Paths that are not configured.
    [
      "the roles of another Keycloak client",
      role("admin", ofClient),
      { resource_access: { x: { roles: ["admin"] } } },
      false
    ],
    [
      "the realm role, when the client role is configured",
      role("admin", ofClient),
      { realm_access: { roles: ["admin"] } },
      false
    ],
    ["an empty list of paths", role("admin", { at: [] }), { roles: ["admin"] }, false],
    [
      "a sibling of the configured path",
      role("admin"),
      { realm_access: ["admin"], groups: ["admin"], role: "admin" },
      false
    ],
    ["the path joined into one name", role("admin"), { "realm_access.roles": ["admin"] }, false],
    [
      "a dotted name read as a path",
      role("admin", namespaced),
      { "https://example": { "com/roles": ["admin"] } },
      false
    ],
    // Other role names.
    ["a longer role name", role("admin"), { roles: ["administrator", "sys-admin"] }, false],
    ["a role name in another case", role("admin"), { roles: ["Admin"] }, false],
    ["several names in one string", role("admin"), { roles: "user admin", permissions: "user,admin" }, false],
    ["the beginning of a role with dots", role("org"), { roles: ["org.notes.admin"] }, false],
    // Wrong types.
    ["an object instead of a list", role("admin"), { roles: { admin: true, 0: "admin" } }, false],
    ["a list within a list", role("admin"), { roles: [["admin"]] }, false],
    ["a list of objects", role("admin"), { roles: [{ name: "admin" }, { admin: "admin" }] }, false],
    ["a number instead of a string", role("1"), { roles: [1], permissions: 1 }, false],
    ["a boolean instead of a string", role("true"), { roles: [true], permissions: true }, false],
    ["null instead of a string", role("null"), { roles: [null], permissions: null }, false],
    ["undefined instead of a string", role("undefined"), {}, false],
    // Paths through values that are not objects.
    ["a path through a string", role("5", { at: [["sub", "length"]] }), { sub: "admin" }, false],
    ["a path through a list", role("admin", { at: [["roles", "0"]] }), { roles: ["admin"] }, false],
    ["a path through a list of objects", role("admin"), { realm_access: [{ roles: ["admin"] }] }, false],
    ["a path through null", role("admin"), { realm_access: null }, false],
    ["a path through a number", role("admin", { at: [["exp", "toFixed"]] }), { exp: 1 }, false],
    // Inherited properties.
    ["the name of the constructor", role("Object", { at: [["constructor", "name"]] }), {}, false],
    ["a path through the prototype", role("Object", { at: [["__proto__", "constructor", "name"]] }), {}, false],
    ["a path through a prototype that the claims define", role("a"), parsed(`{"__proto__":{"roles":["a"]}}`), false],
    ["the length of a list", role("1", { at: [["roles", "length"]] }), { roles: ["x"] }, false],
    ["a method of a list", role("includes"), { roles: ["x"] }, false]
  ]
  for (const [where, policy, claims, is] of rows) {
    it.effect(`${where}: ${is}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* satisfied(policy, callerWith({ claims })), is)
        assert.isFalse(yield* satisfied(policy, anonymousWith({ claims })))
      }))
  }

  it.effect("is read where the policy says, also if the verifier found other roles", () =>
    Effect.gen(function*() {
      const caller = callerWith({ claims: { groups: ["admin"] }, roles: new Set(["user"]) })
      assert.isTrue(yield* satisfied(role("admin", { at: [["groups"]] }), caller))
      assert.isFalse(yield* satisfied(role("user", { at: [["groups"]] }), caller))
    }))

  const texts: ReadonlyArray<readonly [policy: Policy.Policy, text: string]> = [
    [role("a"), `role("a")`],
    [permission("a"), `permission("a")`],
    [role("a", { at: [["b", "c"]] }), `role("a", { at: [["b", "c"]] })`],
    [role("a", { at: [{ path: ["b"] }] }), `role("a", { at: [{ path: ["b"] }] })`],
    [role("a", { at: [{ path: ["b"], separator: "," }] }), `role("a", { at: [{ path: ["b"], separator: "," }] })`],
    [role("a", { at: [{ path: ["b"], keys: true }] }), `role("a", { at: [{ path: ["b"], keys: true }] })`],
    [role("a", { at: [{ path: ["b"], member: "c" }] }), `role("a", { at: [{ path: ["b"], member: "c" }] })`],
    [
      role("a", { at: [{ path: ["b"], keys: true, unless: "c" }] }),
      `role("a", { at: [{ path: ["b"], keys: true, unless: "c" }] })`
    ]
  ]
  for (const [policy, text] of texts) {
    it.effect(`is explained by its code: ${text}`, () =>
      Effect.gen(function*() {
        const { trace } = yield* Policy.evaluate(policy, callerWith())
        assert.strictEqual(trace.policy, text)
      }))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Claims
// ---------------------------------------------------------------------------------------------------------------------

describe("a claim", () => {
  const Verified = Schema.Struct({ email: Schema.String, email_verified: Schema.Literal(true) })
  const staff = claim(Verified, ({ email }) => email.endsWith("@example.com"), "staff")
  const level = claim(Schema.Struct({ level: Schema.NumberFromString }), ({ level }) => level >= 3, "level")

  const rows: ReadonlyArray<readonly [policy: Policy.Policy, claims: Schema.JsonObject, is: boolean]> = [
    [staff, { email: "ada@example.com", email_verified: true }, true],
    [staff, { email: "ada@example.com", email_verified: true, other: 1 }, true],
    [staff, { email: "ada@example.com.evil.test", email_verified: true }, false],
    [staff, { email: "ada@example.com", email_verified: "true" }, false],
    [staff, { email: "ada@example.com", email_verified: 1 }, false],
    [staff, { email: ["ada@example.com"], email_verified: true }, false],
    [staff, { email: "ada@example.com" }, false],
    [staff, {}, false],
    [level, { level: "3" }, true],
    [level, { level: "2" }, false],
    [level, { level: 3 }, false],
    [level, { level: "three" }, false],
    [claim(Schema.Struct({ tenant: Schema.String })), { tenant: "" }, true],
    [claim(Schema.Struct({ tenant: Schema.String })), {}, false]
  ]
  for (const [policy, claims, is] of rows) {
    it.effect(`${policy} of ${JSON.stringify(claims)}: ${is}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* satisfied(policy, callerWith({ claims })), is)
        assert.isFalse(yield* satisfied(policy, anonymousWith({ claims })))
      }))
  }

  it.effect("never calls its predicate with a value of another type, or for a caller without a token", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const policy = claim(Schema.Struct({ tenant: Schema.String }), ({ tenant }) => asked.push(tenant) > 0)
      assert.isFalse(yield* satisfied(policy, callerWith({ claims: { tenant: 1 } })))
      assert.isFalse(yield* satisfied(policy, anonymousWith({ claims: { tenant: "x" } })))
      assert.deepStrictEqual(asked, [])
      assert.isTrue(yield* satisfied(policy, callerWith({ claims: { tenant: "x" } })))
      assert.deepStrictEqual(asked, ["x"])
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// Checks
// ---------------------------------------------------------------------------------------------------------------------

class Owners extends Context.Service<Owners, { readonly of: ReadonlyMap<string, string> }>()(
  "@effect-mcp-auth/core/test/policy/Policy.test/Owners"
) {}

const owners = Owners.of({ of: new Map([["7", "ada"]]) })

const isOwner = checkArguments(
  Schema.Struct({ id: Schema.String }),
  ({ id }) =>
    Effect.gen(function*() {
      const { subject } = yield* AuthInfo.AuthInfo
      return (yield* Owners).of.get(id) === subject
    }),
  "is the owner"
)

describe("a check", () => {
  it.effect("sees the caller of the request in which the policy is evaluated", () =>
    Effect.gen(function*() {
      const isAda = check(Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject === "ada"))
      const judged = (subject: string) =>
        Effect.map(Policy.evaluate(isAda, callerWith({ subject })), ({ permitted }) => permitted)
      assert.isTrue(yield* judged("ada"))
      assert.isFalse(yield* Effect.provideService(judged("eve"), AuthInfo.AuthInfo, callerWith({ subject: "ada" })))
    }))

  it.effect("sees the operation, if it is a function of the operation", () =>
    Effect.gen(function*() {
      const seen: Array<Operation> = []
      const policy = check((operation) => Effect.succeed(seen.push(operation) > 0))
      assert.isTrue(yield* satisfied(policy, callerWith(), { operation: call({ id: "7" }) }))
      assert.isTrue(yield* satisfied(policy, callerWith()))
      assert.deepStrictEqual(seen, [
        call({ id: "7" }),
        { method: "", target: "", arguments: undefined, listing: false }
      ])
    }))

  it.effect("is evaluated once when the same check stands in two places", () =>
    Effect.gen(function*() {
      let asked = 0
      const yes = check(Effect.sync(() => ++asked > 0))
      assert.isTrue(yield* satisfied(allOf(yes, anyOf(not(yes), yes), byOperation(() => yes)), callerWith()))
      assert.strictEqual(asked, 1)
    }))

  const rows: ReadonlyArray<readonly [args: unknown, subject: string, is: boolean]> = [
    [{ id: "7" }, "ada", true],
    [{ id: "7", more: true }, "ada", true],
    [{ id: "7" }, "eve", false],
    [{ id: "8" }, "ada", false],
    [{ id: 7 }, "ada", false],
    [{}, "ada", false],
    [undefined, "ada", false],
    [null, "ada", false],
    ["7", "ada", false],
    [[{ id: "7" }], "ada", false]
  ]
  for (const [args, subject, is] of rows) {
    it.effect(`of the arguments ${JSON.stringify(args)} for ${subject}: ${is}`, () =>
      Effect.gen(function*() {
        const { permitted } = yield* Policy.evaluate(isOwner, callerWith({ subject }), { operation: call(args) })
        assert.strictEqual(permitted, is)
      }).pipe(Effect.provideService(Owners, owners)))
  }

  it.effect("of arguments may decode them with a service, and sees the decoded values", () =>
    Effect.gen(function*() {
      const Known = Schema.String.pipe(Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((id: string) => Effect.map(Owners, ({ of }) => `${id} of ${of.get(id)}`)),
        encode: SchemaGetter.passthrough()
      }))
      const policy = checkArguments(Schema.Struct({ id: Known }), ({ id }, { target }) =>
        Effect.succeed(`${target} ${id}` === "Delete 7 of ada"))
      assert.isTrue((yield* Policy.evaluate(policy, callerWith(), { operation: call({ id: "7" }) })).permitted)
    }).pipe(Effect.provideService(Owners, owners)))

  it.effect("of arguments shows the operation in lists, where there are no arguments", () =>
    Effect.gen(function*() {
      const never = checkArguments(Schema.Never, () => Effect.succeed(false))
      assert.isTrue(yield* satisfied(never, callerWith(), { operation: list }))
      assert.isTrue(yield* satisfied(not(never), callerWith(), { operation: list }))
      assert.isFalse(yield* satisfied(never, AuthInfo.anonymous, { operation: list }))
    }))
})

describe("a check without a result", () => {
  const down = new TokenError.VerificationUnavailable({ cause: new Error("the database is down") })
  const later = Effect.die("asked in vain")

  const rows = {
    "fails as an outage": [Effect.fail(down), Cause.fail(down)],
    "dies as it died": [Effect.die("boom"), Cause.die("boom")],
    "dies when it throws": [
      Effect.sync((): boolean => {
        throw new Error("boom")
      }),
      Cause.die(new Error("boom"))
    ],
    "is interrupted as it was": [Effect.interrupt, Cause.interrupt(0)]
  } satisfies Readonly<Record<string, readonly [Effect.Effect<boolean, typeof down>, Cause.Cause<typeof down>]>>

  for (const [what, [effect, cause]] of Object.entries(rows)) {
    it.effect(`${what}: neither permits nor refuses, not even when negated`, () =>
      Effect.gen(function*() {
        for (
          const policy of [
            check(effect),
            not(check(effect)),
            allOf(check(effect), check(later)),
            anyOf(check(effect), check(later))
          ]
        ) {
          const exit = yield* Effect.exit(Policy.evaluate(policy, callerWith()))
          assert.isTrue(Exit.isFailure(exit), String(policy))
          if (Exit.isFailure(exit)) {
            assert.deepStrictEqual(exit.cause.reasons.map(({ _tag }) => _tag), cause.reasons.map(({ _tag }) => _tag))
          }
        }
      }))

    it.effect(`${what}: matters only if the check has to be evaluated`, () =>
      Effect.gen(function*() {
        assert.isTrue(yield* satisfied(anyOf(check(effect), authenticated), callerWith()))
        assert.isFalse(yield* satisfied(allOf(check(effect), role("admin")), callerWith()))
        assert.isFalse(yield* satisfied(check(effect), AuthInfo.anonymous))
      }))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Policies of operations
// ---------------------------------------------------------------------------------------------------------------------

describe("a policy made for each operation", () => {
  it.effect("is built once for each operation, and works within other policies", () =>
    Effect.gen(function*() {
      const made: Array<string> = []
      const ofTarget = byOperation(({ target }) => {
        made.push(target)
        return byOperation(() => allOf(scopes(`of:${target}`), check(Effect.succeed(true))))
      })
      const caller = callerWith({ scopes: new Set(["of:Delete"]) })
      assert.isTrue(yield* satisfied(allOf(not(not(ofTarget)), authenticated), caller, { operation: call() }))
      assert.deepStrictEqual(made, ["Delete"])
      const { refusal } = yield* Policy.evaluate(ofTarget, caller, { operation: { ...call(), target: "Add" } })
      assert.deepInclude(refusal, { _tag: "InsufficientScope", required: ["of:Add"] })
      assert.deepStrictEqual(made, ["Delete", "Add"])
    }))

  it.effect("is not built for lists, which show the operation to every caller with a token", () =>
    Effect.gen(function*() {
      const policy = byOperation((): Policy.Policy => assert.fail("made for a list"))
      assert.isTrue(yield* satisfied(policy, callerWith(), { operation: list }))
      assert.isTrue(yield* satisfied(not(policy), callerWith(), { operation: list }))
      assert.isFalse(yield* satisfied(policy, AuthInfo.anonymous, { operation: list }))
    }))

  it.effect("opens to callers without a token only the operations that it opens to them", () =>
    Effect.gen(function*() {
      const policy = byOperation(({ target }) => target === "Open" ? anonymous : authenticated)
      const open = { ...call(), target: "Open" }
      assert.isTrue(yield* satisfied(policy, AuthInfo.anonymous, { operation: open }))
      assert.isFalse(yield* satisfied(policy, AuthInfo.anonymous, { operation: call() }))
      assert.isFalse(yield* satisfied(not(policy), AuthInfo.anonymous, { operation: call() }))
    }))
})

describe("policies that depend on authentication alone", () => {
  const rows: ReadonlyArray<readonly [policy: Policy.Policy, withToken: boolean, withoutToken: boolean]> = [
    [anonymous, true, true],
    [authenticated, true, false],
    [not(anonymous), false, false],
    [not(authenticated), false, false],
    [not(not(anonymous)), true, false],
    [anyOf(), false, false],
    [allOf(), true, false],
    [not(anyOf()), true, false],
    [allOf(anonymous), true, true],
    [allOf(anonymous, authenticated), true, false],
    [anyOf(anonymous, authenticated), true, true]
  ]
  for (const [policy, withToken, withoutToken] of rows) {
    it.effect(`${policy}: ${withToken} with a token, ${withoutToken} without`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* satisfied(policy, callerWith()), withToken)
        assert.strictEqual(yield* satisfied(policy, AuthInfo.anonymous), withoutToken)
      }))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Printed policies
// ---------------------------------------------------------------------------------------------------------------------

/** The functions that a printed policy may use. */
const words = { allOf, anonymous, anyOf, authenticated, not, role, scopes }

/** A printed policy, evaluated as the code that it claims to be. */
const run = (code: string): unknown => new Function(...Object.keys(words), `return ${code}`)(...Object.values(words))

describe("a printed policy", () => {
  const rows: ReadonlyArray<readonly [policy: Policy.Policy<never>, print: string]> = [
    [anonymous, "anonymous"],
    [authenticated, "authenticated"],
    [scopes("a"), `scopes("a")`],
    [scopes("a", "b", "a"), `scopes("a", "b")`],
    [role("admin"), `role("admin")`],
    [
      role("admin", { at: [["resource_access", "notes", "roles"], ["x"]] }),
      `role("admin", { at: [["resource_access", "notes", "roles"], ["x"]] })`
    ],
    [role("admin", { at: [] }), `role("admin", { at: [] })`],
    [permission("notes:delete"), `permission("notes:delete")`],
    [claim(Schema.Struct({})), `claim("claims")`],
    [claim(Schema.Struct({}), () => true, "staff"), `claim("staff")`],
    [check(Effect.succeed(true)), `check("check")`],
    [check(() => Effect.succeed(true), "paid"), `check("paid")`],
    [checkArguments(Schema.Unknown, () => Effect.succeed(true)), `check("arguments")`],
    [byOperation(() => scopes("a")), `byOperation("operation")`],
    [byOperation(() => scopes("a"), "of the notebook"), `byOperation("of the notebook")`],
    [not(anyOf()), "not(anyOf())"],
    [allOf(), "authenticated"],
    [allOf(anyOf(role("a"), not(scopes("b"))), anonymous), `allOf(anyOf(role("a"), not(scopes("b"))), anonymous)`]
  ]
  for (const [policy, print] of rows) {
    it(`is ${print}`, () => {
      assert.strictEqual(String(policy), print)
      assert.strictEqual(`${policy.pipe((same) => same)}`, print)
    })
  }

  const strange: ReadonlyArray<readonly [what: string, text: string, print: string]> = [
    ["code", `a"), anonymous, scopes("b`, String.raw`"a\"), anonymous, scopes(\"b"`],
    ["a backslash", "a\\", String.raw`"a\\"`],
    ["lines", "a\nINFO all is well\r\n", String.raw`"a\nINFO all is well\r\n"`],
    ["lines of Unicode", "a\u2028b\u2029c\u0085d", String.raw`"a\u{2028}b\u{2029}c\u{85}d"`],
    ["terminal control codes", "\u001b[2J\u009b2J\u007f", String.raw`"\u001b[2J\u{9b}2J\u{7f}"`],
    ["right-to-left marks", "a\u202ednuob", String.raw`"a\u{202e}dnuob"`],
    ["half a surrogate pair", "\ud800", String.raw`"\ud800"`]
  ]
  for (const [what, text, print] of strange) {
    it(`quotes ${what}, so that neither a policy nor a log line can be forged`, () => {
      const policies = [
        scopes(text),
        role(text),
        claim(Schema.Unknown, () => true, text),
        byOperation(() => anonymous, text)
      ]
      assert.deepStrictEqual(
        policies.map(String),
        ["scopes", "role", "claim", "byOperation"].map((name) => `${name}(${print})`)
      )
      assert.deepStrictEqual(run(String(scopes(text))), scopes(text))
    })
  }

  const text = Arbitrary.map(
    Arbitrary.array(
      Arbitrary.schema(Schema.Literals([..."ab\"\\(),; \n\u2028\u202e\u009b{}", "), anonymous", "\\u{22}"])),
      {
        maxLength: 6
      }
    ),
    (parts) => parts.join("")
  )

  it.effect.prop(
    "is code that builds the same policy, whatever the scopes and roles are called",
    [Arbitrary.array(text, { minLength: 4, maxLength: 8 })],
    ([[first = "", second = "", third = "", ...others]]) =>
      Effect.sync(() => {
        const policy = allOf(
          anyOf(scopes(first, second, ...others), not(role(second))),
          role(third, { at: [[first, ...others], [third]] })
        )
        assert.deepStrictEqual(run(String(policy)), policy)
      }),
    { arbitrary: { runs: 500 } }
  )
})

describe("the scopes that a policy mentions", () => {
  const rows: ReadonlyArray<readonly [policy: Policy.Policy, scopes: ReadonlyArray<string>]> = [
    [scopes("b", "a", "b"), ["b", "a"]],
    [allOf(scopes("a"), anyOf(scopes("b"), scopes("a", "c"))), ["a", "b", "c"]],
    // A negated scope must be absent, so it is not worth requesting.
    [not(scopes("a")), []],
    [not(not(scopes("a"))), []],
    [allOf(scopes("a"), not(scopes("b"))), ["a"]],
    // The scopes of a later operation are not known yet.
    [byOperation(() => scopes("a")), []],
    [allOf(role("a"), check(Effect.succeed(true)), claim(Schema.Unknown), anonymous, authenticated), []],
    [anyOf(), []]
  ]
  for (const [policy, expected] of rows) {
    it(`${policy}: ${expected.join(" ")}`, () => assert.deepStrictEqual(Policy.scopesOf(policy), expected))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Decisions
// ---------------------------------------------------------------------------------------------------------------------

describe("a decision", () => {
  const leaf = (policy: string, outcome: Policy.PolicyOutcome, missing: ReadonlyArray<string> = []): Policy.Trace => ({
    policy,
    outcome,
    missing,
    parts: []
  })

  it.effect("says what failed, what was required and what was granted", () =>
    Effect.gen(function*() {
      const policy = allOf(
        scopes("notes:write", "files:read"),
        anyOf(role("admin"), byOperation(({ target }) => scopes(`of:${target}`), "target")),
        not(role("guest"))
      )
      const hierarchy = yield* ScopeHierarchy.make({ "files:write": ["files:read"] })
      const caller = callerWith({ scopes: new Set(["files:write", "x"]) })
      const decision = yield* Policy.evaluate(policy, caller, { hierarchy, operation: call() })
      assert.deepStrictEqual(decision.trace, {
        policy: String(policy),
        outcome: "no",
        missing: [],
        parts: [
          leaf(`scopes("notes:write", "files:read")`, "no", ["notes:write"]),
          {
            policy: `anyOf(role("admin"), byOperation("target"))`,
            outcome: "no",
            missing: [],
            parts: [
              leaf(`role("admin")`, "no"),
              {
                policy: `byOperation("target")`,
                outcome: "no",
                missing: [],
                parts: [leaf(`scopes("of:Delete")`, "no", ["of:Delete"])]
              }
            ]
          },
          { policy: `not(role("guest"))`, outcome: "yes", missing: [], parts: [leaf(`role("guest")`, "no")] }
        ]
      })
      assert.isFalse(decision.permitted)
      assert.deepStrictEqual({ ...decision.refusal }, {
        ...new TokenError.InsufficientScope({
          required: ["notes:write", "files:read", "of:Delete"],
          granted: ["files:write", "x"]
        })
      })
    }))

  it.effect("marks checks that were not evaluated as unknown, and evaluates no check without need", () =>
    Effect.gen(function*() {
      const policy = anyOf(check(Effect.die("asked"), "asked"), authenticated)
      const { trace } = yield* Policy.evaluate(policy, callerWith())
      assert.deepStrictEqual(trace.parts, [leaf(`check("asked")`, "unknown"), leaf("authenticated", "yes")])
    }))

  it.effect("about a list permits what some operation could be permitted", () =>
    Effect.gen(function*() {
      const policy = allOf(authenticated, isOwner, byOperation(() => scopes("a")))
      const { permitted, refusal, trace } = yield* Policy.evaluate(policy, callerWith(), { operation: list })
      assert.isTrue(permitted)
      assert.isUndefined(refusal)
      assert.strictEqual(trace.outcome, "unknown")
      assert.deepStrictEqual(trace.parts.map(({ outcome }) => outcome), ["yes", "unknown", "unknown"])
    }).pipe(Effect.provideService(Owners, owners)))

  it.effect("that no scope would change names its policy, and contains nothing from the token", () =>
    Effect.gen(function*() {
      const caller = callerWith({ claims: { roles: ["guest"], email: "ada@example.com" } })
      const decision = yield* Policy.evaluate(allOf(role("admin"), scopes("a")), caller)
      assert.strictEqual(
        decision.refusal?.message,
        `The caller may not do this: the policy allOf(role("admin"), scopes("a")) is not satisfied`
      )
      assert.notMatch(JSON.stringify(decision), /secret-of-the-token|ada@example|guest/)
    }))
})
