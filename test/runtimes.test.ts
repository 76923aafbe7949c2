// The protected server on Bun, Deno and workerd, which runs Cloudflare Workers. `.ci/run` installs them; where a runtime
// cannot be found, its test is skipped and says so.
// @effect-diagnostics globalFetchInEffect:off globalConsole:off
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { freePort } from "@effect-mcp-auth/examples/serve"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const installed = resolve("node_modules/.cache/runtimes/node_modules/.bin")

/** Where a runtime is, if anywhere. */
const find = (name: string): string | undefined =>
  [installed, ...(process.env["PATH"] ?? "").split(":")].map((folder) => join(folder, name)).find(existsSync)

const [bun, deno, workerd] = ["bun", "deno", "workerd"].map(find)
for (const [name, path] of Object.entries({ bun, deno, workerd })) {
  if (path === undefined) console.warn(`${name} was not found, so the server is not tested on it: see .ci/run`)
}

/** A process that is stopped with the scope. Its output is shown if the test fails. */
const running = (command: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(command, args, { env: { ...process.env, ...env }, stdio: "inherit" })),
    (child) => Effect.sync(() => child.kill())
  )

/** Waits until a server answers. */
const listening = (url: string) =>
  Effect.retry(Effect.tryPromise(() => fetch(url)), Schedule.spaced("100 millis")).pipe(Effect.orDie)

const call = (resource: string, token: string) =>
  Effect.promise(() =>
    fetch(resource, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${token}`,
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "WhoAmI"
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: {
          name: "WhoAmI",
          arguments: {},
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}
          }
        }
      })
    }).then(async (response) => ({ status: response.status, body: await response.text() }))
  )

/** Logs in with the SDK, and calls a tool with the token, with a wrong token, and without one. */
const serves = Effect.fnUntraced(function*(resource: string) {
  yield* listening(resource)
  const { user } = yield* SdkClient.connect(resource)
  const token = user.tokens()?.access_token ?? ""
  const answer = yield* call(resource, token)
  assert.strictEqual(answer.status, 200)
  assert.include(answer.body, `"subject":"ada"`)
  const many = yield* Effect.all(Array.from({ length: 10 }, () => call(resource, token)), { concurrency: "unbounded" })
  assert.deepStrictEqual(new Set(many.map(({ status }) => status)), new Set([200]))
  const refused = yield* call(resource, `${token}x`)
  assert.strictEqual(refused.status, 401)
})

const started = Effect.gen(function*() {
  const { issuer } = yield* EmbeddedProvider.start()
  const port = yield* freePort
  return { issuer, port, resource: `http://127.0.0.1:${port}/mcp` }
})

const environmentOf = ({ issuer, port, resource }: Effect.Success<typeof started>) => ({
  ISSUER: issuer,
  RESOURCE: resource,
  PORT: `${port}`
})

/** The configuration of workerd: one worker that may reach addresses of this machine, where the provider is. */
const workerConfig = ({ issuer, port, resource }: Effect.Success<typeof started>) =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-01-01",
      bindings = [(name = "ISSUER", text = "${issuer}"), (name = "RESOURCE", text = "${resource}")]
    )),
    (name = "internet", network = (allow = ["public", "private"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`

describe("the protected server on other runtimes", () => {
  it.live.skipIf(bun === undefined)("verifies tokens on Bun", () =>
    Effect.gen(function*() {
      const at = yield* started
      yield* running(bun ?? "", ["examples/src/runtimes/bun.ts"], environmentOf(at))
      yield* serves(at.resource)
    }))

  it.live.skipIf(deno === undefined)(
    "verifies tokens on Deno, which lets it reach the provider and nothing else",
    () =>
      Effect.gen(function*() {
        const at = yield* started
        const reachable = `127.0.0.1:${at.port},${new URL(at.issuer).host}`
        yield* running(
          deno ?? "",
          ["run", "--allow-env", "--allow-read", `--allow-net=${reachable}`, "examples/src/runtimes/deno.ts"],
          environmentOf(at)
        )
        yield* serves(at.resource)
      })
  )

  it.live.skipIf(workerd === undefined || bun === undefined)(
    "verifies tokens on workerd",
    () =>
      Effect.gen(function*() {
        const at = yield* started
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "worker-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
        )
        execFileSync(bun ?? "", ["build", "examples/src/runtimes/worker.ts", "--outfile", join(folder, "worker.js")])
        writeFileSync(join(folder, "config.capnp"), workerConfig(at))
        yield* running(workerd ?? "", ["serve", join(folder, "config.capnp")])
        yield* serves(at.resource)
      })
  )
})
