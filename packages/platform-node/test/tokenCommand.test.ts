import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { listen, serveJson } from "@effect-mcp-auth/examples/loopback"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { decodeJwt } from "jose"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { inProcess, start } from "./mcpAuth.ts"

const browser = fileURLToPath(new URL("fixtures/browser.ts", import.meta.url))

/** A machine whose `xdg-open` is a browser that follows redirects, or that fails. */
const machineWith = Effect.fnUntraced(function*(command: string) {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped()
  yield* files.writeFileString(`${directory}/xdg-open`, `#!/bin/sh\n${command}\n`, { mode: 0o755 })
  return { PATH: directory }
})

const withBrowser = machineWith(`exec '${process.execPath}' '${browser}' "$1"`)

const resource = "http://localhost:3000/mcp"

/** A client that a developer registers by hand. */
const register = async (issuer: string, redirectUri: string): Promise<string> => {
  const response = await fetch(`${issuer}/reg`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      redirect_uris: [redirectUri],
      application_type: "native",
      token_endpoint_auth_method: "none"
    })
  })
  return String((await response.json()).client_id)
}

/** The URL of the login page, as it was printed. */
const printedUrl = (stderr: string): URL => new URL(/^  (http\S+)$/m.exec(stderr)?.[1] ?? "x:")

describe.runIf(process.platform === "linux")("mcp-auth token", () => {
  it.live("logs in with the browser, and prints the access token alone to standard output, once", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const env = yield* withBrowser
      const ended = yield* start({ env }, "token", "--issuer", issuer, "--resource", resource, "--scope", "notes:read")
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.match(ended.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
      const { aud, scope, sub } = decodeJwt(ended.stdout.trim())
      assert.deepStrictEqual({ aud, scope, sub }, { aud: resource, scope: "notes:read", sub: "ada" })
      assert.notInclude(ended.stderr, ended.stdout.trim())
      assert.include(ended.stderr, "An access token with the scopes \"notes:read\", until 20")
      const page = printedUrl(ended.stderr)
      assert.strictEqual(page.origin, issuer)
      assert.deepStrictEqual(
        ["response_type", "code_challenge_method", "resource"].map((name) => page.searchParams.get(name)),
        ["code", "S256", resource]
      )
      assert.match(page.searchParams.get("code_challenge") ?? "", /^[\w-]{43}$/)
      assert.match(page.searchParams.get("state") ?? "", /^[\w-]{43}$/)
      assert.match(page.searchParams.get("redirect_uri") ?? "", /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("prints the URL and waits if there is no browser, or if --print-url says so", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const env = yield* machineWith("exit 3")
      for (const args of [[], ["--print-url"]]) {
        let printed = ""
        const onStderr = (text: string) => {
          const before = printed
          printed += text
          // The person who opens the page.
          if (!/^  http\S+$/m.test(before) && /^  http\S+$/m.test(printed)) {
            spawn(process.execPath, [browser, printedUrl(printed).href], { stdio: "ignore" })
          }
        }
        const { code, stderr, stdout } = yield* start(
          { env, onStderr },
          "token",
          "--issuer",
          issuer,
          "--resource",
          resource,
          "--scope",
          "notes:read",
          ...args
        )
        assert.strictEqual(code, 0, stderr)
        assert.notStrictEqual(stdout, "")
        assert.strictEqual(stderr.includes("no browser could be opened"), args.length === 0)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("uses a client that is registered by hand, with its port", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const env = yield* withBrowser
      const { origin } = yield* Effect.scoped(listen())
      const port = new URL(origin).port
      const clientId = yield* Effect.promise(() => register(issuer, `http://127.0.0.1:${port}/callback`))
      const args = ["--issuer", issuer, `--client-id=${clientId}`, "--port", port, "--resource", resource]
      const ended = yield* start({ env }, "token", ...args, "--scope", "notes:read")
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual(decodeJwt(ended.stdout.trim())["client_id"], clientId)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})

describe("mcp-auth token refuses", () => {
  it.live.each([
    "https://accounts.google.com",
    "http://as.example.com",
    "http://127.0.0.1.example.com",
    "http://localhost@evil.example",
    "http://10.0.0.1",
    "not a URL"
  ])("the issuer %s, which is not on loopback, without a request", (issuer) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* inProcess("token", "--issuer", issuer)
      assert.deepStrictEqual([code, stdout], [64, ""])
      assert.include(stderr, "is not on loopback")
    }))

  const elsewhere = ["authorization_endpoint", "token_endpoint", "registration_endpoint"]
  for (const member of elsewhere) {
    it.live(`a provider on loopback whose ${member} is elsewhere`, () =>
      Effect.gen(function*() {
        const { origin } = yield* serveJson((origin) => ({
          "/.well-known/oauth-authorization-server": {
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            registration_endpoint: `${origin}/register`,
            response_types_supported: ["code"],
            code_challenge_methods_supported: ["S256"],
            [member]: "https://evil.example/x"
          }
        }))
        const { code, stderr, stdout } = yield* inProcess("token", "--issuer", origin)
        assert.deepStrictEqual([code, stdout], [1, ""])
        assert.include(stderr, "not on loopback: https://evil.example/x")
        assert.notInclude(stderr, "Open this page")
      }))
  }

  it.live("a provider without PKCE, and names the repair", () =>
    Effect.gen(function*() {
      const { origin } = yield* serveJson((origin) => ({
        "/.well-known/oauth-authorization-server": {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          response_types_supported: ["code"]
        }
      }))
      const { code, stderr } = yield* inProcess("token", "--issuer", origin)
      assert.strictEqual(code, 1)
      assert.include(stderr, "code_challenge_methods_supported")
      const repaired = yield* inProcess("token", "--issuer", origin, "--repair", "pkce")
      assert.include(repaired.stderr, "offers no way to register")
    }))

  it.live("scopes and ports that cannot be used, with exit code 64", () =>
    Effect.gen(function*() {
      const issuer = "http://127.0.0.1:1"
      assert.strictEqual((yield* inProcess("token", "--issuer", issuer, "--scope", "a  b")).code, 64)
      assert.strictEqual((yield* inProcess("token", "--issuer", issuer, "--port", "70000")).code, 64)
      assert.strictEqual((yield* inProcess("token")).code, 64)
    }))
})
