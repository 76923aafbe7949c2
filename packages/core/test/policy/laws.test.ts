import { AuthInfo, Policy, ScopeHierarchy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { McpServer } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import { visible } from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  begin,
  callerWith,
  converse,
  id,
  listed,
  lists,
  mint,
  modern,
  type Ran,
  type Registrations,
  satisfied,
  toolOf,
  toolsSeen
} from "./harness.ts"

type Caller = AuthInfo.AuthInfo["Service"]

// ---------------------------------------------------------------------------------------------------------------------
// Random policies, callers and hierarchies
// ---------------------------------------------------------------------------------------------------------------------

const universe = ["a", "b", "c", "x:read", "x:write", "y:read"] as const
const roles = ["admin", "gu\"est, "] as const

/** A policy as data, from which it is built, and independently evaluated and printed. */
type Data =
  | "anonymous"
  | "authenticated"
  | { readonly scopes: readonly [string, ...ReadonlyArray<string>] }
  | { readonly role: string }
  | { readonly email: string }
  | { readonly check: boolean }
  | { readonly allOf: ReadonlyArray<Data> }
  | { readonly anyOf: ReadonlyArray<Data> }
  | { readonly not: Data }

const oneOf = <const Values extends readonly [string, ...ReadonlyArray<string>]>(values: Values) =>
  Arbitrary.schema(Schema.Literals(values))

const subset = (values: readonly [string, ...ReadonlyArray<string>], minLength = 0) =>
  Arbitrary.map(Arbitrary.array(oneOf(values), { minLength, maxLength: 3 }), (all) => [...new Set(all)])

const scopes = Arbitrary.map(subset(universe, 1), ([first = "a", ...others]): Data => ({ scopes: [first, ...others] }))

const leaves = {
  scopes,
  role: Arbitrary.map(oneOf(roles), (role): Data => ({ role })),
  email: Arbitrary.map(oneOf(["ada", "bob"]), (email): Data => ({ email })),
  check: Arbitrary.map(Arbitrary.schema(Schema.Boolean), (check): Data => ({ check })),
  authenticated: Arbitrary.Constant<Data>("authenticated"),
  anonymous: Arbitrary.Constant<Data>("anonymous")
}

type Leaf = keyof typeof leaves
type Group = "allOf" | "anyOf" | "not"

/** Policies of these parts, up to a depth. */
const policies = (
  parts: readonly [Leaf, ...ReadonlyArray<Leaf>],
  groups: ReadonlyArray<Group>,
  depth = 3
): Arbitrary.Arbitrary<Data> => {
  const choices: readonly [Leaf | Group, ...ReadonlyArray<Leaf | Group>] = depth === 0
    ? parts
    // A group is as likely as a leaf, so that most policies have several levels.
    : [...parts, ...parts.flatMap((): ReadonlyArray<Group> => groups)]
  return Arbitrary.flatMap(Arbitrary.schema(Schema.Literals(choices)), (choice): Arbitrary.Arbitrary<Data> => {
    if (choice !== "allOf" && choice !== "anyOf" && choice !== "not") return leaves[choice]
    const within = policies(parts, groups, depth - 1)
    if (choice === "not") return Arbitrary.map(within, (not): Data => ({ not }))
    const several = Arbitrary.array(within, { maxLength: 3 })
    return choice === "allOf"
      ? Arbitrary.map(several, (allOf): Data => ({ allOf }))
      : Arbitrary.map(several, (anyOf): Data => ({ anyOf }))
  })
}

const claims = ["scopes", "role", "email", "authenticated"] as const

const any = policies([...claims, "check", "anonymous"], ["allOf", "anyOf", "not"])
/** Policies for callers with a token. */
const ofTokens = policies([...claims, "check"], ["allOf", "anyOf", "not"])
/** Policies without a negation. */
const positive = policies(claims, ["allOf", "anyOf"])

/** The results of the checks. */
type Asked = Array<number>

/** Builds a policy. Its checks are numbered from left to right, and record when they are evaluated. */
const build = (data: Data, asked: Asked = [], numbers = { next: 0 }): Policy.Policy => {
  if (data === "anonymous") return Policy.anonymous
  if (data === "authenticated") return Policy.authenticated
  if ("scopes" in data) return Policy.scopes(...data.scopes)
  if ("role" in data) return Policy.role(data.role)
  if ("email" in data) return Policy.claim(Schema.Struct({ email: Schema.Literal(data.email) }), () => true, data.email)
  if ("allOf" in data) return Policy.allOf(...data.allOf.map((part) => build(part, asked, numbers)))
  if ("anyOf" in data) return Policy.anyOf(...data.anyOf.map((part) => build(part, asked, numbers)))
  if ("not" in data) return Policy.not(build(data.not, asked, numbers))
  const number = numbers.next++
  return Policy.check(
    Effect.sync(() => {
      asked.push(number)
      return data.check
    }),
    `check ${data.check}`
  )
}

/** Rules that are valid together, in every combination. */
const rules = [
  ["a", "b"],
  ["b", "c"],
  ["x:write", "x:read"],
  ["a", "x:write"],
  ["c", "y:read"]
] as const

interface Order {
  readonly hierarchy: ScopeHierarchy.ScopeHierarchy
  /** Every scope of a caller who was granted these scopes. */
  readonly closure: (granted: ReadonlySet<string>) => ReadonlySet<string>
}

const order: Arbitrary.Arbitrary<Order> = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Boolean), { minLength: rules.length, maxLength: rules.length }),
  (chosen) => {
    const some = rules.filter((_, index) => chosen[index])
    const covered: Record<string, Array<string>> = {}
    for (const [covers, narrower] of some) (covered[covers] ??= []).push(narrower)
    return {
      hierarchy: Effect.runSync(ScopeHierarchy.make(covered)),
      closure: (granted) => {
        const all = new Set(granted)
        for (const scope of all) for (const [covers, narrower] of some) if (covers === scope) all.add(narrower)
        return all
      }
    }
  }
)

const caller: Arbitrary.Arbitrary<Caller> = Arbitrary.map(
  Arbitrary.all({ scopes: subset(universe), roles: subset(roles), email: oneOf(["ada", "bob", "eve"]) }),
  ({ email, roles, scopes }) => callerWith({ scopes: new Set(scopes), claims: { roles, email } })
)

const withoutToken = AuthInfo.anonymous

/** An independent evaluation of a policy. */
const means = (data: Data, caller: Caller, closure: Order["closure"]): boolean => {
  const known = caller.issuer !== ""
  if (data === "anonymous") return true
  if (data === "authenticated") return known
  if ("allOf" in data) {
    return data.allOf.length === 0 ? known : data.allOf.every((part) => means(part, caller, closure))
  }
  if ("anyOf" in data) return data.anyOf.some((part) => means(part, caller, closure))
  if (!known) return false
  if ("not" in data) return !means(data.not, caller, closure)
  if ("scopes" in data) return data.scopes.every((scope) => closure(caller.scopes).has(scope))
  if ("check" in data) return data.check
  if ("email" in data) return caller.claims["email"] === data.email
  const { roles } = caller.claims
  return Array.isArray(roles) && roles.includes(data.role)
}

/** An independent printer of a policy. */
const printed = (data: Data): string => {
  const all = (name: string, parts: ReadonlyArray<string>) => `${name}(${parts.join(", ")})`
  if (typeof data === "string") return data
  if ("scopes" in data) return all("scopes", [...new Set(data.scopes)].map((scope) => JSON.stringify(scope)))
  if ("role" in data) return `role(${JSON.stringify(data.role)})`
  if ("email" in data) return `claim("${data.email}")`
  if ("check" in data) return `check("check ${data.check}")`
  if ("not" in data) return `not(${printed(data.not)})`
  if ("anyOf" in data) return all("anyOf", data.anyOf.map(printed))
  return data.allOf.length === 0 ? "authenticated" : all("allOf", data.allOf.map(printed))
}

const mentions = (data: Data, leaf: "anonymous" | "not" | "check"): boolean => {
  if (typeof data === "string") return data === leaf
  if ("allOf" in data) return data.allOf.some((part) => mentions(part, leaf))
  if ("anyOf" in data) return data.anyOf.some((part) => mentions(part, leaf))
  return leaf in data || ("not" in data && mentions(data.not, leaf))
}

const runs = { arbitrary: { runs: 500 } }

// ---------------------------------------------------------------------------------------------------------------------
// Meaning of policies
// ---------------------------------------------------------------------------------------------------------------------

describe("a policy", () => {
  it.effect.prop(
    "permits exactly the callers that its definition permits, under every hierarchy",
    [any, caller, order],
    ([data, caller, { closure, hierarchy }]) =>
      Effect.gen(function*() {
        for (const who of [caller, withoutToken]) {
          assert.strictEqual(yield* satisfied(build(data), who, { hierarchy }), means(data, who, closure))
        }
      }),
    { arbitrary: { runs: 2000 } }
  )

  it.effect.prop(
    "prints itself as the code that builds it, and the same each time",
    [any],
    ([data]) =>
      Effect.sync(() => {
        const policy = build(data)
        assert.strictEqual(String(policy), printed(data))
        assert.strictEqual(String(policy), String(policy))
        assert.strictEqual(String(build(data)), String(policy))
        assert.strictEqual(String(policy.pipe((same) => same)), String(policy))
      }),
    runs
  )

  it.effect.prop(
    "permits no caller without a token unless it contains anonymous, and evaluates no check for them",
    [any, order],
    ([data, { hierarchy }]) =>
      Effect.gen(function*() {
        const asked: Asked = []
        const { permitted, refusal } = yield* Policy.evaluate(build(data, asked), withoutToken, { hierarchy })
        if (!mentions(data, "anonymous")) assert.isFalse(permitted)
        if (!permitted) assert.strictEqual(refusal?._tag, "MissingCredentials")
        assert.deepStrictEqual(asked, [])
      }),
    runs
  )

  it.effect.prop(
    "permits no more without a token than with one, if it has no not",
    [policies([...claims, "anonymous"], ["allOf", "anyOf"]), caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        if (yield* satisfied(build(data), withoutToken)) assert.isTrue(yield* satisfied(build(data), caller))
      }),
    runs
  )

  it.effect.prop(
    "is never changed from permitted to refused by more scopes, if it has no not",
    [policies([...claims, "check"], ["allOf", "anyOf"]), caller, subset(universe), order],
    ([data, caller, more, { hierarchy }]) =>
      Effect.gen(function*() {
        const richer = { ...caller, scopes: new Set([...caller.scopes, ...more]) }
        if (yield* satisfied(build(data), caller, { hierarchy })) {
          assert.isTrue(yield* satisfied(build(data), richer, { hierarchy }))
        }
      }),
    runs
  )

  it.effect.prop(
    "is never changed from permitted to refused by a larger hierarchy, if it has no not",
    [positive, caller, order],
    ([data, caller, { hierarchy }]) =>
      Effect.gen(function*() {
        if (yield* satisfied(build(data), caller)) {
          assert.isTrue(yield* satisfied(build(data), caller, { hierarchy }))
        }
      }),
    runs
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Boolean algebra for callers with a token
// ---------------------------------------------------------------------------------------------------------------------

const { allOf, anyOf, authenticated, not } = Policy
const never = anyOf()

type P = Policy.Policy

const laws: Readonly<Record<string, (p: P, q: P, r: P) => readonly [P, P]>> = {
  "allOf is idempotent": (p) => [allOf(p, p), p],
  "anyOf is idempotent": (p) => [anyOf(p, p), p],
  "allOf of one policy is that policy": (p) => [allOf(p), p],
  "anyOf of one policy is that policy": (p) => [anyOf(p), p],
  "allOf is commutative": (p, q) => [allOf(p, q), allOf(q, p)],
  "anyOf is commutative": (p, q) => [anyOf(p, q), anyOf(q, p)],
  "allOf is associative": (p, q, r) => [allOf(p, allOf(q, r)), allOf(allOf(p, q), r)],
  "anyOf is associative": (p, q, r) => [anyOf(p, anyOf(q, r)), anyOf(anyOf(p, q), r)],
  "allOf of three is allOf of two and one": (p, q, r) => [allOf(p, q, r), allOf(p, allOf(q, r))],
  "anyOf of three is anyOf of two and one": (p, q, r) => [anyOf(p, q, r), anyOf(p, anyOf(q, r))],
  "allOf absorbs anyOf": (p, q) => [allOf(p, anyOf(p, q)), p],
  "anyOf absorbs allOf": (p, q) => [anyOf(p, allOf(p, q)), p],
  "allOf distributes over anyOf": (p, q, r) => [allOf(p, anyOf(q, r)), anyOf(allOf(p, q), allOf(p, r))],
  "anyOf distributes over allOf": (p, q, r) => [anyOf(p, allOf(q, r)), allOf(anyOf(p, q), anyOf(p, r))],
  "not of allOf is anyOf of not (De Morgan)": (p, q) => [not(allOf(p, q)), anyOf(not(p), not(q))],
  "not of anyOf is allOf of not (De Morgan)": (p, q) => [not(anyOf(p, q)), allOf(not(p), not(q))],
  "a double negation is the policy itself": (p) => [not(not(p)), p],
  "a policy and its negation permit no caller": (p) => [allOf(p, not(p)), never],
  "a policy or its negation permits every caller": (p) => [anyOf(p, not(p)), authenticated],
  "authenticated is neutral in allOf": (p) => [allOf(p, authenticated), p],
  "never is neutral in anyOf": (p) => [anyOf(p, never), p],
  "authenticated decides anyOf": (p) => [anyOf(p, authenticated), authenticated],
  "never decides allOf": (p) => [allOf(p, never), never],
  "an empty allOf is authenticated": () => [allOf(), authenticated],
  "not of authenticated is never": () => [not(authenticated), never]
}

describe("the Boolean algebra of policies", () => {
  for (const [law, sides] of Object.entries(laws)) {
    it.effect.prop(
      law,
      [ofTokens, ofTokens, ofTokens, caller, order],
      ([p, q, r, caller, { hierarchy }]) =>
        Effect.gen(function*() {
          const [left, right] = sides(build(p), build(q), build(r))
          const judged = yield* satisfied(left, caller, { hierarchy })
          assert.strictEqual(judged, yield* satisfied(right, caller, { hierarchy }))
        }),
      { arbitrary: { runs: 200 } }
    )
  }

  it.effect("distinguishes callers: some policy permits some of them and refuses others", () =>
    Effect.gen(function*() {
      const all = yield* Arbitrary.sampleEffect(Arbitrary.all([ofTokens, caller]), { count: 200, size: 20, seed: 1 })
      const answers = yield* Effect.forEach(all, ([data, caller]) => satisfied(build(data), caller))
      const yes = answers.filter((answer) => answer).length
      assert.isTrue(yes > 40 && yes < 160, String(yes))
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// Challenges
// ---------------------------------------------------------------------------------------------------------------------

/** The scopes that a challenge requests, if more scopes would help. */
const askedFor = (data: Data, caller: Caller, hierarchy?: ScopeHierarchy.ScopeHierarchy) =>
  Effect.map(
    Policy.evaluate(build(data), caller, { hierarchy }),
    ({ refusal }) => refusal?._tag === "InsufficientScope" ? refusal.required : undefined
  )

const withScopes = (caller: Caller, scopes: ReadonlyArray<string>): Caller => ({ ...caller, scopes: new Set(scopes) })

describe("the scopes of a challenge", () => {
  it.effect.prop(
    "suffice once they are granted, together with the scopes that were granted before",
    [policies(claims, ["allOf", "anyOf", "not"]), caller, order],
    ([data, caller, { hierarchy }]) =>
      Effect.gen(function*() {
        const required = yield* askedFor(data, caller, hierarchy)
        if (required === undefined) return
        const richer = withScopes(caller, [...caller.scopes, ...required])
        assert.isTrue(yield* satisfied(build(data), richer, { hierarchy }))
      }),
    runs
  )

  it.effect.prop(
    "suffice alone, if the policy has no not: a client may drop its previous scopes",
    [positive, caller, order],
    ([data, caller, { hierarchy }]) =>
      Effect.gen(function*() {
        const required = yield* askedFor(data, caller, hierarchy)
        if (required === undefined) return
        assert.isTrue(yield* satisfied(build(data), withScopes(caller, required), { hierarchy }))
      }),
    runs
  )

  it.effect.prop(
    "are all needed: without any one of them the policy is not satisfied",
    [positive, caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        const required = yield* askedFor(data, caller)
        if (required === undefined) return
        assert.isNotEmpty(required)
        assert.strictEqual(new Set(required).size, required.length)
        for (const scope of required) {
          const poorer = withScopes(caller, required.filter((other) => other !== scope))
          assert.isFalse(yield* satisfied(build(data), poorer), scope)
        }
      }),
    runs
  )

  it.effect.prop(
    "are the fewest that are missing: no other set of scopes adds fewer",
    [positive, caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        const required = yield* askedFor(data, caller)
        if (required === undefined) return
        const missing = required.filter((scope) => !caller.scopes.has(scope))
        // All possible sets of scopes.
        for (let bits = 0; bits < 2 ** universe.length; bits++) {
          const set = universe.filter((_, index) => bits & (1 << index))
          if (set.filter((scope) => !caller.scopes.has(scope)).length >= missing.length) continue
          const other = withScopes(caller, [...caller.scopes, ...set])
          assert.isFalse(yield* satisfied(build(data), other), set.join(" "))
        }
      }),
    { arbitrary: { runs: 200 } }
  )

  it.effect.prop(
    "are absent only if no set of scopes would satisfy the policy",
    [positive, caller, order],
    ([data, caller, { hierarchy }]) =>
      Effect.gen(function*() {
        const { permitted, refusal } = yield* Policy.evaluate(build(data), caller, { hierarchy })
        if (permitted || refusal?._tag !== "AccessDenied") return
        assert.isFalse(yield* satisfied(build(data), withScopes(caller, universe), { hierarchy }))
        assert.strictEqual(refusal.policy, printed(data))
      }),
    runs
  )

  it.effect.prop(
    "are among the scopes that the policy mentions",
    [any, caller, order],
    ([data, caller, { hierarchy }]) =>
      Effect.gen(function*() {
        for (const scope of (yield* askedFor(data, caller, hierarchy)) ?? []) {
          assert.include(Policy.scopesOf(build(data)), scope)
        }
      }),
    runs
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Traces and checks
// ---------------------------------------------------------------------------------------------------------------------

/** The result that follows from the parts of a trace, by the kind of its policy. */
const followsFrom = (name: string, outcomes: ReadonlyArray<Policy.PolicyOutcome>): Policy.PolicyOutcome => {
  const decisive = name === "allOf" ? "no" : "yes"
  if (outcomes.includes(decisive)) return decisive
  return outcomes.includes("unknown") ? "unknown" : decisive === "no" ? "yes" : "no"
}

const assertTrace = (data: Data, { missing, outcome, parts, policy }: Policy.Trace, caller: Caller, order: Order) => {
  assert.strictEqual(policy, printed(data))
  // The known results agree with the definition of the policy.
  if (outcome !== "unknown") assert.strictEqual(outcome === "yes", means(data, caller, order.closure), policy)
  if (typeof data !== "string" && "scopes" in data) {
    const closure = order.closure(caller.scopes)
    assert.deepStrictEqual(missing, [...new Set(data.scopes)].filter((scope) => !closure.has(scope)))
  } else assert.deepStrictEqual(missing, [])
  const within = typeof data === "string"
    ? []
    : "allOf" in data
    ? data.allOf
    : "anyOf" in data
    ? data.anyOf
    : "not" in data
    ? [data.not]
    : []
  assert.strictEqual(parts.length, within.length)
  for (const [index, part] of parts.entries()) assertTrace(within[index] ?? "anonymous", part, caller, order)
  const outcomes = parts.map(({ outcome }) => outcome)
  if (typeof data !== "string" && ("allOf" in data || "anyOf" in data) && parts.length > 0) {
    assert.strictEqual(outcome, followsFrom("allOf" in data ? "allOf" : "anyOf", outcomes))
  }
}

describe("the trace of a decision", () => {
  it.effect.prop(
    "agrees with the decision, part by part",
    [ofTokens, caller, order],
    ([data, caller, order]) =>
      Effect.gen(function*() {
        const { permitted, refusal, trace } = yield* Policy.evaluate(build(data), caller, order)
        assert.strictEqual(trace.outcome, permitted ? "yes" : "no")
        assert.strictEqual(refusal === undefined, permitted)
        assertTrace(data, trace, caller, order)
      }),
    runs
  )
})

describe("a check", () => {
  /** The same policy, with one result for all checks. */
  const answering = (data: Data, check: boolean): Data => {
    if (typeof data === "string") return data
    if ("check" in data) return { check }
    if ("allOf" in data) return { allOf: data.allOf.map((part) => answering(part, check)) }
    if ("anyOf" in data) return { anyOf: data.anyOf.map((part) => answering(part, check)) }
    return "not" in data ? { not: answering(data.not, check) } : data
  }

  const withChecks = policies(["scopes", "role", "check", "check"], ["allOf", "anyOf"])

  it.effect.prop(
    "is evaluated at most once, from left to right, and only if the decision depends on it",
    [policies(["scopes", "role", "check", "check"], ["allOf", "anyOf", "not"]), caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        const asked: Asked = []
        const { trace } = yield* Policy.evaluate(build(data, asked), caller)
        assert.deepStrictEqual(asked, [...new Set(asked)].toSorted((a, b) => a - b))
        // Checks that were not evaluated are unknown, and the others are known.
        const outcomes: Array<Policy.PolicyOutcome> = []
        const collect = ({ outcome, parts, policy }: Policy.Trace): void => {
          if (policy.startsWith("check(")) outcomes.push(outcome)
          parts.forEach(collect)
        }
        collect(trace)
        assert.deepStrictEqual(outcomes.flatMap((outcome, index) => outcome === "unknown" ? [] : [index]), asked)
      }),
    runs
  )

  it.effect.prop(
    "is not evaluated where claims decide, whatever its result would be",
    [withChecks, caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        const flat = (granted: ReadonlySet<string>) => granted
        // Without not, all checks work in one direction: if changing all of them changes nothing, the claims have
        // decided.
        const decided = means(answering(data, true), caller, flat) === means(answering(data, false), caller, flat)
        const asked: Asked = []
        yield* Policy.evaluate(build(data, asked), caller)
        assert.strictEqual(asked.length === 0, decided)
      }),
    runs
  )

  it.effect.prop(
    "that depends on the operation is not evaluated for lists, which show what some operation may do",
    [ofTokens, caller],
    ([data, caller]) =>
      Effect.gen(function*() {
        const ofOperation = (data: Data): Policy.Policy => {
          if (typeof data === "string" || !("check" in data)) return build(data)
          return Policy.check(() => Effect.die("asked for a list"))
        }
        const listing = { method: "tools/list", target: "t", arguments: undefined, listing: true }
        const both = Policy.allOf(build(data), ofOperation({ check: true }))
        const { permitted } = yield* Policy.evaluate(both, caller, { operation: listing })
        assert.strictEqual(permitted, yield* satisfied(build(data), caller))
      }),
    runs
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Over HTTP
// ---------------------------------------------------------------------------------------------------------------------

const sampled = <A>(arbitrary: Arbitrary.Arbitrary<A>, count: number) =>
  Arbitrary.sampleEffect(arbitrary, { count, size: 20, seed: 7 })

const tokenOf = ({ claims, scopes }: Caller) => mint([...scopes].join(" "), claims)

const named = (index: number): string => `t${String(index).padStart(3, "0")}`

const served = (ran: Ran, all: ReadonlyArray<Data>): Registrations =>
  Layer.mergeAll(Layer.empty, ...all.map((data, index) => toolOf(named(index), build(data), arrive(ran, named(index)))))

describe("fifty policies on one server", () => {
  it.effect(
    "lists exactly the tools that can be called, and challenges name scopes that suffice",
    () =>
      Effect.gen(function*() {
        const all = yield* sampled(policies([...claims, "check"], ["allOf", "anyOf", "not"], 2), 50)
        const { hierarchy } = (yield* sampled(order, 1))[0] ?? assert.fail("not a permutation")
        const { handle, ran } = yield* begin((ran) => served(ran, all), { scopeHierarchy: hierarchy })
        const counts = { called: 0, challenged: 0, absent: 0 }
        for (const who of yield* sampled(caller, 6)) {
          const token = yield* tokenOf(who)
          const send = yield* converse(handle, modern, token)
          const seen = yield* toolsSeen(send, token)
          for (const [index, data] of all.entries()) {
            const before = yield* ran
            const answer = yield* ask(send, "call", named(index), token)
            const isListed = seen.includes(named(index))
            assert.strictEqual(answer.messages[0]?.result !== undefined, isListed, printed(data))
            assert.strictEqual((yield* ran).length - before.length, isListed ? 1 : 0)
            if (isListed) {
              counts.called++
              continue
            }
            const scope = / scope="([^"]*)"/.exec(answer.headers.get("www-authenticate") ?? "")?.[1]
            if (scope === undefined) {
              counts.absent++
              assert.strictEqual(answer.status, 200)
              continue
            }
            counts.challenged++
            assert.strictEqual(answer.status, 403)
            if (mentions(data, "check")) continue
            const richer = withScopes(who, [...who.scopes, ...scope.split(" ")])
            const again = yield* tokenOf(richer)
            assertAnswered(yield* ask(yield* converse(handle, modern, again), "call", named(index), again))
          }
        }
        for (const [what, count] of Object.entries(counts)) assert.isAbove(count, 10, what)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
  )

  it.effect(
    "behaves the same with a guard around a policy and with a policy of both",
    () =>
      Effect.gen(function*() {
        const pairs = yield* sampled(
          Arbitrary.all([policies([...claims, "anonymous"], ["allOf", "anyOf", "not"], 2), positive]),
          30
        )
        const both = (ran: Ran): Registrations =>
          Layer.mergeAll(
            Layer.empty,
            ...pairs.flatMap(([own, around], index) => [
              toolOf(`${named(index)}-guarded`, build(own), arrive(ran, "one")).pipe(Policy.guard(build(around))),
              toolOf(`${named(index)}-both---`, build({ allOf: [own, around] }), arrive(ran, "other"))
            ])
          )
        const { handle } = yield* begin(both, { verifier: undefined })
        const answers = { yes: 0, no: 0 }
        for (const who of yield* sampled(caller, 4)) {
          const token = yield* tokenOf(who)
          const send = yield* converse(handle, modern, token)
          const seen = yield* toolsSeen(send, token)
          for (const [index, [own, around]] of pairs.entries()) {
            const [one, other] = [`${named(index)}-guarded`, `${named(index)}-both---`]
            const what = printed({ allOf: [own, around] })
            const answer = visible(yield* ask(send, "call", one, token))
            const same = visible(yield* ask(send, "call", other, token))
            const anonymized = {
              ...answer,
              body: answer.body.replaceAll(one, other).replaceAll("\"one\"", "\"other\"")
            }
            if (answer.body.includes("\"result\"")) {
              answers.yes++
              assert.include(same.body, "\"result\"", what)
            } else {
              answers.no++
              assert.deepStrictEqual(anonymized, same, what)
            }
            assert.strictEqual(seen.includes(one), seen.includes(other), what)
          }
        }
        assert.isTrue(answers.yes > 10 && answers.no > 10, JSON.stringify(answers))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
  )

  it.effect(
    "has the same properties for templates and resources as for tools",
    () =>
      Effect.gen(function*() {
        const all = yield* sampled(policies([...claims, "check"], ["allOf", "anyOf", "not"], 2), 20)
        const { handle } = yield* begin((ran) =>
          Layer.mergeAll(
            Layer.empty,
            ...all.flatMap((data, index) => [
              McpServer.resource({ uri: `${named(index)}://one`, name: "one", content: arrive(ran, "resource") }).pipe(
                Policy.guard(build(data))
              ),
              McpServer.prompt({ name: named(index), content: () => arrive(ran, "prompt") }).pipe(
                Policy.guard(build(data))
              )
            ]),
            McpServer.resource`open://${id}`({ name: "open", content: () => arrive(ran, "open") })
          )
        )
        for (const who of yield* sampled(caller, 4)) {
          const token = yield* tokenOf(who)
          const send = yield* converse(handle, modern, token)
          const resources = listed(yield* send("resources/list", {}, token), lists[1])
          const prompts = listed(yield* send("prompts/list", {}, token), lists[3])
          for (const [index, data] of all.entries()) {
            const read = yield* ask(send, "read", named(index), token)
            const isListed = resources.includes(`${named(index)}://one`)
            assert.strictEqual(read.messages[0]?.result !== undefined, isListed, printed(data))
            const got = yield* send("prompts/get", { name: named(index) }, token)
            assert.strictEqual(got.messages[0]?.result !== undefined, prompts.includes(named(index)), printed(data))
            assert.strictEqual(prompts.includes(named(index)), isListed, printed(data))
          }
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
  )
})
