import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import { type Facts, judge, type Judged } from "./judge.ts"
import { isScopeToken } from "./scopeToken.ts"

/** One way to satisfy a policy by scopes. */
interface Way {
  /** All scopes of this way, those that were granted included. */
  readonly required: ReadonlyArray<string>
  readonly missing: ReadonlyArray<string>
}

/** How many ways are followed. A policy with more has enough of them. */
const limit = 32

const fewestFirst = Order.combine(
  Order.mapInput(Order.Number, ({ missing }: Way) => missing.length),
  Order.mapInput(Order.Number, ({ required }: Way) => required.length)
)

const shortest = (ways: ReadonlyArray<Way>): ReadonlyArray<Way> => Arr.sort(ways, fewestFirst).slice(0, limit)

const both = (left: Way, right: Way): Way => ({
  required: Arr.union(left.required, right.required),
  missing: Arr.union(left.missing, right.missing)
})

const nothing: Way = { required: [], missing: [] }

/** The ways in which more scopes would satisfy what was judged. None: no scope would help. */
const waysOf = ({ missing, node, outcome, parts }: Judged): ReadonlyArray<Way> => {
  switch (node._tag) {
    case "Scopes":
      // A policy made for an operation may have put a stranger's words into a scope: nobody is sent away to ask for those.
      return node.scopes.length > 0 && node.scopes.every(isScopeToken) ? [{ required: node.scopes, missing }] : []
    case "AnyOf":
      return shortest(parts.flatMap(waysOf))
    case "ByOperation":
      return outcome === "unknown" && parts.length === 0 ? [nothing] : parts.flatMap(waysOf)
    case "AllOf":
      return parts.reduce<ReadonlyArray<Way>>(
        (ways, part) => shortest(ways.flatMap((way) => waysOf(part).map((more) => both(way, more)))),
        [nothing]
      )
    default:
      return outcome === "no" ? [] : [nothing]
  }
}

/**
 * The scopes by which a caller satisfies a policy, of what was granted: the fewest that do. A part that only a check can
 * answer for needs none.
 */
export const satisfiedBy = ({ node, outcome, parts }: Judged): ReadonlyArray<string> => {
  switch (node._tag) {
    case "Scopes":
      return outcome === "yes" ? node.scopes.filter(isScopeToken) : []
    case "AnyOf": {
      const ways = parts.filter(({ outcome }) => outcome === "yes").map(satisfiedBy)
      const [fewest = []] = ways.toSorted((a, b) => a.length - b.length)
      return fewest
    }
    case "AllOf":
    case "ByOperation":
      return parts.flatMap(satisfiedBy)
    default:
      return []
  }
}

/**
 * The scopes that a caller needs, all of them in one list, to do what they may not do now: the fewest that would do.
 * Each way is tried before it is told, because more scopes may also take something away (`not`). Nothing: no scope helps.
 */
export const shortfall = (judged: Judged, facts: Facts): ReadonlyArray<string> | undefined =>
  waysOf(judged).find(({ required }) => {
    const caller = { ...facts.caller, scopes: new Set([...facts.caller.scopes, ...required]) }
    const { outcome } = judge(judged.node, { ...facts, caller })
    return outcome === "yes" || (outcome === "unknown" && judged.outcome === "no")
  })?.required
