import * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { Access, accessIn, currentAccess, type Policies } from "../../policy/internal/access.ts"
import { bindServices, type Guard, operationOf, permits } from "../../policy/internal/enforce.ts"
import { allOf, type Policy } from "../../policy/Policy.ts"
import { anonymous, AuthInfo } from "../../token/AuthInfo.ts"
import type { Availability } from "./availability.ts"
import type { Registrations } from "./registrations.ts"
import { type HandlerRefusal, stoppable } from "./stoppable.ts"

/** Marks guards as evaluated for an entry of a list. */
const withEnforcedGuards = <A, E, R>(respond: Effect.Effect<A, E, R>, enforcedGuards: ReadonlyArray<Guard>) =>
  Effect.updateContext(respond, (context: Context.Context<R>) => {
    const access = accessIn(context)
    if (enforcedGuards.length === 0 && access.enforcedGuards.length === 0) return context
    // The type of a handler does not name this internal service.
    return Context.add(context, Access, { ...access, enforcedGuards }) as Context.Context<R>
  })

const refuseStopped = ({ error, trace }: HandlerRefusal) =>
  Effect.flatMap(currentAccess, ({ refuse }) => Effect.flatMap(refuse(error, trace), Effect.fail))

/**
 * Lets MCP handlers refuse an operation (`Policy.require`), and marks the guards that the server evaluates for it. A handler
 * can call its own server within the process. Then the guards of the outer operation do not count for the inner one, even if
 * the inner one has no guards.
 */
export const refusableOperations = ({ policiesOf, resolver }: Registrations) =>
  McpServer.middleware((respond, request) => {
    const received = operationOf(request, resolver)
    const policies = policiesOf(request)
    if (received.operation.listing) return withEnforcedGuards(respond, policies.guards)
    return stoppable(respond, { ...received, known: { request, policies } }, refuseStopped)
  })

/** The caller. A call within the process, without a token, is anonymous. */
const callerIn = <R>(context: Context.Context<R>): AuthInfo["Service"] =>
  Option.getOrElse(Context.getOption(context, AuthInfo), () => anonymous)

/** All policies of an operation as one, so that one refusal covers all of them. */
export const combinedPolicy = <S>({ guards, own }: Policies, services: Context.Context<S>): Policy<AuthInfo> => {
  // The services that the tools of a server need were collected from their types.
  const all = own === undefined ? guards : [bindServices(own as Policy<S | AuthInfo>, services), ...guards]
  const [only, ...others] = all
  return only === undefined || others.length > 0 ? allOf(...all) : only
}

/**
 * Adds middleware to a server for the lifetime of the server. `layerGlobal` alone removes it when its scope closes. Pending
 * requests would then run without it.
 */
export const permanent = <E, R>(middleware: Layer.Layer<never, E, R>): Layer.Layer<never, E, R> =>
  // This scope is never closed. It holds no resource.
  Layer.effectDiscard(Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(middleware, scope)))

/** Refuses operations that start after the guards of a server were finalized, because the services of checks are closed. */
const refuseClosed = ({ problem }: Availability) => {
  const error = problem()
  // The server itself can start operations while it is built.
  if (error === undefined || error.reason === "starting") return undefined
  return Effect.flatMap(currentAccess, ({ refuse }) => Effect.flatMap(refuse(error, undefined), Effect.fail))
}

/**
 * Enforces the policies of tools, the default policy, and the guards of all registrations. `S` has the services that the
 * checks of tools need, from the time when the server is built. The services of a request take precedence.
 */
export const enforcePolicies = <S>(registrations: Registrations, availability: Availability) =>
  McpServer.visibility(
    Effect.map(Effect.context<S>(), (services) => {
      // A registration has the same policies for every request, so they are combined once.
      const combined = new WeakMap<Policies, Policy<AuthInfo>>()
      const policyOf = (policies: Policies): Policy<AuthInfo> => {
        const policy = combined.get(policies) ?? combinedPolicy(policies, services)
        combined.set(policies, policy)
        return policy
      }
      return (request: McpServer.MiddlewareOptions) => {
        const closed = refuseClosed(availability)
        if (closed !== undefined) return closed
        return Effect.contextWith((context: Context.Context<never>) => {
          const { current } = accessIn(context)
          // An entry of a list is no operation. The one in progress is then that of a handler which lists its own server.
          const own = current?.known?.request === request ? current : undefined
          const found = own?.known?.policies ?? registrations.policiesOf(request)
          if (found.own === undefined && found.guards.length === 0) return Effect.succeed(true)
          const received = own ?? operationOf(request, registrations.resolver)
          return permits(policyOf(found), received, callerIn(context), context)
        })
      }
    })
  )
