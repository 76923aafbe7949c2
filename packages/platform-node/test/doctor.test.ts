import { Report } from "@effect-mcp-auth/core/doctor/Report"
import { accessTokenFor } from "@effect-mcp-auth/examples/accessToken"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { listen } from "@effect-mcp-auth/examples/loopback"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import { Effect, Schema } from "effect"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { inProcess, start } from "./mcpAuth.ts"

const require = createRequire(import.meta.url)

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Report))

const demo = Effect.gen(function*() {
  const { issuer } = yield* EmbeddedProvider.start()
  const { resource } = yield* serveNotes({ issuer })
  return { issuer, resource }
})

/** A server with the answers of a careless program, and with characters that control a terminal. */
const careless = Effect.gen(function*() {
  const { origin, server } = yield* listen()
  server.on("request", ({ url }, response) => {
    if (url === "/mcp") {
      const challenge = `bearer realm="\u009b31m<script>alert(1)</script>\`", error="invalid_token"`
      response.writeHead(401, { "www-authenticate": challenge }).end()
    } else response.writeHead(200, { "content-type": "text/html" }).end("<title>App</title>")
  })
  return `${origin}/mcp`
})

const doctor = (...args: ReadonlyArray<string>) => inProcess("doctor", "--allow-insecure-loopback", ...args)

/** Every character that controls a terminal, line ends apart. */
const commanding = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u

const formats = ["text", "json", "sarif", "markdown", "html"] as const

describe("mcp-auth doctor", () => {
  it.live("finds nothing wrong with the demo, and exits with 0", () =>
    Effect.gen(function*() {
      const { resource } = yield* demo
      const { code, stderr, stdout } = yield* doctor(resource, "--format", "json")
      const report = yield* decode(stdout)
      assert.deepStrictEqual(report.findings.filter(({ severity }) => severity !== "note"), [])
      assert.deepStrictEqual([code, stderr, report.verdict], [0, "", "healthy"])
      assert.match((yield* doctor(resource)).stdout, /healthy: 0 errors, 0 warnings/)
    }))

  it.live("finds nothing wrong with the provider of the demo as an issuer", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const { code, stdout } = yield* doctor(issuer, "--format", "json")
      const report = yield* decode(stdout)
      assert.deepStrictEqual([code, report.kind, report.verdict], [0, "issuer", "healthy"])
    }))

  it.live("names the parties that must act, and exits with 1", () =>
    Effect.gen(function*() {
      const url = yield* careless
      const { code, stdout } = yield* doctor(url)
      assert.strictEqual(code, 1)
      assert.include(stdout, "The operator of the MCP server must act")
      assert.include(stdout, "D11")
      assert.isBelow(stdout.split("\n").length, 45)
      const all = yield* doctor(url, "--all")
      assert.include(all.stdout, "R52")
      assert.include(all.stdout, "needs: login")
    }))

  it.live("exits with 2 for a server that does not answer, and 64 for a URL that no server can have", () =>
    Effect.gen(function*() {
      const { origin, server } = yield* listen()
      yield* Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
      assert.strictEqual((yield* doctor(`${origin}/mcp`)).code, 2)
      assert.strictEqual((yield* doctor("ftp://example.com")).code, 64)
      assert.strictEqual((yield* doctor()).code, 64)
      assert.strictEqual((yield* doctor(`${origin}/mcp`, "--token-file", "/does/not/exist")).code, 64)
    }))

  it.live("refuses private addresses unless they are allowed", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* inProcess("doctor", "https://10.0.0.1/mcp")
      assert.strictEqual(code, 2)
      assert.include(stdout, "not allowed")
    }))

  it.live("asks the server about a token of a file or of standard input, and prints it nowhere", () =>
    Effect.gen(function*() {
      const { issuer, resource } = yield* demo
      const token = yield* accessTokenFor({ issuer, resource, scopes: ["notes:read"] })
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "doctor-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const file = join(folder, "token")
      writeFileSync(file, `${token}\n`)
      const accepted = yield* doctor(resource, "--token-file", file, "--format", "json")
      assert.strictEqual(accepted.code, 0)
      assert.include((yield* decode(accepted.stdout)).holds, "D33")
      const forged = `${token.slice(0, -8)}AAAAAAAA`
      const args = ["doctor", "--allow-insecure-loopback", resource, "--token-file", "-"]
      const refused = yield* start({ stdin: forged }, ...args)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.stdout, "D33")
      assert.notInclude(refused.stdout + accepted.stdout, token.split(".")[2] ?? token)
    }))

  it.live("prints the code of the fixes", () =>
    Effect.gen(function*() {
      const { resource } = yield* demo
      const { stdout } = yield* doctor(`${resource}/`, "--fix")
      assert.include(stdout, `resource: ${JSON.stringify(`${resource}/`)}`)
    }))

  it.live("prints nothing that commands a terminal, and no markup of the server, in any format", () =>
    Effect.gen(function*() {
      const url = yield* careless
      for (const format of formats) {
        const { stdout } = yield* doctor(url, "--format", format, "--all")
        assert.notMatch(stdout, commanding, format)
        if (format === "html") assert.notInclude(stdout, "<script")
      }
    }))
})

describe("the formats of mcp-auth doctor", () => {
  it.live("writes JSON that is valid under the schema in docs", () =>
    Effect.gen(function*() {
      const url = yield* careless
      const schema: object = JSON.parse(
        readFileSync(new URL("../../../docs/doctor-report.schema.json", import.meta.url), "utf8")
      )
      const { default: Ajv2020 } = yield* Effect.promise(() => import("ajv/dist/2020.js"))
      const validate = new Ajv2020.default({ strict: false }).compile(schema)
      const { stdout } = yield* doctor(url, "--format", "json")
      assert.isTrue(validate(JSON.parse(stdout)), JSON.stringify(validate.errors))
    }))

  it.live("writes SARIF that is valid under the schema of OASIS", () =>
    Effect.gen(function*() {
      const url = yield* careless
      const file = join(require.resolve("@microsoft/jest-sarif"), "../schemas/sarif-2.1.0-rtm.5.json")
      const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(file, "utf8"))
      const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema)
      const { stdout } = yield* doctor(url, "--format", "sarif")
      const log = JSON.parse(stdout)
      assert.isTrue(validate(log), JSON.stringify(validate.errors?.slice(0, 5)))
      assert.isAbove(log.runs[0].results.length, 2)
    }))
})

/** A folder for pictures of the page, if a person wants to look at it. */
const shots = process.env["DOCTOR_SCREENSHOTS"]

/** The Debian path, unless CHROMIUM_PATH is set. */
const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium"
const isThere = existsSync(executablePath)

const browser = Effect.acquireRelease(
  Effect.promise(() => chromium.launch({ executablePath, timeout: 300_000, args: ["--no-sandbox", "--disable-gpu"] })),
  (browser) => Effect.promise(() => browser.close())
)

describe.skipIf(!isThere)("the HTML page of mcp-auth doctor, in Chromium", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it.live(`has no accessibility problem that axe finds, and requests nothing (${colorScheme})`, () =>
      Effect.gen(function*() {
        const url = yield* careless
        const { stdout } = yield* doctor(url, "--format", "html")
        const page = yield* Effect.flatMap(
          browser,
          (browser) => Effect.promise(() => browser.newPage({ colorScheme, bypassCSP: true }))
        )
        const requests: Array<string> = []
        page.on("request", (request) => requests.push(request.url()))
        yield* Effect.promise(() => page.setContent(stdout))
        if (shots !== undefined) {
          yield* Effect.promise(() => page.screenshot({ path: join(shots, `${colorScheme}.png`), fullPage: true }))
        }
        yield* Effect.promise(() => page.addScriptTag({ path: require.resolve("axe-core") }))
        const violations = yield* Effect.promise(() =>
          page.evaluate(
            "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]))"
          )
        )
        assert.deepStrictEqual(violations, [])
        assert.deepStrictEqual(requests, [])
      }))
  }
})
