import { listen } from "@effect-mcp-auth/examples/loopback"
import { freePort } from "@effect-mcp-auth/examples/serve"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decodeJwt } from "jose"
import { execFile, spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../../examples/src/start.ts", import.meta.url))

/** The output of the program until a line contains the text, or until it ends. It is stopped with the scope. */
const startUntil = Effect.fnUntraced(function*(text: string, ...args: ReadonlyArray<string>) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program, ...args], { env: { NO_COLOR: "1" } })),
    (child) => Effect.sync(() => child.kill())
  )
  return yield* Effect.callback<{ readonly code: number | null; readonly output: string }>((resume) => {
    let output = ""
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes(text)) resume(Effect.succeed({ code: null, output }))
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.once("exit", (code) => resume(Effect.succeed({ code, output })))
  })
})

const hasCurl = spawnSync("curl", ["--version"]).error === undefined

const shell = (command: string) =>
  Effect.callback<string>((resume) => {
    execFile("sh", ["-c", command], (_, stdout) => resume(Effect.succeed(stdout)))
  })

describe("pnpm start", () => {
  it.live.skipIf(!hasCurl)(
    "prints a curl command with an access token, and the tool answers the command",
    () =>
      Effect.gen(function*() {
        const [port, providerPort] = [yield* freePort, yield* freePort]
        const { output } = yield* startUntil("Ctrl-C", "--port", `${port}`, "--provider-port", `${providerPort}`)
        assert.include(output, `MCP server:  http://127.0.0.1:${port}/mcp`)
        assert.include(output, `Provider:    http://127.0.0.1:${providerPort}`)
        assert.include(output, `--server-url http://127.0.0.1:${port}/mcp`)
        const command = /^curl [\s\S]*?^ {2}-d .*$/m.exec(output)?.[0] ?? ""
        assert.include(yield* shell(command), `"subject":"ada"`)
      })
  )

  it.live("with --resource and --scope, starts the provider alone and prints a token for that server", () =>
    Effect.gen(function*() {
      const resource = "http://localhost:3000/mcp"
      const { output } = yield* startUntil(
        "Ctrl-C",
        "--provider-port",
        `${yield* freePort}`,
        "--resource",
        resource,
        "--scope",
        "files:read files:write"
      )
      assert.include(output, `MCP server:  ${resource}`)
      assert.include(output, `curl -s '${resource}'`)
      assert.match(
        output,
        /^npx mcp-auth token --issuer http:\/\/127\.0\.0\.1:\d+ --resource 'http:\/\/localhost:3000\/mcp' --scope 'files:read files:write'$/m
      )
      const token = /^ey\S+$/m.exec(output)?.[0] ?? ""
      const { aud, scope, sub } = decodeJwt(token)
      assert.deepStrictEqual({ aud, scope, sub }, { aud: resource, scope: "files:read files:write", sub: "ada" })
    }))

  it.live("refuses a resource that is not a resource identifier, and scopes that are no list of scopes", () =>
    Effect.gen(function*() {
      const rows = [
        ["--resource", "http://api.example.com/mcp", "is not a resource identifier"],
        ["--resource", "mcp", "is not a resource identifier"],
        ["--scope", "", "separated by one space"],
        ["--scope", `notes:read "x"`, "separated by one space"]
      ] as const
      for (const [option, value, message] of rows) {
        const { code, output } = yield* startUntil("Ctrl-C", option, value)
        assert.strictEqual(code, 1)
        assert.include(output, message)
        assert.notInclude(output, "    at ")
      }
    }))

  it.live("names the port in use in one line, and how to choose another", () =>
    Effect.gen(function*() {
      const { origin } = yield* listen()
      const taken = Number(new URL(origin).port)
      const provider = yield* startUntil("Ctrl-C", "--provider-port", `${taken}`)
      assert.strictEqual(provider.code, 1)
      assert.include(provider.output, `Port ${taken} cannot be used`)
      assert.include(provider.output, `--provider-port ${taken + 1}`)
      assert.notInclude(provider.output, "    at ")
      const server = yield* startUntil("Ctrl-C", "--port", `${taken}`, "--provider-port", `${yield* freePort}`)
      assert.strictEqual(server.code, 1)
      assert.include(server.output, `--port ${taken + 1}`)
      assert.notInclude(server.output, "    at ")
    }))
})
