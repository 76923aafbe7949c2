// `pnpm exec node scripts/mutate/client.ts [number ...]`: changes the client in the ways that attacks and outages need, one
// at a time, and runs its tests. A mutant that no test notices fails the command.
import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const root = fileURLToPath(new URL("../..", import.meta.url))
const folder = `${root}packages/core/src/client`

interface Mutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const mutants: ReadonlyArray<Mutant> = [
  {
    name: "tolerates a slash at the end of iss",
    file: "internal/authorizationResponse.ts",
    from: "iss !== issuer",
    to: "iss.replace(/[/]$/, \"\") !== issuer"
  },
  {
    name: "does not check iss",
    file: "internal/authorizationResponse.ts",
    from: "if (iss === null ? namesIssuer : iss !== issuer)",
    to: "if (iss === \"\")"
  },
  {
    name: "does not check state",
    file: "internal/authorizationResponse.ts",
    from: "response.get(\"state\") !== state",
    to: "response.get(\"state\") === \"never\""
  },
  {
    name: "sends tokens to the whole origin",
    file: "internal/resourceClient.ts",
    from: "target.origin === origin && target.pathname === pathname",
    to: "target.origin === origin"
  },
  {
    name: "follows redirects with a token",
    file: "internal/resourceClient.ts",
    from: "redirect: \"manual\"",
    to: "redirect: \"follow\""
  },
  {
    name: "follows redirects of the token endpoint",
    file: "internal/post.ts",
    from: "withSafeClient(timed(exchange, asked))",
    to: "timed(exchange, asked)"
  },
  {
    name: "ends a login with the request that began it",
    file: "internal/renewal.ts",
    from: "Effect.forkIn(scope)",
    to: "Effect.forkChild"
  },
  {
    name: "starts a login for each request",
    file: "internal/renewal.ts",
    from: "if (underWay !== undefined) return Effect.succeed(underWay)",
    to: ""
  },
  {
    name: "refreshes without the lock of the store",
    file: "internal/renewal.ts",
    from: "return store.transaction(`tokens ${server}`)(Effect.gen",
    to: "return ((effect) => effect)(Effect.gen"
  },
  {
    name: "replaces scopes in a step-up",
    file: "internal/renewal.ts",
    from: "[...before, ...challenged ?? []]",
    to: "[...(challenged ?? before)]"
  },
  {
    name: "does not count step-ups",
    file: "internal/renewal.ts",
    from: "stepUps.set(keyOf(scopes), attempt)",
    to: "stepUps.set(keyOf(scopes), 0)"
  },
  {
    name: "refreshes at another authorization server",
    file: "internal/renewal.ts",
    from: "used?.issuer === issuer && used.resource === found.resource ? used : undefined",
    to: "used"
  },
  {
    name: "refreshes before it reads the metadata",
    file: "internal/renewal.ts",
    from: "const found = yield* findMetadata(",
    to: "const found = settings.known ?? (settings.known = yield* findMetadata("
  },
  {
    name: "follows a metadata URL of another origin",
    file: "ResourceDiscovery.ts",
    from: "hint.origin === server.origin",
    to: "hint.origin !== server.href"
  },
  {
    name: "leaves out the resource of a refresh",
    file: "internal/obtain.ts",
    from: "{ refresh_token: Redacted.value(refreshToken), resource }",
    to: "{ refresh_token: Redacted.value(refreshToken) }"
  },
  {
    name: "opens any authorization endpoint",
    file: "internal/codeFlow.ts",
    from: "checkUrl(authorizationEndpoint, yield* AllowInsecureLoopback)",
    to: "Effect.void"
  }
]

/** The text with the mutant in it. */
const mutated = (text: string, { from, name, to }: Mutant): string => {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`The code of the mutant "${name}" occurs ${parts.length - 1} times: ${from}`)
  const changed = parts.join(to)
  // Closes what the mutant opens, at the end of its line.
  return to.endsWith("(settings.known = yield* findMetadata(")
    ? changed.replace(/(settings\.known = yield\* findMetadata\([^\n]*)/, "$1)")
    : changed
}

/** Whether a test fails, or the tests do not end in the given time. */
const isNoticed = async (timeout: number): Promise<boolean> => {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.workspace.ts", "--bail", "1"]
  const files = ["client/bugs", "client/hostile", "client/McpOAuth"]
  const run = promisify(execFile)(process.execPath, [...vitest, ...files], {
    cwd: root,
    timeout,
    maxBuffer: 64 * 1024 * 1024
  })
  return run.then(() => false, () => true)
}

const start = performance.now()
if (await isNoticed(600_000)) throw new Error("The tests fail without a mutant")
/** Some mutants wait for ever. The tests take far less than this on the same machine. */
const limit = 30_000 + 8 * (performance.now() - start)

const chosen = process.argv.slice(2).map(Number)
let survived = 0
for (const [index, mutant] of mutants.entries()) {
  if (chosen.length > 0 && !chosen.includes(index + 1)) continue
  const path = `${folder}/${mutant.file}`
  const text = await readFile(path, "utf8")
  await writeFile(path, mutated(text, mutant))
  const noticed = await isNoticed(limit).finally(() => writeFile(path, text))
  if (!noticed) survived++
  console.log(`${noticed ? "killed  " : "SURVIVED"} ${index + 1}. ${mutant.name}`)
}
process.exitCode = survived === 0 ? 0 : 1
