import * as Effect from "effect/Effect"
import type { AttemptError } from "../DiscoveryError.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import * as Transpiler from "../Transpiler.ts"
import type { Judged } from "./assemble.ts"
import type { Candidate } from "./candidate.ts"
import type { Loaded } from "./fetchDocument.ts"

/** Judges the issuer on the raw document, and only then repairs it. */
export const judge = Effect.fnUntraced(function*<E, R>(
  candidate: Candidate<E, R>,
  loaded: Loaded,
  asked: string
): Effect.fn.Return<Judged, AttemptError<E>, R> {
  const { location, policy, transpiler } = candidate
  yield* IssuerPolicy.judge(policy, { location, asked, answered: String(loaded.document["issuer"]) })
  const { applied, document } = yield* Transpiler.run(transpiler, loaded.document)
  return { candidate, loaded, document, repairs: applied }
})
