import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as JsonPatch from "effect/JsonPatch"
import type * as Schema from "effect/Schema"
import type { Answer, Repair, TranspileError } from "../Transpiler.ts"
import { jsonObjectOf } from "./json.ts"

/** How a repair went wrong, for the `TranspileError` that names it. */
export interface Failure {
  readonly why: TranspileError["why"]
  readonly cause?: unknown
}

const isEffect = <R>(answer: Answer | Effect.Effect<Answer, unknown, R>): answer is Effect.Effect<Answer, unknown, R> =>
  Effect.isEffect(answer)

const answerOf = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<unknown, unknown, R> =>
  Effect.suspend(() => {
    // A repair may change what it is given instead of answering with another: that must neither reach the original, which
    // others judge, nor go unnoticed.
    const answer = repair.apply(structuredClone(document))
    return isEffect(answer) ? answer : Effect.succeed(answer)
  })

const failureOf = (cause: Cause.Cause<unknown>): Effect.Effect<never, Failure> =>
  // An interruption is not a failure of the repair: it ends the search, not this document.
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.fail({ why: Cause.hasDies(cause) ? "threw" : "failed", cause: Cause.squash(cause) })

/** Runs one repair, and holds it to what a repair may do. */
export const runRepair = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<
  { readonly document: Schema.JsonObject; readonly patch: JsonPatch.JsonPatch },
  Failure,
  R
> =>
  Effect.flatMap(Effect.catchCause(answerOf(repair, document), failureOf), (answer) => {
    const changed = jsonObjectOf(answer)
    if (changed === undefined) return Effect.fail<Failure>({ why: "no-object" })
    return changed["issuer"] === document["issuer"] || repair.name.startsWith("issuer")
      ? Effect.succeed({ document: changed, patch: JsonPatch.get(document, changed) })
      : Effect.fail<Failure>({ why: "changed-issuer" })
  })
