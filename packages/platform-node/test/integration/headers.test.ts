import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { decodeJwt } from "jose"
import { live } from "./support/live.ts"
import { accessTokenOf } from "./support/logins.ts"
import { sendRaw } from "./support/requests.ts"
import { sign } from "./support/sign.ts"

/** A server, and a valid token for it. */
const start = Effect.gen(function*() {
  const { issuer, signingKeys } = yield* EmbeddedProvider.start()
  const { resource } = yield* serveNotes({ issuer })
  const user = new ScriptedUser()
  yield* SdkClient.logIn(resource, user)
  const { host, port } = new URL(resource)
  return { resource, host: `host: ${host}`, port: Number(port), token: accessTokenOf(user), signingKeys }
})

/** Header lines with a misleading destination of the request. */
const lies: ReadonlyArray<ReadonlyArray<string>> = [
  ["X-Forwarded-Host: evil.example"],
  ["X-Forwarded-Host: evil.example, other.example", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443"],
  ["X-Forwarded-Proto: https"],
  ["X-Forwarded-Prefix: /evil"],
  ["X-Forwarded-For: 203.0.113.7", "X-Real-IP: 203.0.113.7"],
  ["X-Forwarded-Server: evil.example", "X-Host: evil.example"],
  ["X-Original-URL: /evil", "X-Rewrite-URL: /evil"],
  ["X-HTTP-Method-Override: GET"],
  ["Forwarded: for=203.0.113.7;host=evil.example;proto=https"],
  ["Forwarded: host=\"evil.example\", host=other.example"],
  ["Host: evil.example"]
]

const hosts = [
  "evil.example",
  "evil.example:443",
  "user@evil.example",
  "evil.example/a?b#c",
  "[::1]",
  "127.0.0.1:1",
  ""
]

describe.concurrent("hostile headers", () => {
  live(
    "two Authorization headers are refused in either order, and even if they are equal",
    () =>
      Effect.gen(function*() {
        const { host, port, token } = yield* start
        const good = `Authorization: Bearer ${token}`
        const head = ["POST /mcp HTTP/1.1", host]
        assert.strictEqual((yield* sendRaw(port, [...head, good])).status, 200)
        const pairs = [
          [good, "authorization: Bearer another"],
          ["AUTHORIZATION: Bearer another", good],
          [good, good],
          [good, "Authorization: Basic YTpi"],
          ["Authorization: Basic YTpi", good],
          ["Authorization:", good],
          [good, "Authorization:"]
        ]
        for (const pair of pairs) {
          const { body, headers, status } = yield* sendRaw(port, [...head, ...pair])
          assert.strictEqual(status, 400, pair.join())
          assert.include(body, "invalid_request")
          assert.match(headers.join("\n"), /^www-authenticate: Bearer .*error="invalid_request"/im)
        }
      })
  )

  live("no header that names another host changes a response", () =>
    Effect.gen(function*() {
      const { host, port, token } = yield* start
      const requests = [
        ["POST /mcp HTTP/1.1"],
        ["POST /mcp HTTP/1.1", `Authorization: Bearer ${token}`],
        ["POST /mcp HTTP/1.1", `Authorization: Bearer ${token}x`],
        ["GET /.well-known/oauth-protected-resource/mcp HTTP/1.1"],
        ["GET /.well-known/oauth-protected-resource HTTP/1.1"]
      ]
      for (const [index, request] of requests.entries()) {
        const usual = yield* sendRaw(port, [...request, host])
        assert.strictEqual(usual.status, [401, 200, 401, 200, 200][index])
        for (const lie of lies) {
          assert.deepStrictEqual(yield* sendRaw(port, [...request, host, ...lie]), usual, lie.join())
        }
        const [line = "", ...others] = request
        const absolute = [line.replace(" /", " http://evil.example/"), ...others]
        assert.deepStrictEqual(yield* sendRaw(port, [...absolute, host]), usual, absolute.join())
        for (const other of hosts) {
          assert.deepStrictEqual(yield* sendRaw(port, [...request, `Host: ${other}`]), usual, `Host: ${other}`)
        }
      }
    }))

  live("a token for the host that the Host header names is refused", () =>
    Effect.gen(function*() {
      const { port, resource, signingKeys: [key = {}], token } = yield* start
      const claims = decodeJwt(token)
      const header = { alg: "RS256", kid: "RS256" }
      const honest = yield* sign(claims, key, header)
      const evil = yield* sign({ ...claims, aud: "http://evil.example/mcp" }, key, header)
      const from = ["POST /mcp HTTP/1.1", "Host: evil.example", "X-Forwarded-Host: evil.example"]
      assert.strictEqual(claims.aud, resource)
      assert.strictEqual((yield* sendRaw(port, [...from, `Authorization: Bearer ${honest}`])).status, 200)
      assert.strictEqual((yield* sendRaw(port, [...from, `Authorization: Bearer ${evil}`])).status, 401)
    }))
})
