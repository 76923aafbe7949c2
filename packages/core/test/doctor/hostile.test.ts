import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import { Report } from "@effect-mcp-auth/core/doctor/Report"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Ref, Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { elapse } from "../time.ts"
import { answer, anyMetadata, challenge, headers, json, keySet, mcp, method, oauthDocument, status } from "./changes.ts"
import { examine, findingsOf, network, resource, type World } from "./world.ts"

/** A body without an end. */
const endless = () =>
  new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) }), {
    headers: { "content-type": "application/json" }
  })

/** A body that never sends anything. */
const silent = () => new Response(new ReadableStream({ pull: () => Effect.runPromise(Effect.never) }))

const controls = "\u001b[2J\u001b]0;owned\u0007\u202e\u0000\u009b31m"

/** Every character that controls a terminal or changes the writing direction, line ends of code apart. */
const commanding = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const encode = Schema.encodeEffect(Report)

const texts = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
    ? Object.values(value).flatMap(texts)
    : []

const worlds: ReadonlyArray<readonly [name: string, world: World]> = [
  ["endless bodies", { changes: [answer(() => true, endless)] }],
  ["endless metadata", {
    changes: [answer(anyMetadata, endless), answer(oauthDocument, endless), answer(keySet, endless)]
  }],
  ["redirects without end", {
    changes: [status(anyMetadata, 302, { location: "?again" }), status(oauthDocument, 302, { location: "?again" })]
  }],
  ["control characters", {
    changes: [
      challenge(`Bearer realm="\u0080\u009b31m", error="\u009b2J"`),
      json(
        anyMetadata,
        (all) => ({
          ...all,
          resource: `https://api.test/${controls}`,
          authorization_servers: [`https://as.test/${controls}`]
        })
      ),
      json(keySet, () => ({ keys: [{ kty: "RSA", kid: controls, n: "AQAB", e: "AQAB" }] }))
    ]
  }],
  ["JSON that nests ten thousand levels", {
    changes: [
      answer(anyMetadata, () => new Response("[".repeat(10_000), { headers: { "content-type": "application/json" } }))
    ]
  }],
  ["a challenge of ten megabytes of parameters", {
    changes: [challenge(`Bearer ${"a=\"b\", ".repeat(1_400_000)}a="b"`)]
  }],
  ["members of the wrong type", {
    changes: [
      json(
        anyMetadata,
        () => ({
          resource: {},
          authorization_servers: [1, null, {}, "no URL", "https://as.test"],
          scopes_supported: "x"
        })
      ),
      json(
        oauthDocument,
        () => ({
          issuer: 1,
          authorization_endpoint: [],
          token_endpoint: null,
          jwks_uri: "::",
          scopes_supported: {},
          code_challenge_methods_supported: "S256",
          registration_endpoint: 5
        })
      )
    ]
  }]
]

describe("the doctor and hostile servers", () => {
  for (const [name, world] of worlds) {
    it.effect(`survives ${name}, and prints nothing that commands a terminal`, () =>
      Effect.gen(function*() {
        const report = yield* examine(world, { clientId: "c1", register: true })
        assert.notStrictEqual(report.verdict, "healthy")
        const encoded = yield* encode(report)
        for (const text of texts(encoded)) assert.notMatch(text.replaceAll("\n", ""), commanding)
        assert.isAtMost(report.requests.length, 60)
        assert.isBelow(JSON.stringify(encoded).length, 200_000)
      }))
  }

  it.effect("ends at its time limit if no request is ever answered to its end", () =>
    Effect.gen(function*() {
      const report = yield* elapse(examine({ changes: [answer(() => true, silent)] }))
      assert.strictEqual(report.verdict, "unreachable")
      assert.deepStrictEqual(findingsOf(report), ["D01"])
    }))

  it.effect("ends at its time limit if everything but the first answer is silent", () =>
    Effect.gen(function*() {
      const world: World = { changes: [answer((asked) => !asked.headers.has("mcp-method"), silent)] }
      const report = yield* elapse(examine(world))
      assert.isAtMost(report.requests.reduce((total, { duration }) => total + duration, 0), 90_000)
    }))

  it.effect("makes at most as many requests as its limit", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* network({})
      const report = yield* Doctor.examine(resource, { maxRequests: 5 }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.strictEqual(report.requests.length, 5)
      // What was not asked for is not judged.
      assert.deepStrictEqual(findingsOf(report), [])
      assert.strictEqual((yield* Ref.get(sent)).length, 5)
    }))

  it.effect("sends the token to the MCP URL and nowhere else, and shows it nowhere", () =>
    Effect.gen(function*() {
      const token = "secret.token.value"
      const world: World = {
        changes: [
          // A server that echoes the token.
          (asked, before) =>
            mcp(asked) && asked.headers.has("authorization")
              ? new Response(null, {
                status: 401,
                headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${token}"` }
              })
              : before
        ]
      }
      const { client, sent } = yield* network(world)
      const report = yield* Doctor.examine(resource, { token: Redacted.make(token), clientId: "c1", register: true })
        .pipe(
          Effect.provideService(HttpClient.HttpClient, client)
        )
      const carrying = (yield* Ref.get(sent)).filter((asked) => asked.headers.has("authorization"))
      assert.deepStrictEqual(carrying.map(({ url }) => url.href), [resource])
      assert.deepStrictEqual(findingsOf(report), ["D33"])
      assert.notInclude(JSON.stringify(report), token)
      assert.notInclude(JSON.stringify(report), "registered-secret")
    }))

  it.effect("does not show a token that the server repeats in the form of a URL", () =>
    Effect.gen(function*() {
      const token = "a/b+c=secret"
      const inUrl = encodeURIComponent(token)
      const world: World = {
        changes: [(asked, before) =>
          mcp(asked) && asked.headers.has("authorization")
            ? new Response(null, { status: 302, headers: { location: `https://api.test/login?${inUrl}#${inUrl}` } })
            : before]
      }
      const report = yield* examine(world, { token: Redacted.make(token) })
      const shown = JSON.stringify(report)
      for (const form of [token, inUrl, inUrl.toLowerCase()]) assert.notInclude(shown, form)
    }))

  it.effect("registers a client only if it is asked to, and once", () =>
    Effect.gen(function*() {
      const registrations = Effect.fnUntraced(function*(options: Doctor.Options) {
        const { client, sent } = yield* network({})
        yield* Doctor.examine(resource, options).pipe(Effect.provideService(HttpClient.HttpClient, client))
        const all = yield* Ref.get(sent)
        return all.filter(({ method, url }) => url.pathname === "/register" && method === "POST").length
      })
      assert.strictEqual(yield* registrations({}), 0)
      assert.strictEqual(yield* registrations({ register: true }), 1)
    }))

  it.effect("does not read the body of a stream", () =>
    Effect.gen(function*() {
      let read = false
      const stream = () =>
        new Response(
          new ReadableStream({
            pull: () => {
              read = true
            }
          }, { highWaterMark: 0 }),
          {
            headers: { "content-type": "text/event-stream" }
          }
        )
      const report = yield* examine({ changes: [answer(method(mcp, "GET", "POST"), stream)] })
      assert.include(findingsOf(report), "D04")
      assert.isFalse(read)
    }))

  it.effect("names the keys that cannot be used", () =>
    Effect.gen(function*() {
      const report = yield* examine({
        changes: [
          headers(keySet, {}),
          json(keySet, () => ({ keys: [{ kty: "OKP", crv: "X25519", kid: "a", x: "AAAA" }, { kty: "oct", kid: "b" }] }))
        ]
      })
      const seen = report.findings.find(({ id }) => id === "D22")?.seen
      assert.strictEqual(seen, "\"a\" has the curve \"X25519\"; \"b\" is not a valid public key of type RSA, EC or OKP")
    }))

  it.effect("refuses a URL that cannot be that of a server", () =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response())))
      const error = yield* Effect.flip(
        Doctor.examine("ftp://api.test/mcp").pipe(
          Effect.provideService(HttpClient.HttpClient, client)
        )
      )
      assert.strictEqual(error._tag, "InvalidResourceIdentifier")
    }))
})
