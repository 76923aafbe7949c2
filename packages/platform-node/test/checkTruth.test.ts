import { listen } from "@effect-mcp-auth/examples/loopback"
import { CheckReport } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { inProcess } from "./mcpAuth.ts"

/** A response: its status and JSON. */
type Answer = readonly [status: number, json: unknown]

/** A server with these responses by path, and 404 for all others. */
const serve = (answers: (origin: string) => Readonly<Record<string, Answer>>) =>
  Effect.map(listen(), ({ origin, server }) => {
    const known = new Map(Object.entries(answers(origin)))
    const requested: Array<string> = []
    server.on("request", ({ url = "" }, response) => {
      requested.push(url)
      const [status, json] = known.get(url) ?? [404, {}]
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(json))
    })
    return { origin, requested }
  })

const documentPath = "/.well-known/oauth-authorization-server"

const documentOf = (issuer: string, changes: object = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"],
  ...changes
})

/** The public key of RFC 7517, appendix A.1. */
const goodKey = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  kid: "good"
}

const providerWith = (changes: object, keys: Answer = [200, { keys: [goodKey] }]) =>
  serve((origin) => ({ [documentPath]: [200, documentOf(origin, changes)], "/jwks": keys }))

const check = (...args: ReadonlyArray<string>) => inProcess("check", "--allow-insecure-loopback", ...args)

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(CheckReport.CheckReport))

const checkJson = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const { code, stdout } = yield* check("--format", "json", ...args)
  return { code, report: yield* decodeReport(stdout) }
})

describe("mcp-auth check and the key set", () => {
  it.live("lists each usable key with its algorithms after it was fetched", () =>
    Effect.gen(function*() {
      const { origin, requested } = yield* providerWith({})
      const { code, report } = yield* checkJson(origin)
      assert.strictEqual(code, 0)
      assert.include(requested, "/jwks")
      assert.deepStrictEqual(report.found?.keys, {
        url: `${origin}/jwks`,
        usable: [{ kid: "good", algorithms: ["ES256"] }],
        passedOver: []
      })
    }))

  const rows: ReadonlyArray<readonly [what: string, keys: Answer, code: number, says: string]> = [
    ["answers 406", [406, {}], 1, "HTTP 406"],
    ["does not exist", [404, {}], 1, "HTTP 404"],
    ["is empty", [200, { keys: [] }], 1, "the key set has no usable key"],
    ["has a symmetric key only", [200, { keys: [{ kty: "oct", k: "AQAB", kid: "shared" }] }], 1, "! shared is not a"],
    ["has an encryption key only", [200, { keys: [{ ...goodKey, use: "enc" }] }], 1, "! good has the use \"enc\""],
    [
      "has only a key that is no point of its curve",
      [200, { keys: [{ ...goodKey, y: goodKey.x }] }],
      1,
      "! good has key"
    ],
    ["is temporarily unavailable", [503, {}], 2, "HTTP 503"]
  ]
  for (const [what, keys, code, says] of rows) {
    it.live(`exits with ${code} if the key set ${what}, and says why`, () =>
      Effect.gen(function*() {
        const { origin } = yield* providerWith({}, keys)
        const ended = yield* check(origin)
        assert.include(ended.stdout, says)
        assert.include(ended.stdout, "the key set cannot be used")
        assert.notInclude(ended.stdout, "tokens can be verified")
        assert.notInclude(ended.stdout, `${origin} valid`)
        assert.strictEqual(ended.code, code)
      }))
  }

  it.live("prints nothing but the report in JSON if a key cannot be used", () =>
    Effect.gen(function*() {
      const { origin } = yield* providerWith({}, [200, { keys: [goodKey, { kty: "oct", k: "AQAB" }] }])
      const { code, report } = yield* checkJson(origin)
      assert.deepStrictEqual([code, report.found?.keys?.passedOver.length], [0, 1])
    }))
})

describe("mcp-auth check and rules that have nothing to judge", () => {
  it.live("says of no endpoint on http that it is https", () =>
    Effect.gen(function*() {
      const { origin } = yield* providerWith({})
      const { report } = yield* checkJson(origin)
      const { notApplicable = [], successes = [], warnings = [] } = report.found?.report ?? {}
      assert.include(warnings.map(({ code }) => code), "insecure_loopback_endpoint")
      assert.include(notApplicable.map(({ code }) => code), "insecure_endpoint")
      assert.isFalse(successes.some(({ message }) => message.includes("every endpoint is https")))
    }))

  it.live("reports rules about members that the document lacks as not applicable", () =>
    Effect.gen(function*() {
      const none = { authorization_endpoint: undefined, token_endpoint: undefined, jwks_uri: undefined }
      const { origin } = yield* providerWith(none)
      const { code, report } = yield* checkJson(origin)
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(report.found?.report.notApplicable.map(({ code }) => code), [
        "openid_member_missing",
        "insecure_endpoint",
        "insecure_loopback_endpoint",
        "weak_algorithm_advertised",
        "authorization_code_grant_not_supported",
        "authorization_response_iss_not_supported",
        "offline_access_not_supported",
        "dynamic_registration_only",
        "public_clients_not_supported"
      ])
      assert.isUndefined(report.found?.keys)
      const { stdout } = yield* check(origin)
      assert.include(stdout, "· not applicable: every endpoint on another machine is https (insecure_endpoint)")
    }))
})

describe("mcp-auth check of a URL that is not an issuer", () => {
  const resourcePath = "/.well-known/oauth-protected-resource/mcp"

  const server = serve((origin) => ({
    [documentPath]: [200, documentOf(origin)],
    [resourcePath]: [200, { resource: `${origin}/mcp`, authorization_servers: [origin] }]
  }))

  const rows: ReadonlyArray<readonly [what: string, path: string, says: string]> = [
    ["a discovery URL", documentPath, "This is a discovery URL: pass the issuer in the document at that URL"],
    ["an MCP URL", "/mcp", `${resourcePath} names its authorization server`],
    ["the URL of protected resource metadata", resourcePath, "This is an MCP server and not an authorization server"]
  ]
  for (const [what, path, says] of rows) {
    it.live(`prints for ${what} the command that checks the issuer`, () =>
      Effect.gen(function*() {
        const { origin } = yield* server
        const { code, stdout } = yield* check(`${origin}${path}`)
        assert.strictEqual(code, 2)
        assert.include(stdout, says)
        assert.include(stdout, `mcp-auth check ${origin} --allow-insecure-loopback`)
      }))
  }

  it.live("prints for an MCP URL the command that examines the server", () =>
    Effect.gen(function*() {
      const { origin } = yield* server
      const { stdout } = yield* check(`${origin}/mcp`)
      assert.include(stdout, `mcp-auth doctor ${origin}/mcp --allow-insecure-loopback`)
    }))

  it.live("prints for a discovery URL without a document what to pass instead", () =>
    Effect.gen(function*() {
      const { origin } = yield* serve(() => ({}))
      const { stdout } = yield* check(`${origin}/.well-known/openid-configuration`)
      assert.include(stdout, "pass the issuer, which is the value of \"issuer\" in the document at that URL")
    }))

  it.live("prints no hint for a server without metadata, and quotes an issuer that a shell would run", () =>
    Effect.gen(function*() {
      const plain = yield* serve(() => ({}))
      assert.notInclude((yield* check(plain.origin)).stdout, "Hint")
      const hostile = yield* serve((origin) => ({
        [resourcePath]: [200, { resource: `${origin}/mcp`, authorization_servers: ["https://a.example/;reboot"] }]
      }))
      assert.include((yield* check(`${hostile.origin}/mcp`)).stdout, "mcp-auth check 'https://a.example/;reboot' ")
    }))
})

describe("mcp-auth check names the repair that helps", () => {
  const rows: ReadonlyArray<readonly [what: string, changes: object, repair: string]> = [
    ["a required member that is null", { token_endpoint: null }, "nulls"],
    ["an optional member that is null", { scopes_supported: null }, "nulls"],
    ["a member of a wrong type that is an empty array", { token_endpoint: [] }, "empty-arrays"],
    ["absent PKCE", { code_challenge_methods_supported: undefined }, "pkce"],
    ["absent response types", { response_types_supported: undefined }, "response-types"]
  ]
  for (const [what, changes, repair] of rows) {
    it.live(`for ${what}: --repair ${repair}`, () =>
      Effect.gen(function*() {
        const { origin } = yield* providerWith(changes)
        assert.include((yield* check(origin)).stdout, `command line: --repair ${repair})`)
        const { report } = yield* checkJson(origin, "--repair", repair)
        assert.deepStrictEqual(report.found?.repairs.map(({ name }) => name), [repair])
        assert.deepStrictEqual(report.found?.oddities, [])
      }))
  }
})
