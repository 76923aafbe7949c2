import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { serveJson } from "@effect-mcp-auth/examples/loopback"
import { CheckReport } from "@effect-mcp-auth/platform-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schema } from "effect"
import { createHash } from "node:crypto"
import { main, mcpAuth, start } from "./mcpAuth.ts"
import { trusted } from "./standing/support/certificates.ts"
import { makeProxy } from "./standing/support/connectProxy.ts"
import { type Front, makeFront } from "./standing/support/front.ts"

const check = (...args: ReadonlyArray<string>) => mcpAuth("check", "--allow-insecure-loopback", ...args)

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(CheckReport.CheckReport))

const checkJson = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(check("--format", "json", ...args), ({ code, stderr, stdout }) => {
    assert.strictEqual(stderr, "")
    return Effect.map(decodeReport(stdout), (report) => ({ code, report }))
  })

const complete = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code"],
  code_challenge_methods_supported: ["S256"]
})

/** The public key of RFC 7517, appendix A.1. */
const keys = {
  keys: [{
    kty: "EC",
    crv: "P-256",
    x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    kid: "1"
  }]
}

const oauthPath = "/.well-known/oauth-authorization-server"

/** The command on another version of Node, as far as a program can tell. */
const onNode = (version: string) => {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`
  return start({ nodeArgs: ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`] }, "--version")
}

describe("mcp-auth in a corporate network", () => {
  it.live("reaches a provider through the proxy of HTTPS_PROXY, and trusts the CA of --ca-file", () =>
    Effect.gen(function*() {
      const front: Front = yield* makeFront(() => ({ ...complete(`https://as.test:${front.port}`), ...keys }))
      const proxy = yield* makeProxy()
      const issuer = `https://as.test:${front.port}`
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempFileScoped({ suffix: ".pem" })
      yield* files.writeFileString(file, trusted.cert)
      const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }
      const { code, stdout } = yield* start({ env }, "check", issuer, "--ca-file", file)
      assert.deepStrictEqual(
        [code, proxy.tunnels.map(({ authority }) => authority)],
        [0, [`as.test:${front.port}`]],
        stdout
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  const rows: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, ReadonlyArray<string>, string]> = [
    ["an invalid proxy", { HTTPS_PROXY: "socks5://user:hunter2@p:1" }, [], "The proxy in the variable HTTPS_PROXY"],
    ["a CA file that is not PEM", {}, ["--ca-file", main], "The TLS option ca cannot be used"],
    ["a client certificate without its key", {}, ["--cert-file", main], "The TLS option cert cannot be used"]
  ]
  for (const [what, env, args, message] of rows) {
    it.live(`exits with 64 for ${what}, and prints no secret`, () =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* start({ env }, "check", "https://as.test", ...args)
        assert.strictEqual(code, 64)
        assert.include(stderr, message)
        assert.notInclude(stdout + stderr, "hunter2")
      }))
  }
})

describe("mcp-auth on an older Node", () => {
  it.live.each(["20.20.2", "22.18.0"])(
    "on %s names the required Node version in one line, and exits with 69",
    (version) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* onNode(version)
        assert.strictEqual(code, 69)
        assert.strictEqual(stdout, "")
        assert.strictEqual(
          stderr,
          `effect-mcp-auth needs Node >= 22.19; this is v${version}. Install a newer Node and run the command again.\n`
        )
      })
  )

  it.live.each(["22.19.0", "24.0.0", "100.1.0"])("runs on Node %s", (version) =>
    Effect.gen(function*() {
      const { code, stdout } = yield* onNode(version)
      assert.strictEqual(code, 0)
      assert.match(stdout, /^mcp-auth v/)
    }))
})

describe("mcp-auth check", () => {
  it.live("exits with 0 for the embedded provider, and prints each step", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { code, stderr, stdout } = yield* check(issuer)
      assert.strictEqual(stderr, "")
      assert.include(stdout, `✓ Found      ${issuer}${oauthPath}`)
      assert.include(stdout, "✓ PKCE with S256 is advertised (s256_code_challenge_method_not_supported)")
      assert.include(stdout, "! insecure_loopback_endpoint")
      assert.include(stdout, `${issuer} valid: 0 errors`)
      assert.strictEqual(code, 0)
    }))

  it.live("prints the same report in JSON", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { code, report } = yield* checkJson(issuer, "--type", "oidc")
      assert.strictEqual(code, 0)
      assert.strictEqual(report.verdict, "valid")
      assert.strictEqual(report.found?.issuer, issuer)
      assert.deepStrictEqual(report.found?.locations, [`${issuer}/.well-known/openid-configuration`])
    }))

  it.live("exits with 1 when the document breaks a rule, and with 0 when a repair fixes it", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson((origin) => {
        const { code_challenge_methods_supported: _, ...withoutPkce } = complete(origin)
        return { [oauthPath]: withoutPkce, "/jwks": keys }
      })
      const broken = yield* checkJson(origin)
      assert.strictEqual(broken.code, 1)
      assert.deepStrictEqual(broken.report.found?.report.errors.map(({ code }) => code), ["pkce_not_supported"])

      const mended = yield* checkJson(origin, "--repair", "pkce", "--repair", "nulls")
      assert.strictEqual(mended.code, 0)
      assert.deepStrictEqual(mended.report.found?.repairs.map(({ name }) => name), ["pkce"])
    }))

  it.live("exits with 1 when the key set has no usable key, and prints nothing but the report", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson((origin) => ({
        [oauthPath]: complete(origin),
        "/jwks": { keys: [{ kty: "oct", k: "AQAB" }] }
      }))
      const { code, report } = yield* checkJson(origin)
      assert.strictEqual(code, 1)
      assert.strictEqual(report.found?.keys?.passedOver.length, 1)
    }))

  it.live("exits with 1 when the document names another issuer", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson(() => ({ [oauthPath]: complete("https://evil.example") }))
      const { code, report } = yield* checkJson(origin)
      assert.strictEqual(code, 1)
      assert.strictEqual(report.found, undefined)
      assert.deepStrictEqual(report.attempts.map(({ error, outcome }) => [outcome, error?.tag]), [
        ["Refused", "IssuerMismatch"],
        ["Miss", "MetadataFetchError"]
      ])
    }))

  it.live("exits with 1 when the document does not match the schema of metadata", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson((origin) => ({ [oauthPath]: { ...complete(origin), jwks_uri: 7 } }))
      const { code, stdout } = yield* check(origin)
      assert.include(stdout, "\"jwks_uri\"")
      assert.strictEqual(code, 1)
    }))

  it.live("exits with 2 when there is no metadata, and when the provider does not respond", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson(() => ({}))
      assert.strictEqual((yield* checkJson(origin)).code, 2)
      const unreachable = yield* checkJson("http://127.0.0.1:1")
      assert.strictEqual(unreachable.code, 2)
      assert.strictEqual(unreachable.report.verdict, "unavailable")
    }))

  it.live("connects to no loopback address by default", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* mcpAuth("check", "https://127.0.0.1:1")
      assert.include(stdout, "leads to the loopback address 127.0.0.1")
      assert.strictEqual(code, 2)
    }))

  it.live("finds a document by its URL, and requires the issuer", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson((origin) => ({
        "/metadata": complete(`${origin}/tenant`),
        "/tenant/jwks": keys
      }))
      const url = `${origin}/metadata`
      assert.strictEqual((yield* checkJson(`${origin}/tenant`, "--url", url, "--type", "oauth")).code, 0)
      assert.strictEqual((yield* checkJson(`${origin}/other`, "--url", url, "--type", "oauth")).code, 1)
    }))

  it.live("prints nothing of a document that could control a terminal or forge a line", () =>
    Effect.gen(function*() {
      const hostile = "x\n✓ valid\r\u001b[2J\u0085\u009b31m\u202e\u2028\ue000\u{e0041}"
      const { origin } = yield* serveJson((origin) => ({
        [oauthPath]: {
          ...complete(origin),
          [hostile]: null,
          mtls_endpoint_aliases: { [hostile]: "http://evil.example/token" }
        }
      }))
      const { code, stderr, stdout } = yield* check(origin, "--repair", "nulls")
      assert.strictEqual(code, 1)
      assert.strictEqual(stderr, "")
      assert.notMatch(stdout, /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u)
      assert.isTrue(stdout.split("\n").every((line) => !line.startsWith("✓ valid")))
      assert.include(stdout, "insecure_endpoint")
      const patch = stdout.split("\n").find((line) => line.includes("\"remove\"")) ?? ""
      assert.deepStrictEqual(JSON.parse(patch), { op: "remove", path: `/${hostile}` })

      const asJson = yield* check(origin, "--repair", "nulls", "--format", "json")
      assert.notMatch(asJson.stdout, /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u)
      assert.include(JSON.stringify(JSON.parse(asJson.stdout)), JSON.stringify(`/${hostile}`).slice(1, -1))
    }))

  it.live("validates against the requested revision", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { report } = yield* checkJson(issuer, "--spec", "2025-03-26")
      assert.strictEqual(report.found?.report.revision, "2025-03-26")
    }))

  const wrong: ReadonlyArray<readonly [name: string, args: ReadonlyArray<string>, said: string]> = [
    ["no issuer", ["check"], "There is nothing to check: pass <issuer>, or --preset"],
    ["an unknown preset", ["check", "--preset", "keyclock"], "There is no preset \"keyclock\""],
    ["an issuer beside a preset", ["check", "https://as.example.com", "--preset", "keycloak"], "remove --preset"],
    ["a parameter without a preset", ["check", "https://as.example.com", "--parameter", "a=b"], "add --preset"],
    ["an unknown flag", ["check", "https://as.example.com", "--frobnicate"], "--frobnicate"],
    ["an unknown repair", ["check", "https://as.example.com", "--repair", "magic"], "magic"],
    ["an unknown revision", ["check", "https://as.example.com", "--spec", "2024-11-05"], "2024-11-05"],
    ["an invalid issuer", ["check", "https://as.example.com/?a=1"], "it contains a query; remove it"],
    ["a discovery URL", ["check", "https://as.example.com/.well-known/openid-configuration?"], "pass the issuer"],
    ["http on loopback without the flag for it", ["check", "http://127.0.0.1:1"], "http is refused"],
    ["an unknown address range", ["check", "https://as.example.com", "--allow", "moon"], "moon"],
    ["an unknown command", ["frobnicate"], "frobnicate"],
    ["no command", [], "SUBCOMMANDS"]
  ]
  for (const [name, args, said] of wrong) {
    it.live(`exits with 64 for ${name}`, () =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* mcpAuth(...args)
        assert.include(stdout + stderr, said)
        assert.notInclude(stdout + stderr, "    at ")
        assert.strictEqual(code, 64)
      }))
  }

  it.live("exits with 0 when help is requested", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* mcpAuth("check", "--help")
      assert.include(stdout, "--repair")
      assert.strictEqual(code, 0)
    }))
})

describe("mcp-auth api-key", () => {
  const entry = ["--id", "ci-2026", "--subject", "ci", "--scope", "notes:read", "--expires-at", "2027-01-01T00:00:00Z"]

  it.live("prints a key once, and its entry for the configuration with its hash", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* mcpAuth("api-key", ...entry)
      assert.strictEqual(stderr, "")
      assert.strictEqual(code, 0)
      const [, key = "", , text = ""] = stdout.split("\n").map((line) => line.trim())
      assert.match(key, /^mcp_[0-9A-Za-z]{43}$/)
      assert.strictEqual(stdout.split(key).length, 2)
      assert.deepStrictEqual(JSON.parse(text), {
        id: "ci-2026",
        hash: createHash("sha256").update(key).digest("hex"),
        subject: "ci",
        scopes: ["notes:read"],
        expiresAt: "2027-01-01T00:00:00.000Z"
      })
    }))

  it.live("prints JSON for programs", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* mcpAuth("api-key", ...entry, "--prefix", "notes_", "--format", "json")
      assert.strictEqual(code, 0)
      const { entry: { hash }, key } = JSON.parse(stdout)
      assert.isTrue(key.startsWith("notes_"))
      assert.strictEqual(hash, createHash("sha256").update(key).digest("hex"))
    }))

  it.live("refuses a prefix that JWTs have, and an expiry that is not a time", () =>
    Effect.gen(function*() {
      const jwt = yield* mcpAuth("api-key", ...entry, "--prefix", "eyJ")
      assert.strictEqual(jwt.code, 64)
      assert.include(jwt.stderr, "--prefix must have")
      assert.strictEqual((yield* mcpAuth("api-key", "--id", "a", "--subject", "a", "--expires-at", "soon")).code, 64)
    }))
})
