/** Looks for the tests that the requirements name. */
import { readFileSync } from "node:fs"
import { pathOf, type Proof, type Requirement } from "./requirement.ts"

const root = new URL("../../", import.meta.url)

/** A title as it is written in its file: as a string, or as a template with what it is made of. */
const written = (title: string): string => title.startsWith("`") ? title : JSON.stringify(title)

const exists = ([file, title]: Proof): boolean => {
  try {
    return readFileSync(new URL(pathOf(file), root), "utf8").includes(written(title))
  } catch {
    return false
  }
}

/** The tests that are named and do not exist. */
export const missingProofs = (requirements: ReadonlyArray<Requirement>): ReadonlyArray<Proof> =>
  requirements.flatMap(({ outcome }) => outcome._tag === "Implemented" ? outcome.proofs : [])
    .filter((proof) => !exists(proof))
