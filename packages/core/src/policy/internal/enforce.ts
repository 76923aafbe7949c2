import type * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { AuthInfo } from "../../token/AuthInfo.ts"
import type { ScopeHierarchy } from "../ScopeHierarchy.ts"
import { type Access, accessIn, currentAccess, Ongoing } from "./access.ts"
import { decide, judgePlainly, type Question, recordSatisfied, type Refusal, withNeeded } from "./decide.ts"
import { type Any, type Caller, type Check, node, type Operation, type Policy } from "./model.ts"
import { type Reading, readingOf, RouterPath } from "./reading.ts"

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
  const { refusal, trace } = yield* decide(policy, question)
  if (refusal === undefined) {
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
  Effect.suspend(() => permits(policy, operationOf(request, reading), caller))

/** The same for an operation that is known already. */
export const permits = <R>(
  policy: Policy<R>,
  reached: Reached,
  caller: Caller
): Effect.Effect<boolean, McpSchema.McpErrorBase, Exclude<R, AuthInfo>> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const { hierarchy, refuse } = accessIn(context)
    const question = questionOf(reached, caller, hierarchy)
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

/**
 * A policy whose checks have what they need, but for who calls: that is said by each request, and never decided when a
 * layer is built.
 */
export const bound = <R>(policy: Policy<R | AuthInfo>, services: Context.Context<R>): Policy<AuthInfo> => {
  // One for each, because parts are told apart by identity: what stands in two places is asked once.
  const checks = new WeakMap<Check<R | AuthInfo>, Check<AuthInfo>>()
  const ofCheck = (check: Check<R | AuthInfo>): Check<AuthInfo> => {
    const known = checks.get(check)
    if (known !== undefined) return known
    const made: Check<AuthInfo> = {
      ...check,
      judge: (operation) =>
        Effect.updateContext(
          check.judge(operation),
          // What a request provides comes first.
          (ofRequest: Context.Context<AuthInfo>) => Context.merge(services, ofRequest) as Context.Context<R | AuthInfo>
        )
    }
    checks.set(check, made)
    return made
  }
  const within = (part: Policy<R | AuthInfo>): Policy<AuthInfo> => {
    switch (part._tag) {
      case "Check":
        return ofCheck(part)
      case "ByOperation":
        return { ...part, policyOf: (operation) => within(part.policyOf(operation)) }
      case "AllOf":
      case "AnyOf":
        return { ...part, parts: part.parts.map(within) }
      case "Not":
        return { ...part, part: within(part.part) }
      default:
        return part
    }
  }
  return within(policy)
}

/** A policy that guards a registration from outside, and has what its checks need. */
export type Guard = Policy<AuthInfo>

/** The guards of a registration, as an annotation. */
export const Guards = Context.Reference<ReadonlyArray<Guard>>(
  "@effect-mcp-auth/core/policy/internal/enforce/Guards",
  { defaultValue: () => [] }
)

/**
 * The guards that the server of a request has judged, together with whatever else has to be satisfied, so that one answer
 * speaks for all. Every other guard is enforced where it was put.
 */
export const Judged = Context.Reference<ReadonlyArray<Guard>>(
  "@effect-mcp-auth/core/policy/internal/enforce/Judged",
  { defaultValue: () => [] }
)

type Registration = {
  readonly annotations: Context.Context<never>
  readonly services?: Context.Context<never> | undefined
}

/**
 * A server that writes down on everything that is registered with it who guards it, and puts the gate before what was
 * registered by hand, without the services that it would have found there.
 */
const annotating = (
  server: McpServer.McpServer["Service"],
  guard: Guard,
  gate: Context.Context<never>
): McpServer.McpServer["Service"] => {
  const guarded = <A extends Registration>(options: A): A => ({
    ...options,
    annotations: Context.add(options.annotations, Guards, [...Context.get(options.annotations, Guards), guard]),
    services: Context.merge(options.services ?? Context.empty(), gate)
  })
  return McpServer.McpServer.of({
    ...server,
    addTool: (options) => server.addTool(guarded(options)),
    addResource: (options) => server.addResource(guarded(options)),
    addResourceTemplate: (options) => {
      const { annotations, ...rest } = guarded(options)
      return server.addResourceTemplate({
        ...rest,
        annotations: Context.add(annotations, RouterPath, options.routerPath)
      })
    },
    addPrompt: (options) => server.addPrompt(guarded(options))
  })
}

/**
 * What a guarded layer requires.
 *
 * @category models
 * @since 0.1.0
 */
export type GuardRequirements<RIn, R> =
  | RIn
  | McpServer.McpServer
  | McpServer.McpRequest<"Requires", AuthInfo>
  | Exclude<R, AuthInfo>

/**
 * Puts a policy around everything that a layer registers: resources, templates, prompts, or a whole toolkit. What is
 * guarded twice has to satisfy both.
 *
 * **Details**
 *
 * What the checks of the policy need is required when the layer is built, like everything else that it needs.
 *
 * **Gotchas**
 *
 * A layer is built once wherever it is used: one that is registered without its guard as well may be built without it.
 * Middleware for the whole server (`layerGlobal`) belongs outside of a guard.
 *
 * **Example** (Guarding a resource, in both forms)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import { McpServer } from "effect/ai"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const note = McpServer.resource({ uri: "notes://mine", name: "mine", content: Effect.succeed("") })
 *
 * const piped = note.pipe(Policy.guard(Policy.scopes("notes:read")))
 * const called = Policy.guard(note, Policy.scopes("notes:read"))
 *
 * Layer.isLayer(piped) && Layer.isLayer(called) // => true
 * ```
 *
 * @category attaching
 * @since 0.1.0
 */
export const guard: {
  <R>(policy: Policy<R>): <A, E, RIn>(self: Layer.Layer<A, E, RIn>) => Layer.Layer<A, E, GuardRequirements<RIn, R>>
  <A, E, RIn, R>(self: Layer.Layer<A, E, RIn>, policy: Policy<R>): Layer.Layer<A, E, GuardRequirements<RIn, R>>
} = dual(2, <A, E, RIn, R>(
  self: Layer.Layer<A, E, RIn>,
  policy: Policy<R>
): Layer.Layer<A, E, GuardRequirements<RIn, R>> =>
  Layer.unwrap(Effect.gen(function*() {
    const services = yield* Effect.context<Exclude<R, AuthInfo>>()
    const server = yield* McpServer.McpServer
    const reading = readingOf(server)
    // What a policy needs is what it needs without `AuthInfo`, and `AuthInfo`.
    const guard = bound(policy as Policy<Exclude<R, AuthInfo> | AuthInfo>, services)
    const visibility = McpServer.visibility((request) =>
      Effect.flatMap(Judged, (judged) =>
        judged.includes(guard)
          ? Effect.succeed(true)
          : Effect.flatMap(AuthInfo, (caller) => visibleTo(guard, request, caller, reading)))
    )
    const gate = yield* Layer.build(visibility.layer)
    return self.pipe(
      Layer.provide(Layer.succeedContext(gate)),
      Layer.provide(Layer.succeed(McpServer.McpServer, annotating(server, guard, gate)))
    )
  })))

/** The policy that a tool was given, as an annotation. */
export class ToolPolicy extends Context.Service<ToolPolicy, Any>()(
  "@effect-mcp-auth/core/policy/internal/enforce/ToolPolicy"
) {}

/**
 * What the checks on tools need, until the server provides it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Needs<out R> {
  readonly _: unique symbol
  readonly needs: R
}

/**
 * A tool with a policy.
 *
 * @category models
 * @since 0.1.0
 */
export type GuardedTool<T extends Tool.Any, R> = T extends Tool.Tool<infer Name, infer Config, infer Requirements>
  ? Tool.Tool<Name, Config, Requirements | AuthInfo | Needs<Exclude<R, AuthInfo>>>
  : never

/**
 * Puts a policy on a tool. The tool then depends on `AuthInfo`, and on somebody who enforces policies, so that a server
 * does not compile without `McpAuth.protect` or `McpAuth.layerStdio`. What the checks of the policy need is required by
 * these. A tool with two policies has to satisfy both.
 *
 * **Example** (A policy on a tool, in both forms)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import { Tool } from "effect/ai"
 *
 * const AddNote = Policy.tool(Tool.make("AddNote"), Policy.scopes("notes:write"))
 * const [DeleteNote] = [Tool.make("DeleteNote")].map(Policy.tool(Policy.scopes("notes:delete")))
 *
 * [AddNote.name, DeleteNote?.name] // => ["AddNote", "DeleteNote"]
 * ```
 *
 * @category attaching
 * @since 0.1.0
 */
export const tool: {
  <R>(policy: Policy<R>): <T extends Tool.Any>(self: T) => GuardedTool<T, R>
  <T extends Tool.Any, R>(self: T, policy: Policy<R>): GuardedTool<T, R>
} = dual(2, <T extends Tool.Any, R>(self: T, policy: Policy<R>): GuardedTool<T, R> => {
  const before = Context.getOption(self.annotations, ToolPolicy)
  const all: Any = before._tag === "None" ? policy : node<unknown>({ _tag: "AllOf", parts: [before.value, policy] })
  // A dependency of a tool exists in its type only.
  return self.annotate(ToolPolicy, all) as Tool.Any as GuardedTool<T, R>
})
