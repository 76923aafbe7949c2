import type * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { AuthInfo } from "../../token/AuthInfo.ts"
import type { ScopeHierarchy } from "../ScopeHierarchy.ts"
import { type Access, accessIn, currentAccess } from "./access.ts"
import { decide, evaluateClaims, type PolicyRequest, recordScopes, type Refusal, withEarlierScopes } from "./decide.ts"
import { type Any, type Caller, type Check, node, type Operation, type Policy } from "./model.ts"
import { RouterPath, type UriResolver, uriResolverOf } from "./resourceUri.ts"

type Request = Pick<McpServer.MiddlewareOptions, "method" | "payload" | "requestContext" | "target">

/** The operation of a request, as far as the server knows it. */
export interface ReceivedOperation {
  readonly operation: Operation
  /**
   * Whether `operation` contains everything that the handler receives. If not, each policy that depends on the operation
   * refuses it.
   */
  readonly isExact: boolean
}

const isListing = (method: string): boolean => method.endsWith("/list")

/** The arguments of a tool or prompt. */
const argumentsOf = (payload: unknown): unknown =>
  Predicate.hasProperty(payload, "arguments") ? payload.arguments ?? {} : {}

/** Whether a completion belongs to a template, and not to a prompt of the same name. */
export const completesTemplate = (payload: unknown): boolean =>
  Predicate.hasProperty(payload, "reference") && Predicate.hasProperty(payload.reference, "uriTemplate")

const operationFor = (
  { method, payload, requestContext, target }: Request,
  { resolve }: UriResolver
): ReceivedOperation => {
  switch (method) {
    case "resources/read": {
      const { isExact, parameters, template, uri } = resolve(target, requestContext)
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
export const operationOf = (request: Request, resolver: UriResolver): ReceivedOperation => {
  const { method, target } = request
  if (!isListing(method)) return operationFor(request, resolver)
  const template = method === "resources/templates/list" ? target : undefined
  return { operation: { method, target, template, arguments: undefined, listing: true }, isExact: true }
}

/**
 * The operation as policies see it. A completion has no arguments and no parameters yet, so it is evaluated like its list
 * entry: a caller who sees a template or prompt in a list may complete it.
 */
const policyRequestOf = (
  { isExact, operation }: ReceivedOperation,
  caller: Caller,
  hierarchy: ScopeHierarchy
): PolicyRequest =>
  operation.method === "completion/complete"
    ? { caller, hierarchy, operation: { ...operation, arguments: undefined, listing: true } }
    : { caller, hierarchy, operation, isExact }

/** Whether a list would show the target of an operation. */
const isListed = <R>(policy: Policy<R>, { operation, ...request }: PolicyRequest) =>
  Effect.map(
    decide(policy, {
      ...request,
      operation: { ...operation, arguments: undefined, parameters: undefined, listing: true },
      isExact: true
    }),
    ({ permitted }) => permitted
  )

const isConcealed = Effect.fnUntraced(function*<R>(policy: Policy<R>, request: PolicyRequest, refusal: Refusal) {
  const { visibility } = yield* currentAccess
  // A caller without a token is always told to log in.
  if (refusal._tag === "MissingCredentials") return false
  if (refusal._tag === "InsufficientScope" && visibility !== "concealed") return false
  return !(yield* isListed(policy, request))
})

/** Whether a list shows an entry that the caller may not use. */
const listShows = (visibility: Access["Service"]["visibility"], { _tag }: Refusal): boolean =>
  visibility === "open" || (visibility === "locked" && _tag === "InsufficientScope")

const enforce = Effect.fnUntraced(function*<R>(policy: Policy<R>, request: PolicyRequest, earlierScopes: Set<string>) {
  const access = yield* currentAccess
  const { refusal, trace } = yield* decide(policy, request)
  if (refusal === undefined) {
    recordScopes(earlierScopes, evaluateClaims(policy, request))
    return true
  }
  if (isListing(request.operation.method)) return listShows(access.visibility, refusal)
  if (yield* isConcealed(policy, request, refusal)) return yield* Effect.as(access.conceal(refusal, trace), false)
  return yield* Effect.flatMap(access.refuse(withEarlierScopes(refusal, earlierScopes), trace), Effect.fail)
})

/**
 * Whether the target of an operation exists for its caller, by the services of the request. Fails with the refusal if it
 * exists but is not permitted.
 */
export const permits = <R>(
  policy: Policy<R>,
  received: ReceivedOperation,
  caller: Caller,
  context: Context.Context<never>
): Effect.Effect<boolean, McpSchema.McpErrorBase, Exclude<R, AuthInfo>> => {
  const { current, hierarchy, refuse } = accessIn(context)
  const request = policyRequestOf(received, caller, hierarchy)
  // A list entry is not an operation, so its scopes are never added to a challenge.
  const earlierScopes = current?.earlierScopes ?? new Set()
  // If claims alone permit the operation, no check can refuse it.
  const evaluation = evaluateClaims(policy, request)
  if (evaluation.outcome === "yes") {
    recordScopes(earlierScopes, evaluation)
    return Effect.succeed(true)
  }
  return enforce(policy, request, earlierScopes).pipe(
    Effect.catchTag(
      "VerificationUnavailable",
      (error) => Effect.flatMap(refuse(error, undefined), Effect.fail)
    ),
    Effect.provideService(AuthInfo, caller)
  )
}

/** Gives the checks of a policy the services that they need, except `AuthInfo`, which each request provides. */
export const bindServices = <R>(policy: Policy<R | AuthInfo>, services: Context.Context<R>): Policy<AuthInfo> => {
  // One bound check for each check: checks are compared by identity, and one that occurs twice must run once.
  const checks = new WeakMap<Check<R | AuthInfo>, Check<AuthInfo>>()
  const bindCheck = (check: Check<R | AuthInfo>): Check<AuthInfo> => {
    const existing = checks.get(check)
    if (existing !== undefined) return existing
    const bound: Check<AuthInfo> = {
      ...check,
      run: (operation) =>
        Effect.updateContext(
          check.run(operation),
          // Services of the request take precedence.
          (requestServices: Context.Context<AuthInfo>) =>
            Context.merge(services, requestServices) as Context.Context<R | AuthInfo>
        )
    }
    checks.set(check, bound)
    return bound
  }
  const bindPart = (part: Policy<R | AuthInfo>): Policy<AuthInfo> => {
    switch (part._tag) {
      case "Check":
        return bindCheck(part)
      case "ByOperation":
        return { ...part, policyOf: (operation) => bindPart(part.policyOf(operation)) }
      case "AllOf":
      case "AnyOf":
        return { ...part, parts: part.parts.map(bindPart) }
      case "Not":
        return { ...part, part: bindPart(part.part) }
      default:
        return part
    }
  }
  return bindPart(policy)
}

/** A policy that guards a registration, with the services of its checks. */
export type Guard = Policy<AuthInfo>

/** The guards of a registration, as an annotation. */
export const Guards = Context.Reference<ReadonlyArray<Guard>>(
  "@effect-mcp-auth/core/policy/internal/enforce/Guards",
  { defaultValue: () => [] }
)

type Registration = {
  readonly annotations: Context.Context<never>
  readonly services?: Context.Context<never> | undefined
}

/**
 * Adds the guard to the annotations of every registration, and the gate to the services of handwritten registrations, which
 * lack it.
 */
const annotatingServer = (
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
 * The requirements of a guarded layer.
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
 * Puts a policy around every registration of a layer: resources, templates, prompts, or a whole toolkit. With two guards,
 * the caller must satisfy both.
 *
 * **Details**
 *
 * The services that the checks of the policy need are requirements of the layer.
 *
 * **Gotchas**
 *
 * Layers are memoized. If the same layer is also registered without its guard, it may be built without it. Middleware for
 * the whole server (`layerGlobal`) belongs outside of a guard.
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
    const resolver = uriResolverOf(server)
    // A policy needs its services without `AuthInfo`, and `AuthInfo`.
    const guard = bindServices(policy as Policy<Exclude<R, AuthInfo> | AuthInfo>, services)
    const visibility = McpServer.visibility((request) =>
      Effect.contextWith((context: Context.Context<AuthInfo>) =>
        accessIn(context).enforcedGuards.includes(guard)
          ? Effect.succeed(true)
          : permits(guard, operationOf(request, resolver), Context.get(context, AuthInfo), context)
      )
    )
    const gate = yield* Layer.build(visibility.layer)
    return self.pipe(
      Layer.provide(Layer.succeedContext(gate)),
      Layer.provide(Layer.succeed(McpServer.McpServer, annotatingServer(server, guard, gate)))
    )
  })))

/** The policy of a tool, as an annotation. */
export class ToolPolicy extends Context.Service<ToolPolicy, Any>()(
  "@effect-mcp-auth/core/policy/internal/enforce/ToolPolicy"
) {}

/**
 * The services that the checks of tools need, until the server provides them.
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
 * Puts a policy on a tool. The tool then depends on `AuthInfo` and on a server that enforces policies, so it does not
 * compile without `McpAuth.protect` or `McpAuth.layerStdio`. These require the services of the policy's checks. With two
 * policies, the caller must satisfy both.
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
 * @category attaching
 * @since 0.1.0
 */
export const tool: {
  <R>(policy: Policy<R>): <T extends Tool.Any>(self: T) => GuardedTool<T, R>
  <T extends Tool.Any, R>(self: T, policy: Policy<R>): GuardedTool<T, R>
} = dual(2, <T extends Tool.Any, R>(self: T, policy: Policy<R>): GuardedTool<T, R> => {
  const before = Context.getOption(self.annotations, ToolPolicy)
  const all: Any = before._tag === "None" ? policy : node<unknown>({ _tag: "AllOf", parts: [before.value, policy] })
  // A dependency of a tool exists only in its type.
  return self.annotate(ToolPolicy, all) as Tool.Any as GuardedTool<T, R>
})
