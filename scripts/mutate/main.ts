// `pnpm mutate [filter ...] [--all] [--survivors] [--tests filter ...] [--sample N]`: finds small changes to the authorization
// code that no test detects. Mutants of the rooms `token`, `policy` and `server` are tried against the tests of core:
// those of the modules that decide, of those whose path contains a filter, or of all. One that survives fails the
// command, unless `survivors.json` names it and says why it may; so does a name there that no mutant has any more, and
// with `--survivors` one that a test kills. `killers.json` has the test that killed each mutant the last time.
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { glob, mkdir, readFile, writeFile } from "node:fs/promises"
import { basename, relative, resolve } from "node:path"
import { parseArgs } from "node:util"
import { createVitest, type TestSpecification, type Vitest } from "vitest/node"
import { type Mutant, mutate } from "./mutants.ts"
import type { Finding, Work } from "./runner.ts"

const root = resolve(import.meta.dirname, "../..")
const core = resolve(root, "packages/core")
const cache = resolve(root, "node_modules/.cache/mutate")
const killersFile = resolve(import.meta.dirname, "killers.json")
const survivorsFile = resolve(import.meta.dirname, "survivors.json")

/** The rooms with authorization code. Modules may move within their room. */
const rooms = ["token", "policy", "server"]

/** The modules that decide who gets in, and to what: without a filter these are tried. */
const deciding = [
  "policy/",
  "token/AudiencePolicy.ts",
  "token/BearerToken.ts",
  "token/internal/accessToken.ts",
  "token/internal/checkJwt.ts",
  "server/internal/anonymousRequests.ts",
  "server/internal/availability.ts",
  "server/internal/bodyLimit.ts",
  "server/internal/gate.ts",
  "server/internal/requestState.ts",
  "server/internal/sessions.ts",
  "server/internal/sessionStore.ts"
]

/** What is true of any machine and any time has no place among tests of chance. */
const excluded = ["test/fuzz/**"]

/** A mutant that may survive. It is known by its code, so that it may move within its room. */
interface Survivor {
  readonly room: string
  readonly where: string
  readonly operator: string
  readonly before: string
  readonly after: string
  readonly reason: string
}

const roomOf = ({ file }: Mutant): string => file.split("/")[0] ?? ""

const identityOf = ({ after, before, operator, room, where }: Omit<Survivor, "reason">): string =>
  JSON.stringify([room, where, operator, before, after])

const identity = (mutant: Mutant): string => identityOf({ ...mutant, room: roomOf(mutant) })

const described = ({ after, before, file, line, operator, where }: Mutant): string =>
  `${file}:${line} (${where}) ${operator}\n    - ${before}\n    + ${after === "" ? "(nothing)" : after}`

/** Reads the modules, and makes their mutants. */
const mutateAll = async () => {
  const mutants: Array<Mutant> = []
  const modules = new Map<string, string>()
  const files = await Array.fromAsync(glob(`{${rooms.join(",")}}/**/*.ts`, { cwd: resolve(core, "src") }))
  for (const file of files.toSorted()) {
    const path = resolve(core, "src", file)
    const made = mutate(file, await readFile(path, "utf8"), mutants.length + 1)
    mutants.push(...made.mutants)
    modules.set(path, made.code)
  }
  return { modules, mutants }
}

/** Vitest with the mutants in its modules: one worker, one file at a time. */
const start = (modules: ReadonlyMap<string, string>): Promise<Vitest> =>
  createVitest({
    config: false,
    // What it keeps of modules is known by their source alone, which is not what runs here.
    fsModuleCache: false,
    root: core,
    watch: false,
    include: ["test/**/*.test.ts"],
    exclude: excluded,
    runner: resolve(import.meta.dirname, "runner.ts"),
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 0,
    silent: true,
    reporters: [{}],
    dangerouslyIgnoreUnhandledErrors: true,
    env: { MUTATE_WORK: resolve(cache, "work.json") }
  }, {
    plugins: [{
      name: "mutate",
      enforce: "pre",
      transform: (_, id) => modules.get(id)
    }]
  })

/** Runs one test file, and gives back what was found. */
const runFile = async (vitest: Vitest, specification: TestSpecification, work: Omit<Work, "findings">) => {
  const findings = resolve(cache, "findings.ndjson")
  await writeFile(findings, "")
  await writeFile(resolve(cache, "work.json"), JSON.stringify({ ...work, findings } satisfies Work))
  await vitest.runTestSpecifications([specification])
  const lines = (await readFile(findings, "utf8")).split("\n").filter((line) => line !== "")
  return lines.map((line): Finding => JSON.parse(line))
}

interface Killer {
  /** Relative to the package. */
  readonly file: string
  readonly test: string
}

/** The test that killed each mutant the last time. It is committed, so that every run begins with it. */
const readKillers = async (): Promise<Map<string, Killer>> => {
  const written: Record<string, string> = JSON.parse(await readFile(killersFile, "utf8"))
  return new Map(
    Object.entries(written).map(([key, path]) => {
      const [file = "", ...test] = path.split(": ")
      return [key, { file, test: test.join(": ") }]
    })
  )
}

const writeKillers = (killers: ReadonlyMap<string, Killer>): Promise<void> => {
  const entries = [...killers].filter(([key]) => digests.has(key)).toSorted(([a], [b]) => a < b ? -1 : 1).map((
    [key, { file, test }]
  ) => `  ${JSON.stringify(key)}: ${JSON.stringify(`${file}: ${test}`)}`)
  return writeFile(killersFile, `{\n${entries.join(",\n")}\n}\n`)
}

/** A mutant's name in `killers.json`. */
const digest = (mutant: Mutant): string => createHash("sha256").update(identity(mutant)).digest("hex").slice(0, 16)

type Verdict = "killed" | "hung" | "survived" | "not reached"

/** A test that reaches a mutant in a state in which that matters. */
interface Reaching extends Killer {
  /** In milliseconds. */
  readonly duration: number
}

/** A digest of files, by their names and contents. */
const digestOf = async (files: ReadonlyArray<string>): Promise<string> => {
  const hash = createHash("sha256")
  for (const file of files.toSorted()) hash.update(file).update(await readFile(resolve(core, file)))
  return hash.digest("hex")
}

/** What the tests of a file reach. It is remembered until the file, the sources, or what tests share changes. */
const coverageOfFile = async (vitest: Vitest, specification: TestSpecification, shared: string) => {
  const key = createHash("sha256").update(shared).update(await digestOf([specification.moduleId])).digest("hex")
  const remembered = resolve(cache, `coverage-${relative(core, specification.moduleId).replaceAll("/", "-")}.json`)
  const known: { readonly key: string; readonly findings: ReadonlyArray<Finding> } | undefined = existsSync(remembered)
    ? JSON.parse(await readFile(remembered, "utf8"))
    : undefined
  if (known?.key === key) return known.findings
  const findings = await runFile(vitest, specification, { tries: undefined, preset: 0, isCareful: false })
  if (findings.every(({ kind }) => kind !== "broken")) await writeFile(remembered, JSON.stringify({ key, findings }))
  return findings
}

/** The tests of a mutant in the order in which they are tried: of each file first the one that takes least time. */
const ordered = (reaching: ReadonlyArray<Reaching>): ReadonlyArray<Reaching> => {
  const seen = new Map<string, number>()
  return reaching.toSorted((a, b) => a.duration - b.duration).map((one) => {
    const rank = seen.get(one.file) ?? 0
    seen.set(one.file, rank + 1)
    return { one, rank }
  }).toSorted((a, b) => a.rank - b.rank).map(({ one }) => one)
}

/** What all tests reach, each by itself, and what each file reaches while it is loaded. */
const coverageOf = async (vitest: Vitest, specifications: ReadonlyArray<TestSpecification>) => {
  const tests = new Map<number, Array<Reaching>>()
  const loaders = new Map<number, Array<TestSpecification>>()
  const broken: Array<string> = []
  const sharedFiles = await Array.fromAsync(glob(["src/**/*.ts", "test/**/!(*.test).{ts,json}"], { cwd: core }))
  const shared = await digestOf([...sharedFiles, resolve(import.meta.dirname, "mutants.ts")])
  for (const specification of specifications) {
    const file = pathOf(specification)
    for (const finding of await coverageOfFile(vitest, specification, shared)) {
      if (finding.kind === "reached") {
        const { duration, test } = finding
        for (const id of finding.ids) tests.set(id, [...tests.get(id) ?? [], { file, test, duration }])
      } else if (finding.kind === "loaded") {
        for (const id of finding.ids) loaders.set(id, [...loaders.get(id) ?? [], specification])
      } else if (finding.kind === "broken") {
        broken.push(`${file}: "${finding.test}" fails without any mutant: ${finding.problem}`)
      }
    }
  }
  return { broken, loaders, tests: new Map([...tests].map(([id, reaching]) => [id, ordered(reaching)])) }
}

/** A test file relative to the package. */
const pathOf = ({ moduleId }: TestSpecification): string => relative(core, moduleId)

/** On how many tests each mutant is tried before any is tried on more. */
const rounds = [3, 15, Number.POSITIVE_INFINITY]

/**
 * The test files that load a mutant, the likeliest to kill it first: the one that killed it the last time, then those named
 * after its module, then those of its room.
 */
const likeliestFirst = (
  mutant: Mutant,
  loaders: ReadonlyArray<TestSpecification>,
  killer: Killer | undefined
): ReadonlyArray<TestSpecification> => {
  const name = basename(mutant.file, ".ts").toLowerCase()
  const rank = (specification: TestSpecification): number => {
    const path = pathOf(specification)
    if (path === killer?.file) return 0
    if (basename(path).toLowerCase().includes(name)) return 1
    return path.startsWith(`test/${roomOf(mutant)}/`) ? 2 : 3
  }
  return loaders.toSorted((a, b) => rank(a) - rank(b))
}

interface Trial {
  readonly vitest: Vitest
  readonly specifications: ReadonlyArray<TestSpecification>
  readonly killers: Map<string, Killer>
  readonly verdicts: Map<number, Verdict>
  /** The mutants that no test has killed yet. */
  readonly alive: Map<number, Mutant>
}

const take = (
  { alive, killers, verdicts }: Trial,
  { id, kind, test }: Finding & { kind: "killed" | "hung" },
  specification: TestSpecification
): void => {
  const mutant = alive.get(id)
  if (mutant === undefined) return
  verdicts.set(id, kind)
  alive.delete(id)
  killers.set(digest(mutant), { file: pathOf(specification), test })
}

/** How many mutants are alive, and which ones if they are few. */
const tellAlive = (alive: ReadonlyMap<number, Mutant>): void => {
  const few = alive.size > 20
    ? []
    : [...alive.values()].map(({ file, line, operator }) => `  ${file}:${line} ${operator}`)
  console.log([`${alive.size} alive`, ...few].join("\n"))
}

/** Tries each mutant that lives on some tests. */
const tryRound = async (trial: Trial, testsOf: (mutant: Mutant) => ReadonlyArray<Killer>) => {
  const { alive, killers, specifications, vitest } = trial
  for (const specification of specifications) {
    const tries: Record<string, Array<number>> = {}
    for (const mutant of alive.values()) {
      for (const { file, test } of testsOf(mutant)) {
        if (file === pathOf(specification)) tries[test] = [...tries[test] ?? [], mutant.id]
      }
    }
    let again = Object.keys(tries).length > 0
    let isCareful = false
    while (again) {
      const left = Object.fromEntries(
        Object.entries(tries).map(([test, ids]) => [test, ids.filter((id) => alive.has(id))] as const)
          .filter(([, ids]) => ids.length > 0)
      )
      const findings: ReadonlyArray<Finding> = Object.keys(left).length === 0
        ? []
        : await runFile(vitest, specification, { tries: left, preset: 0, isCareful })
      for (const finding of findings) {
        if (finding.kind === "killed" || finding.kind === "hung") take(trial, finding, specification)
      }
      again = findings.some(({ kind }) => kind === "again")
      isCareful = again
    }
    // A run that is stopped has not been in vain.
    await writeKillers(killers)
  }
  tellAlive(alive)
}

/** Gives a mutant a worker of its own, in which it is there while modules are loaded: it may be read then only. */
const tryPreset = async (trial: Trial, mutant: Mutant, loaders: ReadonlyArray<TestSpecification>) => {
  for (const specification of likeliestFirst(mutant, loaders, trial.killers.get(digest(mutant)))) {
    const findings = await runFile(trial.vitest, specification, {
      tries: undefined,
      preset: mutant.id,
      isCareful: false
    })
    for (const finding of findings) {
      if (finding.kind === "killed" || finding.kind === "hung") take(trial, finding, specification)
    }
    if (!trial.alive.has(mutant.id)) break
  }
  await writeKillers(trial.killers)
}

/** Tries mutants against the tests that reach them, until each is killed or has survived. */
const tryAll = async (
  vitest: Vitest,
  tried: ReadonlyArray<Mutant>,
  filters: ReadonlyArray<string> | undefined
) => {
  const trial: Trial = {
    vitest,
    specifications: await vitest.globTestSpecifications(filters === undefined ? undefined : [...filters]),
    killers: await readKillers(),
    verdicts: new Map(tried.map(({ id }) => [id, "survived"])),
    alive: new Map(tried.map((mutant) => [mutant.id, mutant]))
  }
  const { alive, killers, specifications, verdicts } = trial
  const killerOf = (mutant: Mutant) => killers.get(digest(mutant))
  console.log(`${tried.length} mutants, ${specifications.length} test files`)

  // What killed a mutant the last time is asked first: in most runs nothing else is.
  await tryRound(trial, (mutant) => [killerOf(mutant)].filter((killer) => killer !== undefined))
  for (const mutant of alive.values()) {
    const killer = killerOf(mutant)
    if (killer !== undefined) {
      await tryPreset(trial, mutant, specifications.filter((specification) => pathOf(specification) === killer.file))
    }
  }
  tellAlive(alive)
  if (alive.size === 0) return { broken: [], verdicts }

  const { broken, loaders, tests } = await coverageOf(vitest, specifications)
  for (const id of alive.keys()) if (!tests.has(id) && !loaders.has(id)) verdicts.set(id, "not reached")
  let from = 0
  for (const to of rounds) {
    const first = from
    await tryRound(trial, ({ id }) => (tests.get(id) ?? []).slice(first, to))
    from = to
  }
  for (const [id, mutant] of alive) await tryPreset(trial, mutant, loaders.get(id) ?? [])
  return { broken, verdicts }
}

/** Some of the mutants, always the same for the same seed. */
const sampled = (mutants: ReadonlyArray<Mutant>, count: number, seed: number): ReadonlyArray<Mutant> => {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state
  }
  return mutants.map((mutant) => ({ mutant, rank: next() })).toSorted((a, b) => a.rank - b.rank).slice(0, count)
    .map(({ mutant }) => mutant)
}

const readSurvivors = async (): Promise<ReadonlyArray<Survivor>> => JSON.parse(await readFile(survivorsFile, "utf8"))

/** What is wrong with what was found. */
const problemsOf = (
  verdicts: ReadonlyMap<number, Verdict>,
  mutants: ReadonlyArray<Mutant>,
  survivors: ReadonlyArray<Survivor>
): ReadonlyArray<string> => {
  const named = new Set(survivors.map(identityOf))
  const all = new Set(mutants.map(identity))
  const isAlive = ({ id }: Mutant): boolean => ["survived", "not reached"].includes(verdicts.get(id) ?? "")
  const tried = mutants.filter(({ id }) => verdicts.has(id))
  const living = new Set(tried.filter(isAlive).map(identity))
  const triedNames = new Set(tried.map(identity))
  return [
    ...tried.filter((mutant) => isAlive(mutant) && !named.has(identity(mutant))).map((mutant) =>
      `No test notices (${verdicts.get(mutant.id)}): ${described(mutant)}`
    ),
    ...survivors.filter((survivor) => !all.has(identityOf(survivor))).map((survivor) =>
      `survivors.json names what is not there any more: ${identityOf(survivor)}`
    ),
    ...survivors.filter((survivor) => triedNames.has(identityOf(survivor)) && !living.has(identityOf(survivor))).map((
      survivor
    ) => `survivors.json names what a test kills: ${identityOf(survivor)}`)
  ]
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    list: { type: "boolean" },
    all: { type: "boolean" },
    survivors: { type: "boolean" },
    tests: { type: "string", multiple: true }
  }
})
await mkdir(cache, { recursive: true })
const { modules, mutants } = await mutateAll()
const digests = new Set(mutants.map(digest))
const survivors = await readSurvivors()
const filters = positionals.length > 0 ? positionals : values.all === true ? [""] : deciding
const selected = mutants.filter(({ file }) => filters.some((filter) => file.includes(filter)))
if (values.list === true) {
  for (const mutant of selected) console.log(described(mutant))
  console.log(`${selected.length} mutants in ${new Set(selected.map(({ file }) => file)).size} modules`)
  process.exit()
}
const named = new Set(survivors.map(identityOf))
// Survivors that are known cost most, because all tests that reach them are asked.
const candidates = values.survivors === true ? selected : selected.filter((mutant) => !named.has(identity(mutant)))
const tried = values.sample === undefined
  ? candidates
  : sampled(candidates, Number(values.sample), Number(values.seed))
const began = performance.now()
const vitest = await start(modules)
const { broken, verdicts } = await tryAll(vitest, tried, values.tests)
await vitest.close()
const problems = [...broken, ...problemsOf(verdicts, mutants, survivors)]
for (const problem of problems) console.error(problem)
const count = (...wanted: ReadonlyArray<Verdict>): number =>
  [...verdicts.values()].filter((verdict) => wanted.includes(verdict)).length
await writeFile(
  resolve(cache, "verdicts.json"),
  JSON.stringify(tried.map((mutant) => ({ ...mutant, verdict: verdicts.get(mutant.id) })), undefined, 1)
)
console.log(
  `${tried.length} of ${mutants.length} mutants: ${count("killed")} killed, ${count("hung")} hung, `
    + `${count("survived", "not reached")} survived (${problems.length} problems), `
    + `in ${Math.round((performance.now() - began) / 1000)} s`
)
process.exit(problems.length === 0 ? 0 : 1)
