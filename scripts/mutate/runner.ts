// Runs in Vitest's worker. Each test runs as it is; then it runs again as every mutant that it reached and that still lives.
import { appendFileSync, readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { type RunnerTestCase, type SerializedConfig, TestRunner } from "vitest"

/** What the worker has to do, and what it found out: a file for each. */
export interface Work {
  /** The mutants that each test is run as, by the test's name. Without them, all tests run once, to see what they reach. */
  readonly tries: Readonly<Record<string, ReadonlyArray<number>>> | undefined
  /** The mutant that the file runs as from its first line on, or 0. */
  readonly preset: number
  /** Whether nothing is believed of a test that does not pass again, without any mutant, right afterwards. */
  readonly isCareful: boolean
  /** Where findings go, a line each. */
  readonly findings: string
}

/** What was found out about a mutant, or about a test file. */
export type Finding =
  | { readonly kind: "killed" | "hung"; readonly id: number; readonly test: string }
  /** The mutants that a test reached, and how long it took, in milliseconds. */
  | { readonly kind: "reached"; readonly ids: ReadonlyArray<number>; readonly test: string; readonly duration: number }
  /** The mutants that were reached while modules were loaded. */
  | { readonly kind: "loaded"; readonly ids: ReadonlyArray<number> }
  /** The file has to be run again for the mutants that are left. */
  | { readonly kind: "again" }
  | { readonly kind: "broken"; readonly test: string; readonly problem: string }

/** What the code of the mutants asks, and tells. */
interface Switch {
  /** Whether the module behaves as this mutant, which would matter wherever this is asked. */
  readonly is: (id: number) => boolean
  /** The same, where something else tells whether it would matter. */
  readonly on: (id: number) => boolean
  /** A condition that two mutants make constant: `true` and `false`. */
  readonly constant: <A>(ids: readonly [number, number], value: A) => A
  /** A side of `&&`, and the mutants that matter if it is not satisfied. */
  readonly and: <A>(ids: ReadonlyArray<number>, value: A) => A
  /** A side of `||`, and the mutants that matter if it is satisfied. */
  readonly or: <A>(ids: ReadonlyArray<number>, value: A) => A
  /** What comes before `??`. */
  readonly given: <A>(id: number, value: A) => A
  /** An operation on two numbers, and what it might be instead. */
  readonly binary: (
    operator: string,
    others: ReadonlyArray<string>,
    ids: ReadonlyArray<number>,
    left: never,
    right: never
  ) => unknown
}

declare global {
  var __mutate: Switch
}

/** A test that takes so much longer than it should hangs. Real time only ends it: nothing is measured by it. */
const patience = (duration: number): number => 30_000 + 20 * duration

/** Longer than any test that mutants are tried on, in milliseconds. */
const longTest = 10_000

/** What keeps the worker alive whatever it does. */
const always = new Set(["PipeWrap", "Pipe", "MessagePort", "TTYWrap", "Timeout"])

/** Waits until nothing goes on in the worker that could end a test, or until it has taken too long. */
const hung = (duration: number, signal: AbortSignal) =>
  new Promise<"hung">((resolve) => {
    const began = performance.now()
    let idle = 0
    let last = performance.eventLoopUtilization()
    const timer = setInterval(() => {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      const isBusy = utilization > 0.05 || process.getActiveResourcesInfo().some((name) => !always.has(name))
      idle = isBusy ? 0 : idle + 1
      if (idle >= 8 || performance.now() - began > patience(duration)) resolve("hung")
    }, 250)
    signal.addEventListener("abort", () => clearInterval(timer), { once: true })
  })

/** A mutant that is reached so much more often than the code that it took the place of goes round in circles. */
const circles = (reached: number): number => 100_000 + 50 * reached

const hits = new Map<number, number>()
let active = 0
let left = Number.POSITIVE_INFINITY
let isCircling = false

const reach = (id: number): void => {
  if (active === 0) hits.set(id, (hits.get(id) ?? 0) + 1)
}

const on = (id: number): boolean => {
  if (active !== id) return false
  if (left-- > 0) return true
  isCircling = true
  throw new Error("The mutant goes round in circles")
}

const operations: Readonly<Record<string, (a: never, b: never) => unknown>> = {
  "===": (a, b) => a === b,
  "!==": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b
}

const reachAll = (ids: ReadonlyArray<number>): void => {
  for (const id of ids) reach(id)
}

globalThis.__mutate = {
  is: (id) => {
    reach(id)
    return on(id)
  },
  on,
  constant: ([yes, no], value) => {
    reach(value ? no : yes)
    return value
  },
  and: (ids, value) => {
    if (!value) reachAll(ids)
    return value
  },
  or: (ids, value) => {
    if (value) reachAll(ids)
    return value
  },
  given: (id, value) => {
    if (value !== undefined && value !== null) reach(id)
    return value
  },
  binary: (operator, others, ids, left, right) => {
    const value = operations[operator]?.(left, right)
    if (active === 0) {
      for (const [index, id] of ids.entries()) if (operations[others[index] ?? ""]?.(left, right) !== value) reach(id)
    }
    return value
  }
}

// The same numbers in the same order, whenever a test runs.
const random = Math.random
const seeded = () => {
  let state = 1
  Math.random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
}

/** A test that has passed as it is. */
interface Passed {
  readonly test: RunnerTestCase
  /** How often it reached each mutant. */
  readonly reached: ReadonlyMap<number, number>
  /** In milliseconds. */
  readonly duration: number
}

/** What a test is called in its file. */
const nameOf = (test: RunnerTestCase): string => test.fullTestName

export default class MutatingRunner extends TestRunner {
  private readonly work: Work = JSON.parse(readFileSync(process.env["MUTATE_WORK"] ?? "", "utf8"))
  private readonly dead = new Set<number>()
  private readonly passed: Array<Passed> = []
  private loading: ReadonlyArray<number> | undefined
  private isSpoilt = false

  constructor(config: SerializedConfig) {
    super(config)
    active = this.work.preset
    left = circles(0)
  }

  private tell(finding: Finding): void {
    appendFileSync(this.work.findings, `${JSON.stringify(finding)}\n`)
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    this.loading ??= [...hits.keys()]
    hits.clear()
    seeded()
    await super.onBeforeRunTask(test)
    const isTried = this.work.tries === undefined || Object.hasOwn(this.work.tries, nameOf(test))
    if (this.isSpoilt || !isTried) test.mode = "skip"
  }

  /** In a file that runs as one mutant, nothing tells how long a test takes. One that nothing could end any more hangs. */
  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)
    if (this.work.preset === 0) return await run()
    const ended = new AbortController()
    const outcome = await Promise.race([run(), hung(longTest, ended.signal)]).finally(() => ended.abort())
    if (outcome !== "hung") return
    this.tell({ kind: "hung", id: this.work.preset, test: nameOf(test) })
    this.isSpoilt = true
  }

  override async onAfterRunTask(test: RunnerTestCase): Promise<void> {
    super.onAfterRunTask(test)
    if (test.type !== "test" || test.mode === "skip" || test.result?.state === "skip") return
    const failed = test.result?.state === "fail"
    if (this.work.preset !== 0) {
      if (failed) this.tell({ kind: "killed", id: this.work.preset, test: nameOf(test) })
      this.isSpoilt ||= failed
    } else if (failed) {
      this.tell({ kind: "broken", test: nameOf(test), problem: test.result?.errors?.[0]?.stack ?? "" })
      this.isSpoilt = true
    } else {
      const duration = test.result?.duration ?? 0
      if (this.work.tries === undefined) {
        this.tell({ kind: "reached", ids: [...hits.keys()], test: nameOf(test), duration })
      }
      this.passed.push({ test, reached: new Map(hits), duration })
    }
  }

  /** Runs a test again as every mutant that is to be tried on it. */
  private async tryMutants({ duration, reached, test }: Passed): Promise<void> {
    const found: Array<Finding> = []
    const isUnchanged = async () => await this.runs(test, 0, 0, duration) === "passed"
    const ids = (this.work.tries?.[nameOf(test)] ?? []).filter((id) => !this.dead.has(id))
    // What a test remembers of its first run fails it in the second, whatever is mutated.
    if (ids.length === 0 || this.work.isCareful && !await isUnchanged()) return
    for (const id of ids) {
      const outcome = await this.runs(test, id, reached.get(id) ?? 0, duration)
      if (outcome === "passed") continue
      found.push({ kind: outcome, id, test: nameOf(test) })
      if (this.work.isCareful && !await isUnchanged()) {
        this.spoil()
        break
      }
    }
    // Nothing that a mutant did may have outlived it.
    if (!this.work.isCareful && found.length > 0 && !await isUnchanged()) return this.spoil()
    for (const finding of found) {
      this.tell(finding)
      if ("id" in finding) this.dead.add(finding.id)
    }
  }

  private spoil(): void {
    this.isSpoilt = true
    this.tell({ kind: "again" })
  }

  private async runs(
    test: RunnerTestCase,
    id: number,
    count: number,
    duration: number
  ): Promise<"passed" | "killed" | "hung"> {
    active = id
    left = circles(count)
    isCircling = false
    seeded()
    const run = async (): Promise<"passed" | "killed"> => {
      try {
        await TestRunner.getTestFn(test)()
        return "passed"
      } catch {
        return "killed"
      }
    }
    const ended = new AbortController()
    const outcome = await Promise.race([run(), hung(duration, ended.signal)])
    ended.abort()
    active = 0
    const { fails } = test
    if (outcome === "hung" || isCircling) return "hung"
    return fails === true ? outcome === "passed" ? "killed" : "passed" : outcome
  }

  override async onAfterRunFiles(files: Parameters<TestRunner["onAfterRunFiles"]>[0]): Promise<void> {
    super.onAfterRunFiles(files)
    // What costs little is asked first.
    for (const passed of this.passed.toSorted((a, b) => a.duration - b.duration)) {
      if (!this.isSpoilt) await this.tryMutants(passed)
    }
    Math.random = random
    // A file that cannot be loaded has no tests that could fail.
    if (this.work.preset !== 0 && this.loading === undefined) {
      this.tell({ kind: "killed", id: this.work.preset, test: "loading" })
    }
    this.tell({ kind: "loaded", ids: this.loading ?? [] })
  }
}
