import * as Effect from "effect/Effect"
import type { AttemptError } from "../DiscoveryError.ts"
import type { Limits } from "../FetchLimits.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import * as Transpiler from "../Transpiler.ts"
import type { Judged } from "./assemble.ts"
import type { Candidate } from "./candidate.ts"
import { persistently } from "./persistently.ts"

/** Asks one candidate: load, then judge the issuer on the raw document, then repair. */
export const obtain = Effect.fnUntraced(function*<E, R>(
  candidate: Candidate<E, R>,
  programLimits: Limits,
  ask: { readonly asked: string; readonly deadline: number }
): Effect.fn.Return<Judged, AttemptError<E>, R> {
  const { location, mapRequest, policy, transpiler } = candidate
  const limits = { ...programLimits, ...candidate.limits }
  const loaded = yield* persistently(candidate.load({ limits, mapRequest }), {
    location,
    limits,
    deadline: ask.deadline
  })
  yield* IssuerPolicy.judge(policy, { location, asked: ask.asked, answered: String(loaded.document["issuer"]) })
  const { applied, document } = yield* Transpiler.run(transpiler, loaded.document)
  return { candidate, loaded, document, repairs: applied }
})
