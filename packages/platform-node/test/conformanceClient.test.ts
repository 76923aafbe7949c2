/**
 * The released conformance suite (`@modelcontextprotocol/conformance`), run against a client: Effect's own `McpClient` over
 * `McpOAuth`, by the public API alone (`examples/src/conformanceClient.ts`).
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Path, Schema } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const fileAt = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const command = fileAt("node_modules/@modelcontextprotocol/conformance/dist/index.js")
const client = fileAt("examples/src/conformanceClient.ts")

const Checks = Schema.fromJsonString(Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String })))

/** Each scenario that was run, with the verdicts of its checks. */
type Results = ReadonlyMap<string, ReadonlyArray<string>>

const run = Effect.fnUntraced(
  function*(selected: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = yield* files.makeTempDirectoryScoped()
    yield* Effect.callback<void>((resume) => {
      const started = `${process.execPath} ${client}`
      const child = execFile(
        process.execPath,
        // The scenarios run at the same time, each with a process of its own. Their time limit only stops what hangs.
        [command, "client", "--command", started, "--output-dir", directory, "--timeout", "900000", ...selected],
        { cwd: directory, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...environment } },
        () => resume(Effect.void)
      )
      return Effect.sync(() => child.kill())
    })
    const results = new Map<string, ReadonlyArray<string>>()
    for (const name of (yield* files.readDirectory(directory, { recursive: true })).toSorted()) {
      const scenario = /^(.+)-\d{4}-\d{2}-\d{2}T[^/]*[/\\]checks\.json$/.exec(name)?.[1]
      if (scenario === undefined) continue
      const checks = yield* Schema.decodeEffect(Checks)(yield* files.readFileString(path.join(directory, name)))
      results.set(scenario.replaceAll("\\", "/"), checks.map(({ status }) => status))
    }
    return results as Results
  }
)

const passes = (checks: ReadonlyArray<string> = []): boolean =>
  checks.includes("SUCCESS") && !checks.includes("FAILURE") && !checks.includes("WARNING")

/** The scenarios with another verdict than to pass. */
const failedOf = (results: Results) =>
  [...results].flatMap(([scenario, checks]) => passes(checks) ? [] : [scenario]).toSorted()

/** What Effect's `McpClient` lacks. None of it is about authorization. */
const unsupported = {
  // It has no server-initiated input, and the example does not echo a schema.
  "2026-07-28": ["json-schema-2020-12-preservation", "sep-2322-client-request-state"],
  // It has no elicitation and no resumption of streams.
  "2025-11-25": ["elicitation-sep1034-client-defaults", "json-schema-2020-12-preservation", "sse-retry"]
} as const

describe("the MCP conformance suite for clients", () => {
  for (const [revision, authorization] of [["2026-07-28", 31], ["2025-11-25", 20]] as const) {
    it.live(
      `passes every scenario of authorization at ${revision}, extensions included`,
      () =>
        Effect.gen(function*() {
          let results = yield* run(["--requirements", revision], {})
          const expected: ReadonlyArray<string> = unsupported[revision]
          // On a busy machine, the servers of the suite can be slow. A few unexpected results are looked at again, alone.
          const unexpected = failedOf(results).filter((scenario) => !expected.includes(scenario))
          for (const scenario of unexpected.length > 5 ? [] : unexpected) {
            const again = yield* run(["--scenario", scenario, "--spec-version", revision, "--force"], {})
            results = new Map([...results, ...again])
          }
          const rows = [...results].map(([scenario, checks]) => `${passes(checks) ? "✓" : "✗"} ${scenario}`)
          yield* Console.log([`MCP conformance of the client, ${revision}`, ...rows].join("\n"))
          assert.deepStrictEqual(failedOf(results), [...expected])
          assert.strictEqual([...results.keys()].filter((name) => name.startsWith("auth/")).length, authorization)
        }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
      // The whole suite takes long.
      1_200_000
    )
  }

  it.live(
    "passes the scenarios of servers of 2025-03-26 with the option legacy, and refuses those servers without it",
    () =>
      Effect.gen(function*() {
        const legacy = yield* run(["--suite", "backcompat"], {})
        assert.deepStrictEqual([legacy.size, failedOf(legacy)], [2, []])
        const strict = yield* run(["--suite", "backcompat"], { STRICT: "true" })
        assert.deepStrictEqual([strict.size, failedOf(strict).length], [2, 2])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    1_200_000
  )
})
