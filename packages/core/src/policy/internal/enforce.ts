import type * as McpSchema from "effect/ai/McpSchema"
import type * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { AuthInfo } from "../../token/AuthInfo.ts"
import { type Access, accessIn, currentAccess, Ongoing } from "./access.ts"
import { decide, judgePlainly, type Question, recordSatisfied, type Refusal, withNeeded } from "./decide.ts"
import type { Operation, Policy } from "./model.ts"

const isListing = (method: string): boolean => method.endsWith("/list")

/** Where the arguments of a method stand among its parameters. */
const argumentsOf = (method: string, payload: unknown): unknown => {
  if (method !== "tools/call" && method !== "prompts/get") return payload
  return Predicate.hasProperty(payload, "arguments") ? payload.arguments ?? {} : {}
}

/** What a request of MCP is about. */
export const operationOf = (
  { method, payload, target }: Pick<McpServer.MiddlewareOptions, "method" | "payload" | "target">
): Operation =>
  isListing(method)
    ? { method, target, arguments: undefined, listing: true }
    : { method, target, arguments: argumentsOf(method, payload), listing: false }

/** Whether a list would show the target of an operation. */
const isListed = <R>(policy: Policy<R>, { operation, ...question }: Question) =>
  Effect.map(
    decide(policy, { ...question, operation: { ...operation, arguments: undefined, listing: true } }),
    ({ permitted }) => permitted
  )

const isConcealed = Effect.fnUntraced(function*<R>(policy: Policy<R>, question: Question, refusal: Refusal) {
  const { visibility } = yield* currentAccess
  // Who has no token is always told to log in, wherever they knock.
  if (refusal._tag === "MissingCredentials") return false
  if (refusal._tag === "InsufficientScope" && visibility !== "concealed") return false
  return !(yield* isListed(policy, question))
})

/** Whether a list shows what its reader may not do. */
const shows = (visibility: Access["Service"]["visibility"], { _tag }: Refusal): boolean =>
  visibility === "open" || (visibility === "locked" && _tag === "InsufficientScope")

const judged = Effect.fnUntraced(function*<R>(policy: Policy<R>, question: Question, needed: Set<string>) {
  const access = yield* currentAccess
  const { permitted, refusal, trace } = yield* decide(policy, question)
  if (permitted || refusal === undefined) {
    recordSatisfied(needed, judgePlainly(policy, question))
    return true
  }
  if (question.operation.listing) return shows(access.visibility, refusal)
  if (yield* isConcealed(policy, question, refusal)) return yield* Effect.as(access.conceal(refusal, trace), false)
  return yield* Effect.flatMap(access.refuse(withNeeded(refusal, needed), trace), Effect.fail)
})

/** What a list shows is nothing that is being done, so what it needs is not asked for together with anything. */
const neededIn = (context: Context.Context<never>): Set<string> =>
  Option.match(Context.getOption(context, Ongoing), { onNone: () => new Set(), onSome: ({ needed }) => needed })

/**
 * Whether the target of a request is there for its caller. Fails with the answer if it is there, but locked.
 */
export const visibleTo = <R>(
  policy: Policy<R>,
  request: Pick<McpServer.MiddlewareOptions, "method" | "payload" | "target">,
  caller: AuthInfo["Service"]
): Effect.Effect<boolean, McpSchema.McpErrorBase, Exclude<R, AuthInfo>> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const { hierarchy, refuse } = accessIn(context)
    const question: Question = { caller, hierarchy, operation: operationOf(request) }
    const needed = neededIn(context)
    // What claims alone permit is permitted, whatever checks would say.
    const plainly = judgePlainly(policy, question)
    if (plainly.outcome === "yes") {
      recordSatisfied(needed, plainly)
      return Effect.succeed(true)
    }
    return judged(policy, question, needed).pipe(
      Effect.catchTag(
        "VerificationUnavailable",
        (error) => Effect.flatMap(refuse(error, undefined), Effect.fail)
      ),
      Effect.provideService(AuthInfo, caller)
    )
  })
