import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { Any, Policy } from "./model.ts"
import { node } from "./node.ts"

/** The policy that a tool was given, as an annotation. */
export class ToolPolicy extends Context.Service<ToolPolicy, Any>()(
  "@effect-mcp-auth/core/policy/internal/toolPolicy"
) {}

/**
 * What the checks on tools need, until the server provides it. A type and nothing else: a tool is judged before anything
 * that a request could provide, so what it needs is required when the server is built, and this is how it gets there.
 * Also tools whose checks need nothing have it: whatever enforces policies takes it away, and nothing else does, so that
 * no tool is served by who says who calls and does not look at policies.
 */
export interface Needs<out R> {
  readonly _: unique symbol
  readonly needs: R
}

/** A tool with a policy. */
export type GuardedTool<T extends Tool.Any, R> = T extends Tool.Tool<infer Name, infer Config, infer Requirements>
  ? Tool.Tool<Name, Config, Requirements | AuthInfo | Needs<Exclude<R, AuthInfo>>>
  : never

/** Puts a policy on a tool. */
export const tool = <R>(policy: Policy<R>) => <T extends Tool.Any>(tool: T): GuardedTool<T, R> => {
  const before = Context.getOption(tool.annotations, ToolPolicy)
  const all: Any = before._tag === "None" ? policy : node<unknown>({ _tag: "AllOf", parts: [before.value, policy] })
  // A dependency of a tool exists in its type only.
  return tool.annotate(ToolPolicy, all) as Tool.Any as GuardedTool<T, R>
}
