import { ScopeHierarchy } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const { make } = ScopeHierarchy

interface Row {
  readonly rules: ScopeHierarchy.Rules
  readonly options?: ScopeHierarchy.Options
  readonly granted: ReadonlyArray<string>
  readonly covers: ReadonlyArray<string>
  readonly coversNot: ReadonlyArray<string>
}

const rows: Readonly<Record<string, Row>> = {
  "a scope covers itself and nothing else without rules": {
    rules: {},
    granted: ["files:write"],
    covers: ["files:write"],
    coversNot: ["files:read", "files", "files:write:all", ""]
  },
  "one scope covers another, but not the other way round": {
    rules: { "files:write": ["files:read"] },
    granted: ["files:write"],
    covers: ["files:read"],
    coversNot: ["files:list"]
  },
  "a narrower scope does not cover a broader one": {
    rules: { "files:write": ["files:read"] },
    granted: ["files:read"],
    covers: [],
    coversNot: ["files:write"]
  },
  "coverage is transitive": {
    rules: { admin: ["files:write"], "files:write": ["files:read"], "files:read": ["files:list"] },
    granted: ["admin"],
    covers: ["files:list"],
    coversNot: ["notes:list"]
  },
  "coverage is transitive through a scope that is longer than the granted one": {
    rules: { a: ["a-very-long-scope-in-between"], "a-very-long-scope-in-between": ["b"] },
    granted: ["a"],
    covers: ["b"],
    coversNot: ["c"]
  },
  "a prefix covers its continuations": {
    rules: { files: ["files:*"] },
    granted: ["files"],
    covers: ["files:read", "files:read:all"],
    coversNot: ["files:", "filesystem", "notes:read"]
  },
  "writing covers reading of the same object": {
    rules: { "*:write": ["*:read"] },
    granted: ["notes:write"],
    covers: ["notes:read"],
    coversNot: ["files:read", ":read", "notes:write:read", "notes:list"]
  },
  "every scope covers its continuations after a colon, to any depth": {
    rules: { "*": ["*:*"] },
    granted: ["files:read"],
    covers: ["files:read:all", "files:read:all:now"],
    coversNot: ["files", "files:write", "files:reader"]
  },
  "each of two asterisks in a pattern stands for at least one character": {
    rules: { "team-*": ["*:*"] },
    granted: ["team-", "team-a"],
    covers: ["a:read", "a::"],
    coversNot: [":read", "a:", "a", ":"]
  },
  "a pattern does not match if nothing stands in place of the asterisk": {
    rules: { "team-*": ["*:read"] },
    granted: ["team-undefined", "team-"],
    covers: ["undefined:read"],
    coversNot: ["files", ":read", "files:write"]
  },
  "the parts before and after an asterisk do not overlap": {
    rules: { mirror: ["ab*ba"] },
    granted: ["mirror"],
    covers: ["ab-ba", "ababa"],
    coversNot: ["aba", "abba"]
  },
  "an asterisk covers everything": {
    rules: { admin: ["*"] },
    granted: ["admin"],
    covers: ["files:read", "root"],
    coversNot: []
  },
  "a pattern covers scopes through the scopes that it matches": {
    rules: { admin: ["files:*"], "files:special": ["audit:read"] },
    granted: ["admin"],
    covers: ["audit:read"],
    coversNot: ["audit:write"]
  },
  "each of several granted scopes counts separately": {
    rules: { "a": ["b"], "c": ["d"] },
    granted: ["a", "c"],
    covers: ["b", "d"],
    coversNot: ["e"]
  },
  "an asterisk in a granted scope is an ordinary character": {
    rules: {},
    granted: ["files:*"],
    covers: ["files:*"],
    coversNot: ["files:read"]
  },
  "an asterisk in a granted scope covers scopes if a rule says so": {
    rules: { "files:read": ["files:list"] },
    options: { grantedWildcards: true },
    granted: ["files:*"],
    covers: ["files:read", "files:list"],
    coversNot: ["notes:read", "files:"]
  },
  "a dollar sign is an ordinary character": {
    rules: { "*$": ["*"] },
    granted: ["a$&$"],
    covers: ["a$&"],
    coversNot: ["b"]
  },
  "recursive rules terminate": {
    rules: { "a*": ["*"], "b*": ["*"] },
    granted: ["aax"],
    covers: ["x"],
    coversNot: ["y"]
  }
}

describe("covers", () => {
  it.effect.each(Object.entries(rows))(
    "%s",
    ([, { covers, coversNot, granted, options, rules }]) =>
      Effect.gen(function*() {
        const hierarchy = yield* make(rules, options)
        const set = new Set(granted)
        for (const scope of covers) assert.isTrue(hierarchy.covers(set, scope), scope)
        for (const scope of coversNot) assert.isFalse(hierarchy.covers(set, scope), scope)
      })
  )
})

describe("an invalid hierarchy is refused", () => {
  it.effect.each<[string, ScopeHierarchy.Rules, string]>([
    ["two scopes that cover each other", { a: ["b"], b: ["a"] }, "cycle"],
    ["a longer cycle", { a: ["b"], b: ["c"], c: ["a"] }, "cycle"],
    ["patterns that cover each other", { "*:read": ["*:write"], "*:write": ["*:read"] }, "cycle"],
    ["a pattern and a scope that cover each other", { admin: ["*"], root: ["*"] }, "cycle"],
    ["two asterisks in the covering pattern", { "*:*": ["*"] }, "too-many-wildcards"],
    ["two asterisks in a pattern covered by one scope", { a: ["*:*"] }, "too-many-wildcards"],
    ["a pattern that covers one scope", { "*:admin": ["audit"] }, "wildcard-is-lost"]
  ])("%s", ([, rules, reason]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(make(rules))
      assert.strictEqual(error.reason, reason)
      assert.include(error.message, "; ")
    }))

  it.effect("accepts a scope that covers itself, and two that cover a third", () =>
    Effect.all([make({ a: ["a"] }), make({ admin: ["*"] }), make({ a: ["c"], b: ["c"] })]))
})

const Word = Schema.String.check(Schema.isPattern(/^[a-c]{1,3}(:[a-c]{1,3})?$/))

describe("properties of scope hierarchies", () => {
  it.effect.prop(
    "more granted scopes never cover less, and a granted scope is covered",
    {
      pairs: Schema.Array(Schema.Tuple([Word, Word])),
      granted: Schema.Array(Word),
      more: Schema.Array(Word),
      scope: Word
    },
    ({ granted, more, pairs, scope }) =>
      Effect.gen(function*() {
        const rules: Record<string, Array<string>> = {}
        for (const [covers, covered] of pairs) (rules[covers] ??= []).push(covered)
        const made = yield* Effect.option(make(rules))
        if (made._tag === "None") return
        const { covers } = made.value
        for (const one of granted) assert.isTrue(covers(new Set(granted), one))
        if (covers(new Set(granted), scope)) assert.isTrue(covers(new Set([...granted, ...more]), scope))
        // Transitive: a scope that covers a granted scope covers everything that the granted scope covers.
        for (const broader of more) {
          if (
            granted.every((one) => covers(new Set([broader]), one)) && covers(new Set(granted), scope) &&
            granted.length > 0
          ) {
            assert.isTrue(covers(new Set([broader]), scope))
          }
        }
      }),
    { arbitrary: { runs: 1000 } }
  )
})
