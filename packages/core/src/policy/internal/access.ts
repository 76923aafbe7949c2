import * as McpSchema from "effect/ai/McpSchema"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import { AuthInfo } from "../../token/AuthInfo.ts"
import type { AuthError, VerificationUnavailable } from "../../token/TokenError.ts"
import { flat, type ScopeHierarchy } from "../ScopeHierarchy.ts"
import {
  decide,
  type Decision,
  evaluateClaims,
  type PolicyRequest,
  recordScopes,
  type Trace,
  withEarlierScopes
} from "./decide.ts"
import { type Caller, isPolicy, type Operation, type Policy } from "./model.ts"

/**
 * What lists show of what a caller may not do, and what calls to it are answered with:
 *
 * - `permitted`: lists show what the caller may do. A call to something else is answered with the scopes that would do, or
 *   as if there was no such thing if no scope would.
 * - `locked`: lists also show what more scopes would open, so that clients can ask for them.
 * - `concealed`: whatever lists do not show does not exist, also for calls.
 *
 * @category models
 * @since 0.1.0
 */
export type Visibility = "permitted" | "locked" | "concealed"

/** The terms of the server on which policies are judged, for one request. */
export class Access extends Context.Service<Access, {
  readonly hierarchy: ScopeHierarchy
  /** `open`: lists show everything. */
  readonly visibility: Visibility | "open"
  /** Writes down why something is answered as if it was not there. */
  readonly conceal: (error: AuthError, trace: Trace) => Effect.Effect<void>
  /** Writes down why something is refused, for the answer to the whole request, and gives the answer to this part. */
  readonly refuse: (error: AuthError, trace: Trace | undefined) => Effect.Effect<McpSchema.McpErrorBase>
}>()("@effect-mcp-auth/core/policy/internal/access") {}

/** What is being done, so that its policy can be judged while it is. */
export class CurrentOperation extends Context.Service<CurrentOperation, {
  readonly operation: Operation
  /** Whether `operation` says all that the handler received. */
  readonly isExact: boolean
  /** The scopes by which the caller has satisfied policies so far: whatever is asked for later is asked for beside them. */
  readonly earlierScopes: Set<string>
  /** Ends it with a refusal. */
  readonly stop: (error: AuthError, trace: Trace | undefined) => Effect.Effect<never>
}>()("@effect-mcp-auth/core/policy/internal/access/CurrentOperation") {}

/** The JSON-RPC error code of all refusals, from the range that MCP leaves to servers. */
export const refusalCode = -32_001

const logRefusal = (error: AuthError): Effect.Effect<void> => Effect.logInfo(`Operation refused: ${error.message}`)

/** The terms where `AuthInfo` came from somewhere else, and nobody said any. */
const defaultAccess: Access["Service"] = {
  hierarchy: flat,
  visibility: "permitted",
  conceal: logRefusal,
  refuse: (error) =>
    Effect.as(
      logRefusal(error),
      new McpSchema.McpErrorBase({ code: refusalCode, message: "The caller may not do this" })
    )
}

/** The terms of a request. */
export const accessIn = <R>(context: Context.Context<R>): Access["Service"] =>
  Option.getOrElse(Context.getOption(context, Access), () => defaultAccess)

/** The terms of the current request. */
export const currentAccess: Effect.Effect<Access["Service"]> = Effect.map(Effect.context<never>(), accessIn)

/** Something that is done outside of MCP. */
export const unnamedOperation: Operation = { method: "", target: "", arguments: undefined, listing: false }

/**
 * What may be said when a policy is judged.
 *
 * @category models
 * @since 0.1.0
 */
export interface EvaluateOptions {
  /** Default: no scope covers another. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** Default: something without a name. */
  readonly operation?: Operation | undefined
}

/**
 * Judges a policy for a caller, and says why.
 *
 * **Example** (A caller with a scope)
 *
 * ```ts import.meta.vitest
 * import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import * as Effect from "effect/Effect"
 *
 * const caller = { ...AuthInfo.anonymous, issuer: "https://auth.example.com", scopes: new Set(["notes:read"]) }
 *
 * const decision = Effect.runSync(Policy.evaluate(Policy.scopes("notes:read"), caller))
 * decision.permitted // => true
 *
 * const piped = Effect.runSync(Policy.scopes("notes:write").pipe(Policy.evaluate(caller)))
 * piped.refusal?.message // => `The access token lacks the scope "notes:write"`
 * ```
 *
 * @category deciding
 * @since 0.1.0
 */
export const evaluate: {
  (
    caller: Caller,
    options?: EvaluateOptions
  ): <R>(policy: Policy<R>) => Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>>
  <R>(
    policy: Policy<R>,
    caller: Caller,
    options?: EvaluateOptions
  ): Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>>
} = dual(
  (args) => isPolicy(args[0]),
  <R>(
    policy: Policy<R>,
    caller: Caller,
    options?: EvaluateOptions
  ): Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>> =>
    decide(policy, { caller, hierarchy: options?.hierarchy ?? flat, operation: options?.operation ?? unnamedOperation })
      .pipe(
        Effect.provideService(AuthInfo, caller)
      )
)

const currentRequest: Effect.Effect<PolicyRequest, never, AuthInfo> = Effect.gen(function*() {
  const caller = yield* AuthInfo
  const { hierarchy } = yield* currentAccess
  const current = yield* Effect.serviceOption(CurrentOperation)
  return {
    caller,
    hierarchy,
    ...Option.match(current, {
      onNone: () => ({ operation: unnamedOperation }),
      onSome: ({ isExact, operation }) => ({ isExact, operation })
    })
  }
})

/**
 * Whether the caller of the current request satisfies a policy.
 *
 * @category deciding
 * @since 0.1.0
 */
export const allows = <R>(policy: Policy<R>): Effect.Effect<boolean, VerificationUnavailable, R | AuthInfo> =>
  Effect.map(
    Effect.flatMap(currentRequest, (request) => decide(policy, request)),
    ({ permitted }) => permitted
  )

/**
 * Demands that the caller of the current request satisfies a policy, inside a handler, where it depends on data. If not,
 * the handler is interrupted, and the answer is that of a refused operation.
 *
 * @category deciding
 * @since 0.1.0
 */
export const require = Effect.fnUntraced(function*<R>(
  policy: Policy<R>
): Effect.fn.Return<void, never, R | AuthInfo> {
  const current = yield* Effect.serviceOption(CurrentOperation)
  // Without somebody who answers for it, a handler must not go on: there is no way back from here.
  const stop: CurrentOperation["Service"]["stop"] = Option.isNone(current)
    ? (error) => Effect.die(error)
    : current.value.stop
  const earlierScopes = Option.match(current, {
    onNone: () => new Set<string>(),
    onSome: ({ earlierScopes }) => earlierScopes
  })
  const request = yield* currentRequest
  const decision = yield* Effect.catchTag(
    decide(policy, request),
    "VerificationUnavailable",
    (error) => stop(error, undefined)
  )
  if (decision.refusal !== undefined) {
    return yield* stop(withEarlierScopes(decision.refusal, earlierScopes), decision.trace)
  }
  recordScopes(earlierScopes, evaluateClaims(policy, request))
})
