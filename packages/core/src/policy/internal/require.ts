import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AuthInfo } from "../../token/AuthInfo.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"
import { flat, type ScopeHierarchy } from "../ScopeHierarchy.ts"
import { currentAccess, Ongoing } from "./access.ts"
import { decide, type Decision, judgePlainly, type Question, recordSatisfied, withNeeded } from "./decide.ts"
import type { Caller, Operation, Policy } from "./model.ts"

/** Something that is done outside of MCP. */
export const unnamed: Operation = { method: "", target: "", arguments: undefined, listing: false }

/** What may be said when a policy is judged. */
export interface EvaluateOptions {
  /** Default: no scope covers another. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** Default: something without a name. */
  readonly operation?: Operation | undefined
}

/** Judges a policy for a caller, and says why. */
export const evaluate = <R>(
  policy: Policy<R>,
  caller: Caller,
  options?: EvaluateOptions
): Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>> =>
  decide(policy, { caller, hierarchy: options?.hierarchy ?? flat, operation: options?.operation ?? unnamed }).pipe(
    Effect.provideService(AuthInfo, caller)
  )

const currentQuestion: Effect.Effect<Question, never, AuthInfo> = Effect.gen(function*() {
  const caller = yield* AuthInfo
  const { hierarchy } = yield* currentAccess
  const ongoing = yield* Effect.serviceOption(Ongoing)
  return {
    caller,
    hierarchy,
    ...Option.match(ongoing, {
      onNone: () => ({ operation: unnamed }),
      onSome: ({ isExact, operation }) => ({ isExact, operation })
    })
  }
})

/** Whether the caller of the current request satisfies a policy. */
export const allows = <R>(policy: Policy<R>): Effect.Effect<boolean, VerificationUnavailable, R | AuthInfo> =>
  Effect.map(
    Effect.flatMap(currentQuestion, (question) => decide(policy, question)),
    ({ permitted }) => permitted
  )

/** Demands that the caller of the current request satisfies a policy. */
export const require = Effect.fnUntraced(function*<R>(
  policy: Policy<R>
): Effect.fn.Return<void, never, R | AuthInfo> {
  const ongoing = yield* Effect.serviceOption(Ongoing)
  // Without somebody who answers for it, a handler must not go on: there is no way back from here.
  const stop: Ongoing["Service"]["stop"] = Option.isNone(ongoing) ? (error) => Effect.die(error) : ongoing.value.stop
  const needed = Option.match(ongoing, { onNone: () => new Set<string>(), onSome: ({ needed }) => needed })
  const question = yield* currentQuestion
  const decision = yield* Effect.catchTag(
    decide(policy, question),
    "VerificationUnavailable",
    (error) => stop(error, undefined)
  )
  if (decision.refusal !== undefined) return yield* stop(withNeeded(decision.refusal, needed), decision.trace)
  recordSatisfied(needed, judgePlainly(policy, question))
})
