// Packs every package the way it is published, lints the tarballs, then uses them from outside the workspace: installed,
// compiled against, and run. `npm pack` would not do: only pnpm applies `publishConfig` and resolves `workspace:`.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const run = (command, args, options = {}) => execFileSync(command, args, { stdio: "inherit", ...options })
const read = (command, args, options = {}) => execFileSync(command, args, { encoding: "utf8", ...options })
const tarballs = mkdtempSync(join(tmpdir(), "pack-"))
const consumer = mkdtempSync(join(tmpdir(), "consumer-"))

const versions = JSON.parse(readFileSync("package.json", "utf8")).devDependencies
const packages = ["core", "platform-node", "test-utils"]

const main = `
import { Discovery, Issuer } from "@effect-mcp-auth/core"
import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const issuer = Effect.runSync(Issuer.make("https://as.test"))
const config = await Effect.runPromise(
  Discovery.fetchServerConfig(issuer).pipe(Effect.provide(TestProvider.layer({ issuer })))
)
if (config.issuer !== issuer || !Layer.isLayer(NodeMcpAuth.layer)) process.exit(1)
console.log("A consumer found", WellKnown.candidates(issuer)[0])
`

const compilerOptions = {
  target: "ES2022",
  lib: ["ESNext", "DOM", "DOM.Iterable"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  types: ["node"]
}

/** The server of examples/docker, by the steps of its Dockerfile: installed without the workspace, run, and stopped. */
const checkServer = async () => {
  copyFileSync("examples/docker/server.ts", join(consumer, "server.ts"))
  const port = 40_000 + process.pid % 10_000
  const env = {
    ...process.env,
    PORT: `${port}`,
    MCP_AUTH_RESOURCE: "https://api.example.com/mcp",
    MCP_AUTH_ISSUER: "https://auth.example.com"
  }
  const server = spawn("node", ["server.ts"], { cwd: consumer, env, stdio: ["ignore", "ignore", "inherit"] })
  const ended = once(server, "exit")
  // Between listening and serving, Node accepts requests that nothing answers. So each attempt has an end.
  const statusOf = (path, init, attempts = 300) =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: AbortSignal.timeout(5000) }).then(
      ({ status }) => status,
      (error) => {
        if (attempts === 0 || server.exitCode !== null) throw error
        return new Promise((resolve) => setTimeout(resolve, 100)).then(() => statusOf(path, init, attempts - 1))
      }
    )
  try {
    const statuses = [await statusOf("/health", {}), await statusOf("/mcp", { method: "POST" })]
    if (statuses.join() !== "200,401") throw new Error(`The server of examples/docker answered ${statuses}`)
  } finally {
    server.kill("SIGTERM")
    await ended
  }
}

try {
  run("pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", tarballs], { stdio: "ignore" })
  const packed = readdirSync(tarballs).map((file) => join(tarballs, file))
  for (const tarball of packed) {
    run("publint", ["--strict", tarball])
    run("attw", [tarball, "--profile", "esm-only", "--format", "table-flipped"], { stdio: "ignore" })
  }

  const own = Object.fromEntries(packages.map((name) => [
    `@effect-mcp-auth/${name}`,
    `file:${packed.find((path) => path.includes(`effect-mcp-auth-${name}-`))}`
  ]))
  const peers = Object.fromEntries(
    ["@effect/platform-node", "@types/node", "effect"].map((name) => [name, versions[name]])
  )
  const manifest = { type: "module", dependencies: { ...own, ...peers }, overrides: own }
  writeFileSync(join(consumer, "package.json"), JSON.stringify(manifest))
  writeFileSync(join(consumer, "main.mts"), main)
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["main.mts"] }))
  run("npm", ["install", "--silent", "--no-audit", "--no-fund"], { cwd: consumer })
  run(resolve("node_modules/.bin/tsc"), ["-p", "."], { cwd: consumer })
  run("node", ["main.mts"], { cwd: consumer })
  const version = read(join(consumer, "node_modules/.bin/mcp-auth"), ["--version"], { cwd: consumer })
  if (!/^mcp-auth v\d/.test(version)) throw new Error(`mcp-auth --version printed ${JSON.stringify(version)}`)
  await checkServer()
} finally {
  rmSync(tarballs, { recursive: true })
  rmSync(consumer, { recursive: true })
}
