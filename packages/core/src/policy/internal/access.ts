import * as McpSchema from "effect/ai/McpSchema"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuthError } from "../../token/TokenError.ts"
import { flat, type ScopeHierarchy } from "../ScopeHierarchy.ts"
import type { Trace } from "./judge.ts"
import type { Operation } from "./model.ts"

/**
 * What lists show of what a caller may not do, and what calls to it are answered with:
 *
 * - `permitted`: lists show what the caller may do. A call to something else is answered with the scopes that would do, or
 *   as if there was no such thing if no scope would.
 * - `locked`: lists also show what more scopes would open, so that clients can ask for them.
 * - `concealed`: whatever lists do not show does not exist, also for calls.
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
export class Ongoing extends Context.Service<Ongoing, {
  readonly operation: Operation
  /** Whether `operation` says all that the handler received. */
  readonly isExact: boolean
  /** The scopes by which the caller has satisfied policies so far: whatever is asked for later is asked for beside them. */
  readonly needed: Set<string>
  /** Ends it with a refusal. */
  readonly stop: (error: AuthError, trace: Trace | undefined) => Effect.Effect<never>
}>()("@effect-mcp-auth/core/policy/internal/access/Ongoing") {}

const described = (error: AuthError): Effect.Effect<void> => Effect.logInfo(`Operation refused: ${error.message}`)

/** The terms where `AuthInfo` came from somewhere else, and nobody said any. */
const usual: Access["Service"] = {
  hierarchy: flat,
  visibility: "permitted",
  conceal: described,
  refuse: (error) =>
    Effect.as(described(error), new McpSchema.McpErrorBase({ code: -32_001, message: "The caller may not do this" }))
}

/** The terms of a request. */
export const accessIn = <R>(context: Context.Context<R>): Access["Service"] =>
  Option.getOrElse(Context.getOption(context, Access), () => usual)

/** The terms of the current request. */
export const currentAccess: Effect.Effect<Access["Service"]> = Effect.map(Effect.context<never>(), accessIn)
