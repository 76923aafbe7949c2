import type * as McpSchema from "effect/ai/McpSchema"
import type * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { AuthInfo } from "../../token/AuthInfo.ts"
import type { ScopeHierarchy } from "../ScopeHierarchy.ts"
import { type Access, accessIn, currentAccess, Ongoing } from "./access.ts"
import { decide, judgePlainly, type Question, recordSatisfied, type Refusal, withNeeded } from "./decide.ts"
import type { Caller, Operation, Policy } from "./model.ts"
import type { Reading } from "./reading.ts"

type Request = Pick<McpServer.MiddlewareOptions, "method" | "payload" | "requestContext" | "target">

/** How the outcome of a policy is read for a request. */
export interface Reached {
  readonly operation: Operation
  /** Whether `operation` says all that the handler receives. If not, whatever depends on the operation refuses it. */
  readonly isExact: boolean
}

const isListing = (method: string): boolean => method.endsWith("/list")

/** The arguments of a tool or prompt. */
const argumentsOf = (payload: unknown): unknown =>
  Predicate.hasProperty(payload, "arguments") ? payload.arguments ?? {} : {}

/** Whether a completion is one of a template, and not of a prompt of the same name. */
export const completesTemplate = (payload: unknown): boolean =>
  Predicate.hasProperty(payload, "reference") && Predicate.hasProperty(payload.reference, "uriTemplate")

const operationFor = ({ method, payload, requestContext, target }: Request, { read }: Reading): Reached => {
  switch (method) {
    case "resources/read": {
      const { isExact, parameters, template, uri } = read(target, requestContext)
      const operation = { method, target: uri, template, parameters, arguments: { uri }, listing: false }
      return { operation, isExact }
    }
    case "completion/complete": {
      const template = completesTemplate(payload) ? target : undefined
      return { operation: { method, target, template, arguments: payload, listing: false }, isExact: true }
    }
    default:
      return { operation: { method, target, arguments: argumentsOf(payload), listing: false }, isExact: true }
  }
}

/** The operation of an MCP request, as its handler receives it. */
export const operationOf = (request: Request, reading: Reading): Reached => {
  const { method, target } = request
  if (!isListing(method)) return operationFor(request, reading)
  const template = method === "resources/templates/list" ? target : undefined
  return { operation: { method, target, template, arguments: undefined, listing: true }, isExact: true }
}

/**
 * The operation as a policy judges it. A completion has neither arguments nor parameters yet, so it is judged like the entry
 * in the list that it belongs to: a caller who sees a template or prompt there may complete it.
 */
const questionOf = ({ isExact, operation }: Reached, caller: Caller, hierarchy: ScopeHierarchy): Question =>
  operation.method === "completion/complete"
    ? { caller, hierarchy, operation: { ...operation, arguments: undefined, listing: true } }
    : { caller, hierarchy, operation, isExact }

/** Whether a list would show the target of an operation. */
const isListed = <R>(policy: Policy<R>, { operation, ...question }: Question) =>
  Effect.map(
    decide(policy, {
      ...question,
      operation: { ...operation, arguments: undefined, parameters: undefined, listing: true },
      isExact: true
    }),
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
  if (isListing(question.operation.method)) return shows(access.visibility, refusal)
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
  request: Request,
  caller: Caller,
  reading: Reading
): Effect.Effect<boolean, McpSchema.McpErrorBase, Exclude<R, AuthInfo>> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const { hierarchy, refuse } = accessIn(context)
    const question = questionOf(operationOf(request, reading), caller, hierarchy)
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
