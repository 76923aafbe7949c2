import { CredentialStore } from "@effect-mcp-auth/core"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { freePort, serveNotes } from "@effect-mcp-auth/examples/serve"
import { NodeCredentialStore } from "@effect-mcp-auth/platform-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { fileURLToPath } from "node:url"
import { inProcess, start } from "./mcpAuth.ts"

const browser = fileURLToPath(new URL("fixtures/browser.ts", import.meta.url))

/** The demo, and a user with a browser and an empty home. */
const world = Effect.gen(function*() {
  const { issuer } = yield* EmbeddedProvider.start()
  const { resource } = yield* serveNotes({ issuer, port: yield* freePort })
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped()
  yield* files.writeFileString(
    `${directory}/xdg-open`,
    `#!/bin/sh\nexec '${process.execPath}' '${browser}' "$1"\n`,
    { mode: 0o755 }
  )
  const env = { PATH: directory, XDG_CONFIG_HOME: directory }
  const run = (command: string, ...args: ReadonlyArray<string>) => start({ env }, command, ...args)
  const store = `${directory}/mcp-auth/credentials`
  /** The text of all entries of the store. */
  const stored = Effect.flatMap(files.readDirectory(store), (names) =>
    Effect.map(
      Effect.forEach(names, (name) => files.readFileString(`${store}/${name}`)),
      (texts) => texts.join("\n")
    ))
  return { issuer, resource, run, store, stored }
})

/** The values of tokens and codes in a text of the store. */
const secretsIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\\"(?:accessToken|refreshToken)\\":\\"([^\\"]+)\\"/g)].map(([, value = ""]) => value)

describe.runIf(process.platform === "linux")("mcp-auth login, tokens and logout", () => {
  it.live("log in step by step, list the tokens, and revoke them, and print no value of a token", () =>
    Effect.gen(function*() {
      const { issuer, resource, run, store, stored } = yield* world
      const login = yield* run("login", resource, "--allow-insecure-loopback")
      assert.strictEqual(login.code, 0, login.stderr)
      const secrets = secretsIn(yield* stored)
      assert.strictEqual(secrets.length, 2)
      const steps = [
        `"${resource}" uses the authorization server "${issuer}"`,
        `Log in at "${issuer}"`,
        "The client is",
        "Received an access token",
        `The tokens are in ${store}`
      ]
      const places = steps.map((step) => login.stdout.indexOf(step))
      assert.deepStrictEqual(places, places.toSorted((a, b) => a - b))
      assert.notInclude(places, -1, login.stdout)

      const again = yield* run("login", resource, "--allow-insecure-loopback")
      assert.deepStrictEqual([again.code, again.stderr], [0, ""])

      const listed = yield* run("tokens")
      assert.include(listed.stdout, `${resource}\n  issuer   ${issuer}`)
      assert.match(listed.stdout, /^ {2}expires {2}20\S+Z$/m)
      const json = yield* run("tokens", "--format", "json")
      const [entry] = JSON.parse(json.stdout)
      assert.deepInclude(entry, { server: resource, issuer, hasExpired: false, hasRefreshToken: true })

      const logout = yield* run("logout", resource, "--allow-insecure-loopback")
      assert.strictEqual(logout.code, 0, logout.stderr)
      assert.include(logout.stdout, `Deleted the tokens for "${resource}", and revoked them`)
      assert.deepStrictEqual(secretsIn(yield* stored), [])
      assert.include((yield* run("logout", resource)).stdout, "There are no tokens for this server")
      assert.include((yield* run("tokens")).stdout, "There are no tokens")

      for (const { stderr, stdout } of [login, again, listed, json, logout]) {
        for (const secret of secrets) assert.notInclude(stdout + stderr, secret)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("print no character that controls a terminal, in JSON and in text", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = `${yield* files.makeTempDirectoryScoped()}/store`
      const clientId = "c\u009b31m\u202e\u001b[2J\nx"
      const server = "https://mcp.test/mcp"
      yield* Effect.provide(
        Effect.flatMap(CredentialStore.CredentialStore, (store) =>
          store.setTokens(server, {
            issuer: "https://as.test",
            resource: server,
            clientId,
            type: "Bearer",
            accessToken: Redacted.make("a"),
            obtainedAt: 0,
            requested: []
          })),
        NodeCredentialStore.layerFile({ directory })
      )
      const json = yield* inProcess("tokens", "--store", directory, "--format", "json")
      const text = yield* inProcess("tokens", "--store", directory)
      for (const { stdout } of [json, text]) assert.notMatch(stdout, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u)
      assert.strictEqual(JSON.parse(json.stdout)[0].clientId, clientId)
      assert.match(json.stdout, /^ {4}"clientId"/m)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("exit with 1 and say why if the server is not protected, and with 64 for wrong usage", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const store = `${yield* files.makeTempDirectoryScoped()}/store`
      const login = (...args: ReadonlyArray<string>) => inProcess("login", "--store", store, ...args)
      const refused = yield* login("http://127.0.0.1:1/mcp", "--allow-insecure-loopback")
      assert.include([1, 2], refused.code)
      assert.include(refused.stderr, "http://127.0.0.1:1")
      const rows: ReadonlyArray<readonly [args: ReadonlyArray<string>, says: string]> = [
        [["http://api.example.com/mcp"], "The option server"],
        [["https://api.example.com/mcp", "--client-id", "c"], "--client-id and --issuer belong together"],
        [
          ["https://api.example.com/mcp", "--issuer", "https://as.example.com"],
          "--client-id and --issuer belong together"
        ],
        [["https://api.example.com/mcp", "--allow", "moon"], "moon"]
      ]
      for (const [args, says] of rows) {
        const { code, stderr } = yield* login(...args)
        assert.strictEqual(code, 64)
        assert.include(stderr, says)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
