import * as Clients from "@effect-mcp-auth/core/doctor/Clients"
import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import type { Evidence } from "@effect-mcp-auth/core/doctor/Evidence"
import * as Report from "@effect-mcp-auth/core/doctor/Report"
import * as Rule from "@effect-mcp-auth/core/doctor/Rule"
import * as Entra from "@effect-mcp-auth/core/presets/Entra"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { answer, challenge, mcp } from "./changes.ts"
import { examine, findingsOf, issuer, metadataUrl, network, resource, type World } from "./world.ts"

const gather = Effect.fnUntraced(function*(world: World = {}, options: Doctor.Options = {}) {
  const { client, provider } = yield* network(world)
  const evidence = yield* Doctor.gather(world.target ?? resource, options).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
  return { client, evidence, provider }
})

const nothing: Evidence = { target: resource, kind: "resource", exchanges: [], server: undefined, providers: [] }

const ruleOf = (id: string): Rule.Rule => {
  const found = Rule.rules.find((rule) => rule.id === id)
  assert.isDefined(found)
  return found
}

const own: Rule.Rule = {
  id: "X01",
  title: "The URL is not ours",
  severity: "error",
  isHint: false,
  actor: "operator",
  step: "reach",
  confidence: "documented",
  source: "a handbook",
  date: "2026-11",
  breaks: [{ clients: ["ours"] }],
  check: ({ target }) => target.includes("ours") ? "holds" : { seen: target, requests: [] },
  fix: { words: "move it" }
}

describe("notes of the doctor", () => {
  it.effect("say that a login does not cover all scopes", () =>
    Effect.gen(function*() {
      const report = yield* examine({
        changes: [challenge(`Bearer scope="notes:read", resource_metadata="${metadataUrl}"`)]
      })
      const note = report.findings.find(({ id }) => id === "R39")
      assert.strictEqual(note?.severity, "note")
      assert.include(note?.fix.library?.code, "notes:write")
      assert.strictEqual(report.verdict, "healthy")
    }))

  it.effect("say that the provider lists more scopes than the resource", () =>
    Effect.gen(function*() {
      const report = yield* examine({
        metadata: { scopes_supported: ["openid", "offline_access", "notes:read", "notes:write", "admin"] }
      })
      assert.include(report.findings.find(({ id }) => id === "R37")?.seen, "\"admin\"")
      assert.deepStrictEqual(findingsOf(report), [])
    }))

  it.effect("say that there is no key set", () =>
    Effect.gen(function*() {
      const report = yield* examine({ metadata: { jwks_uri: undefined } })
      assert.strictEqual(
        report.findings.find(({ id }) => id === "D24")?.fix.library?.uses,
        "TokenVerifier.introspection"
      )
    }))

  for (const target of ["http://127.0.0.1:3000/mcp", "https://10.1.2.3/mcp", "https://notes.internal/mcp"]) {
    it(`say that hosted clients cannot reach ${target}`, () => {
      assert.property(ruleOf("R48").check({ ...nothing, target }), "seen")
      assert.strictEqual(ruleOf("R48").check({ ...nothing, target: "https://notes.example.com/mcp" }), "holds")
    })
  }
})

describe("the products of providers", () => {
  it.effect("are recognized by their documents, with the preset to use", () =>
    Effect.gen(function*() {
      const { evidence } = yield* gather()
      const [provider] = evidence.providers
      assert.isDefined(provider)
      const { facts, name, title } = Entra.preset.definition
      const product = { preset: name, title, confidence: "certain", facts } as const
      const report = Doctor.judge({ ...evidence, providers: [{ ...provider, product }] })
      assert.include(report.providers[0]?.product?.code, "presets/Entra")
      assert.deepStrictEqual(findingsOf(report), ["R41"])
      assert.include(report.findings.find(({ id }) => id === "R41")?.fix.library?.code, "Entra.preset")
    }))
})

describe("a token", () => {
  it.effect("that server and rules accept is no finding", () =>
    Effect.gen(function*() {
      const { client, provider } = yield* network({})
      const token = Redacted.make(yield* provider.mint())
      const report = yield* Doctor.examine(resource, { token }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.includeMembers([...report.holds], ["D33", "D34"])
    }))

  it.effect("that the server refuses is explained by our rules", () =>
    Effect.gen(function*() {
      const { client, provider } = yield* network({})
      const token = Redacted.make(yield* provider.mint({ claims: { aud: "https://other.test" } }))
      const report = yield* Doctor.examine(resource, { token }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.deepStrictEqual(findingsOf(report), ["D33"])
      assert.include(report.findings[0]?.seen, "issued for another resource")
    }))

  it.effect("that the server accepts against our rules is a finding", () =>
    Effect.gen(function*() {
      const isCall = (asked: Parameters<typeof mcp>[0]) => mcp(asked) && asked.headers.has("authorization")
      const world: World = { changes: [answer(isCall, () => Response.json({ jsonrpc: "2.0", id: 1, result: {} }))] }
      const { client, provider } = yield* network(world)
      const token = Redacted.make(yield* provider.mint({ claims: { aud: "https://other.test" } }))
      const report = yield* Doctor.examine(resource, { token }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.deepStrictEqual(findingsOf(report), ["D34"])
    }))
})

describe("rules and clients of a program", () => {
  it.effect("are judged like those of the library", () =>
    Effect.gen(function*() {
      const { evidence } = yield* gather()
      const clients = [...Clients.clients, {
        id: "ours",
        name: "Ours",
        versions: "1",
        confidence: "documented" as const
      }]
      const report = Doctor.judge(evidence, { rules: [...Rule.rules, own], clients })
      assert.deepStrictEqual(findingsOf(report), ["X01"])
      assert.deepInclude(report.clients.at(-1), { id: "ours", verdict: "fails", finding: "X01" })
      assert.strictEqual(Report.exitCode(report), 1)
      const without = Doctor.judge(evidence, { rules: Rule.without([...Rule.rules, own], ["X01"]) })
      assert.strictEqual(Report.exitCode(without), 0)
    }))

  it.effect("never fail a server by a hint", () =>
    Effect.gen(function*() {
      const { evidence } = yield* gather()
      assert.strictEqual(Rule.rule({ ...own, isHint: true }).severity, "warning")
      assert.strictEqual(Doctor.judge(evidence, { rules: [{ ...own, isHint: true }] }).verdict, "healthy")
    }))

  it("name only clients that exist, and have a source, a date and a fix", () => {
    const ids = new Set<string>(Clients.clients.map(({ id }) => id))
    for (const rule of Rule.rules) {
      for (const { clients } of rule.breaks) {
        if (clients !== "all") { for (const id of clients) assert.isTrue(ids.has(id), `${rule.id} ${id}`) }
      }
      assert.match(rule.date, /^\d{4}-\d{2}(?:-\d{2})?$/, rule.id)
      const fix = typeof rule.fix === "function" ? rule.fix(nothing) : rule.fix
      assert.isAbove(fix.words.length, 10, rule.id)
      assert.isFalse(rule.isHint && rule.severity === "error", rule.id)
      assert.isAbove(rule.source.length, 5, rule.id)
    }
  })

  it("cover all facts about clients", () => {
    const numbers = Rule.rules.flatMap(({ id }) => id.startsWith("R") ? [Number(id.slice(1))] : []).toSorted((a, b) =>
      a - b
    )
    assert.deepStrictEqual(numbers, Array.from({ length: 53 }, (_, index) => index + 1))
  })
})

describe("an issuer", () => {
  it.effect("is told from a server by its first answer", () =>
    Effect.gen(function*() {
      const { evidence } = yield* gather({ target: issuer })
      assert.strictEqual(evidence.kind, "issuer")
      const report = Doctor.judge(evidence)
      assert.deepStrictEqual([report.verdict, findingsOf(report)], ["healthy", []])
    }))
})
