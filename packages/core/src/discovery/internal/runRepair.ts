import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as JsonPatch from "effect/JsonPatch"
import * as Schema from "effect/Schema"
import type { Answer, Repair, TranspileError } from "../Transpiler.ts"

/** How a repair went wrong, for the `TranspileError` that names it. */
export interface Failure {
  readonly why: TranspileError["why"]
  readonly cause?: unknown
}

const isJsonObject = Schema.is(Schema.JsonObject)

/** A spread with an optional member leaves `undefined` behind, which no JSON document has. */
const withoutUndefined = (answer: Answer): object =>
  Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined))

/** Arrays and promises are objects too, and a promise would pass for an empty document. */
const isPlain = (answer: unknown): answer is Answer =>
  typeof answer === "object" && answer !== null && !Array.isArray(answer) && !("then" in answer)

const isEffect = <R>(answer: Answer | Effect.Effect<Answer, unknown, R>): answer is Effect.Effect<Answer, unknown, R> =>
  Effect.isEffect(answer)

const answerOf = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<Answer, unknown, R> =>
  Effect.suspend(() => {
    const answer = repair.apply(document)
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
    const changed = isPlain(answer) ? withoutUndefined(answer) : undefined
    if (!isJsonObject(changed)) return Effect.fail<Failure>({ why: "no-object" })
    return changed["issuer"] === document["issuer"] || repair.name.includes("issuer")
      ? Effect.succeed({ document: changed, patch: JsonPatch.get(document, changed) })
      : Effect.fail<Failure>({ why: "changed-issuer" })
  })
