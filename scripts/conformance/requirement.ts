/** The requirements of a specification for a protected server, and where they are implemented and tested. */

export type Level = "MUST" | "MUST NOT" | "SHOULD" | "SHOULD NOT" | "MAY"

/** A test: the file, as `core/server/Challenge`, and its title or the row of its table, exactly as written there. */
export type Proof = readonly [file: string, title: string]

export type Outcome =
  | {
    readonly _tag: "Implemented"
    /** The public modules that implement it, or `effect` for Effect's own MCP server. */
    readonly modules: ReadonlyArray<string>
    readonly proofs: ReadonlyArray<Proof>
  }
  | { readonly _tag: "NotImplemented"; readonly reason: string }
  | { readonly _tag: "NotApplicable"; readonly reason: string }

export interface Requirement {
  /** The section, and for MCP the page and the revisions. */
  readonly section: string
  readonly level: Level
  /** In our own words. */
  readonly rule: string
  readonly outcome: Outcome
}

export interface Specification {
  readonly name: string
  readonly url: string
  /** Which parts are left out, and why. */
  readonly scope: string
  readonly requirements: ReadonlyArray<Requirement>
}

/** The modules that implement a requirement, separated by spaces, and the tests that prove it. */
export const by = (modules: string, ...proofs: readonly [Proof, ...Array<Proof>]): Outcome => ({
  _tag: "Implemented",
  modules: modules.split(" "),
  proofs
})

export const notImplemented = (reason: string): Outcome => ({ _tag: "NotImplemented", reason })
export const notApplicable = (reason: string): Outcome => ({ _tag: "NotApplicable", reason })

const row = (level: Level) => (section: string, rule: string, outcome: Outcome): Requirement => ({
  section,
  level,
  rule,
  outcome
})

export const must = row("MUST")
export const mustNot = row("MUST NOT")
export const should = row("SHOULD")
export const shouldNot = row("SHOULD NOT")
export const may = row("MAY")

/** Where a test file is in the repository. */
export const pathOf = (file: string): string => {
  const [room = "", ...rest] = file.split("/")
  const path = rest.join("/")
  if (room === "types") return `packages/core/typetest/${path}.tst.ts`
  return `packages/${room === "node" ? "platform-node" : room}/test/${path}.test.ts`
}
