/** The predictions of the doctor for real clients, confirmed by running these clients against the same answers. */
import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { UnauthorizedError as UnauthorizedOf124 } from "@modelcontextprotocol/sdk-1-24/client/auth.js"
import { Client as ClientOf124 } from "@modelcontextprotocol/sdk-1-24/client/index.js"
import { StreamableHTTPClientTransport as TransportOf124 } from "@modelcontextprotocol/sdk-1-24/client/streamableHttp.js"
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Answer, type Asked, type Fault, type Origins, providerDocument, start } from "./support/DoctorWorld.ts"

/** Whether a client connects, after at most one login. */
type Connects = (url: string) => Promise<boolean>

/** Runs a client of SDK 1.x, whose generations differ in their types only. */
const sdk1 = (
  open: (url: string, user: ScriptedUser) => {
    readonly connect: () => Promise<void>
    readonly finish: (code: string) => Promise<void>
    readonly close: () => Promise<void>
    readonly isUnauthorized: (error: unknown) => boolean
  }
): Connects =>
(url) => {
  const user = new ScriptedUser()
  const attempt = async (rest: number): Promise<boolean> => {
    const client = open(url, user)
    try {
      await client.connect()
      await client.close()
      return true
    } catch (error) {
      if (!client.isUnauthorized(error) || rest === 0) return false
      const code = user.callbackParameters.get("code") ?? ""
      return client.finish(code).then(() => attempt(rest - 1), () => false)
    }
  }
  return attempt(1)
}

const modules = fileURLToPath(new URL("../../../../node_modules/", import.meta.url))

/** Follows the redirects of a login, the last one to the client. */
const browse = async (url: string): Promise<void> => {
  const response = await fetch(url, { redirect: "manual" })
  const location = response.headers.get("location")
  if (location !== null) return browse(new URL(location, url).href)
}

/** Only ends a client that waits for ever. */
const patience = 300_000

/** Runs a client as a process of its own, which prints the URL of the login. It ends with 0 if it connects. */
const program = (script: string, args: (url: string) => ReadonlyArray<string>): Connects => (url) =>
  Effect.runPromise(Effect.scoped(Effect.gen(function*() {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "doctor-client-"))),
      (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true }))
    )
    return yield* Effect.callback<boolean>((resume) => {
      const child = spawn(process.execPath, [join(modules, script), ...args(url)], {
        // `BROWSER` opens no page: the login is followed here.
        env: { HOME: home, MCP_REMOTE_CONFIG_DIR: home, BROWSER: "true", MCP_AUTO_OPEN_ENABLED: "true" },
        timeout: patience
      })
      let printed = ""
      const onText = (text: Buffer) => {
        const before = /https?:\/\/\S+\/authorize\?\S+\s/.exec(printed)
        printed += text.toString()
        const [login] = /https?:\/\/\S+\/authorize\?\S+\s/.exec(printed) ?? []
        if (before === null && login !== undefined) void browse(login.trim()).catch(() => child.kill())
      }
      child.stdout.on("data", onText)
      child.stderr.on("data", onText)
      child.on("exit", (code) => resume(Effect.succeed(code === 0)))
      return Effect.sync(() => child.kill())
    })
  })))

const remote = "mcp-remote/dist/client.js"
const inspector = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"

/** Packages that a registry may not have. */
const programs: ReadonlyArray<readonly [id: string, connects: Connects]> = [
  ...existsSync(join(modules, remote))
    ? [["mcp-remote", program(remote, (url) => [url, "--allow-http"])] as const]
    : [],
  ...existsSync(join(modules, inspector))
    ? [
      [
        "inspector",
        program(inspector, (url) => ["--cli", url, "--transport", "http", "--method", "tools/list"])
      ] as const
    ]
    : []
]

const clients: ReadonlyArray<readonly [id: string, connects: Connects]> = [
  [
    "ts-1.23",
    sdk1((url, user) => {
      const transport = new TransportOf124(new URL(url), { authProvider: user })
      const client = new ClientOf124({ name: "sdk-1-24", version: "1.0.0" })
      return {
        connect: () => client.connect(transport as Parameters<typeof client.connect>[0]),
        finish: (code) => transport.finishAuth(code),
        close: () => client.close(),
        isUnauthorized: (error) => error instanceof UnauthorizedOf124
      }
    })
  ],
  [
    "ts-1.31",
    sdk1((url, user) => {
      const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: user })
      const client = new Client({ name: "sdk-1", version: "1.0.0" })
      return {
        connect: () => client.connect(transport as Parameters<typeof client.connect>[0]),
        finish: (code) => transport.finishAuth(code),
        close: () => client.close(),
        isUnauthorized: (error) => error instanceof UnauthorizedError
      }
    })
  ],
  [
    "ts-2",
    (url) =>
      Effect.runPromise(
        SdkClient.connect(url, new ScriptedUser(), { versionNegotiation: { mode: "legacy" } }).pipe(
          Effect.scoped,
          Effect.match({ onFailure: () => false, onSuccess: () => true })
        )
      )
  ],
  ...programs
]

const at = (side: Asked["side"], path: string, answer: Answer) => (asked: Asked): Answer | undefined =>
  asked.side === side && asked.path === path && asked.method !== "OPTIONS" ? answer : undefined

const withoutToken = (answer: Answer) => (asked: Asked): Answer | undefined =>
  asked.side === "server" && asked.path === "/mcp" && !asked.hasToken && asked.method === "POST" ? answer : undefined

const metadata = "/.well-known/oauth-protected-resource/mcp"
const oauth = "/.well-known/oauth-authorization-server"
const html: Answer = { headers: { "content-type": "text/html" }, body: "<!doctype html><title>App</title>" }

const members = (changes: Readonly<Record<string, unknown>>): Fault => ({ provider: (all) => ({ ...all, ...changes }) })
const resourceIs = (resource: (origins: Origins) => unknown): Fault => ({
  resource: (all, origins) => ({ ...all, resource: resource(origins) })
})

/** Faults, with the rule that names them. */
export const faults: ReadonlyArray<readonly [name: string, id: string | undefined, fault: Fault]> = [
  ["no fault", undefined, {}],
  ["another issuer", "R07", { provider: (all, { other }) => ({ ...all, issuer: other }) }],
  ["an issuer with a slash that the metadata lacks", "R08", {
    provider: (all, { provider }) => ({ ...all, issuer: `${provider}/` })
  }],
  ["an issuer without the slash of the metadata", "R09", {
    resource: (all, { provider }) => ({ ...all, authorization_servers: [`${provider}/`] })
  }],
  ["no issuer", "R12", members({ issuer: undefined })],
  ["no PKCE", "R05", members({ code_challenge_methods_supported: undefined })],
  ["PKCE without S256", "R06", members({ code_challenge_methods_supported: ["plain"] })],
  [
    "no way to register",
    "R01",
    members({ registration_endpoint: undefined, client_id_metadata_document_supported: false })
  ],
  ["no dynamic registration", "R04", members({ registration_endpoint: undefined })],
  ["no response types", "R33", members({ response_types_supported: undefined })],
  ["no issuer in responses", "R14", members({ authorization_response_iss_parameter_supported: undefined })],
  ["the origin as the resource", "R19", resourceIs(({ server }) => server)],
  ["a slash at the end of the resource", "R20", resourceIs(({ server }) => `${server}/mcp/`)],
  ["a resource on another origin", "R21", resourceIs(({ other }) => `${other}/mcp`)],
  ["a list as the resource", "R22", resourceIs(({ server }) => [`${server}/mcp`])],
  ["no metadata of the resource", "R23", {
    answer: ({ path, side }) =>
      side === "server" && path.startsWith("/.well-known/oauth-protected") ? { status: 404 } : undefined
  }],
  ["a wrong metadata URL in the challenge", "D10", { challenge: (header) => header.replace("/mcp\"", "/wrong\"") }],
  ["no challenge", "R26", { challenge: () => undefined }],
  ["a challenge with a lower-case scheme", "R27", { challenge: (header) => header.replace("Bearer", "bearer") }],
  ["an error code without a token", "R52", { challenge: (header) => `${header}, error="invalid_token"` }],
  ["403 for requests without a token", "R40", { answer: withoutToken({ status: 403 }) }],
  ["404 for the MCP URL", "D05", { answer: withoutToken({ status: 404 }) }],
  ["an HTML page at the metadata URL", "D11", { answer: at("server", metadata, html) }],
  ["no authorization server in the metadata", "D12", { resource: (all) => ({ ...all, authorization_servers: [] }) }],
  ["a server error at the metadata URL", "R30", { answer: at("server", metadata, { status: 500 }) }],
  ["a server error at the first metadata URL of the provider", "R30", {
    answer: at("provider", oauth, { status: 500 })
  }],
  ["an HTML page at the first metadata URL of the provider", "D15", { answer: at("provider", oauth, html) }],
  ["a registration endpoint with a server error", "D17", {
    answer: (asked) => asked.side === "provider" && asked.path === "/register" ? { status: 500 } : undefined
  }],
  ["a redirect of the document to another origin", "R34", {
    answer: (asked, origins) =>
      at("provider", oauth, { status: 302, headers: { location: `${origins.other}/document` } })(asked) ??
        at("other", "/document", { body: providerDocument(origins) })(asked)
  }],
  ["metadata as text/plain", "R31", {
    answer: (asked, { provider, server }) =>
      at("server", metadata, {
        headers: { "content-type": "text/plain" },
        body: JSON.stringify({
          resource: `${server}/mcp`,
          authorization_servers: [provider],
          scopes_supported: ["notes:read"]
        })
      })(asked)
  }]
]

const predict = (url: string) =>
  Doctor.examine(url, { allowInsecureLoopback: true }).pipe(
    Effect.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  )

describe("the doctor's predictions, and SDK 1.24, 1.32, 2.4, mcp-remote and the Inspector", () => {
  for (const [name, id, fault] of faults) {
    it.live(`are equal for ${name}`, () =>
      Effect.gen(function*() {
        const { url } = yield* start(fault)
        const report = yield* predict(url)
        if (id !== undefined) assert.include(report.findings.map((finding) => finding.id), id)
        const predicted = clients.map(([client]) => {
          const verdict = report.clients.find((one) => one.id === client)
          return [client, verdict?.verdict !== "fails", verdict?.finding]
        })
        const connected = yield* Effect.promise(() => Promise.all(clients.map(([, connects]) => connects(url))))
        assert.deepStrictEqual(
          clients.map(([client], index) => [client, connected[index]]),
          predicted.map(([client, connects]) => [client, connects]),
          JSON.stringify(predicted)
        )
      }))
  }
})
