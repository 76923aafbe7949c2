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
import { type Any, type Caller, isPolicy, type Operation, type Policy } from "./model.ts"

/**
 * What lists show, and how calls are answered that the caller may not make:
 *
 * - `permitted`: lists show what the caller may use. A call to another entry is answered with the scopes that are missing,
 *   or, if no scope would help, as if the entry did not exist.
 * - `locked`: lists also show entries for which the caller lacks only scopes, so that clients can request them.
 * - `concealed`: what lists do not show does not exist for calls either.
 *
 * @category models
 * @since 0.1.0
 */
export type Visibility = "permitted" | "locked" | "concealed"

/** The policies on one registration. */
export interface Policies {
  /** The policy of the tool, or the default policy. Its checks need the services of the server. */
  readonly own: Any | undefined
  readonly guards: ReadonlyArray<Policy<AuthInfo>>
}

/** What the server found out about a request when it started the operation. */
interface KnownRequest {
  /** The request as middleware gets it. It is compared by identity only. */
  readonly request: object
  readonly policies: Policies
}

/** The operation in progress, so that its handler can evaluate policies. */
export interface CurrentOperation {
  /** Absent outside of MCP. */
  readonly known?: KnownRequest | undefined
  readonly operation: Operation
  /** Whether `operation` contains everything that the handler received. */
  readonly isExact: boolean
  /** The scopes by which earlier policies of the operation were satisfied. A later challenge includes them. */
  readonly earlierScopes: Set<string>
  /** Ends the operation with a refusal. */
  readonly stop: (error: AuthError, trace: Trace | undefined) => Effect.Effect<never>
}

/**
 * How the server evaluates policies for one request, and for each of its operations. It is one service, because Effect copies
 * all services several times for each operation.
 */
export class Access extends Context.Service<Access, {
  readonly hierarchy: ScopeHierarchy
  /** `open`: lists show everything. */
  readonly visibility: Visibility | "open"
  /** Records why an entry is answered as if it did not exist. */
  readonly conceal: (error: AuthError, trace: Trace) => Effect.Effect<void>
  /** Records why a part of the request is refused, for the response to the whole request. Returns the error for this part. */
  readonly refuse: (error: AuthError, trace: Trace | undefined) => Effect.Effect<McpSchema.McpErrorBase>
  /**
   * The guards that the server evaluates together with the other policies of the operation in progress, so that one challenge
   * covers all. Every other guard is enforced by its own layer.
   */
  readonly enforcedGuards: ReadonlyArray<Policy<AuthInfo>>
  /** Absent outside of an operation. */
  readonly current?: CurrentOperation | undefined
}>()("@effect-mcp-auth/core/policy/internal/access") {}

/** The JSON-RPC error code of all refusals, from the range that MCP leaves to servers. */
export const refusalCode = -32_001

const logRefusal = (error: AuthError): Effect.Effect<void> => Effect.logInfo(`Operation refused: ${error.message}`)

/** The settings if `AuthInfo` was not provided by `McpAuth`. */
const defaultAccess: Access["Service"] = {
  hierarchy: flat,
  visibility: "permitted",
  enforcedGuards: [],
  conceal: logRefusal,
  refuse: (error) =>
    Effect.as(
      logRefusal(error),
      new McpSchema.McpErrorBase({ code: refusalCode, message: "The caller may not do this" })
    )
}

/** The settings in a context. */
export const accessIn = <R>(context: Context.Context<R>): Access["Service"] =>
  Option.getOrElse(Context.getOption(context, Access), () => defaultAccess)

/** The settings of the current request. */
export const currentAccess: Effect.Effect<Access["Service"]> = Effect.map(Effect.context<never>(), accessIn)

/** The operation outside of MCP. */
export const unnamedOperation: Operation = { method: "", target: "", arguments: undefined, listing: false }

/**
 * Options for `evaluate`.
 *
 * @category models
 * @since 0.1.0
 */
export interface EvaluateOptions {
  /** Default: no scope covers another. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** Default: an operation without a name. */
  readonly operation?: Operation | undefined
}

/**
 * Evaluates a policy for a caller, and explains the result.
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
  const { current, hierarchy } = yield* currentAccess
  return { caller, hierarchy, operation: current?.operation ?? unnamedOperation, isExact: current?.isExact }
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
 * Requires, inside a handler, that the caller of the current request satisfies a policy, for policies that depend on data.
 * Otherwise the handler is interrupted, and the response is that of a refused operation.
 *
 * @category deciding
 * @since 0.1.0
 */
export const require = Effect.fnUntraced(function*<R>(
  policy: Policy<R>
): Effect.fn.Return<void, never, R | AuthInfo> {
  const { current } = yield* currentAccess
  // If no server can answer with the refusal, the handler must still not continue.
  const stop: CurrentOperation["stop"] = current?.stop ?? ((error) => Effect.die(error))
  const earlierScopes = current?.earlierScopes ?? new Set()
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
