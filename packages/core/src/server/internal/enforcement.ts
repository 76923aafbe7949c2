import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Access, currentAccess, CurrentOperation, unnamedOperation } from "../../policy/internal/access.ts"
import type { Trace } from "../../policy/internal/decide.ts"
import { bindServices, EnforcedGuards, isVisibleTo, operationOf } from "../../policy/internal/enforce.ts"
import { type Resources, uriResolverOf } from "../../policy/internal/resourceUri.ts"
import { allOf, type Policy } from "../../policy/Policy.ts"
import { anonymous, AuthInfo } from "../../token/AuthInfo.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import * as Challenge from "../Challenge.ts"
import type { Availability } from "./availability.ts"
import type { Policies, Registrations } from "./registrations.ts"
import type { McpAuth, ServiceWithInternals } from "./service.ts"
import { recordRefusal } from "./telemetry.ts"

/** The refusals of the messages in one HTTP request. */
export interface Refusals {
  readonly access: Access["Service"]
  /** The error for all refusals together, if there are any. */
  readonly error: () => AuthError | undefined
  /** Gives a response the status and headers of a refusal, if its body has only refusals. */
  readonly apply: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
}

const RefusalMessage = Schema.Struct({ error: Schema.Struct({ code: Schema.Literal(Challenge.errorCode) }) })

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([RefusalMessage, Schema.NonEmptyArray(RefusalMessage)]))
)

/**
 * Whether a body has all refusals and nothing else. The body is the only place that shows this: a batch has other responses, and
 * a handler can ignore the refusal of a call within the process. Streams have started, so they are left unchanged.
 */
const holdsOnlyRefusals = ({ body }: HttpServerResponse.HttpServerResponse, count: number): boolean =>
  body._tag === "Uint8Array" &&
  Option.exists(
    decodeMessages(new TextDecoder().decode(body.body)),
    (messages) => (Array.isArray(messages) ? messages.length : 1) === count
  )

/** The precedence of errors in the response: a client that must log in is told so first. */
const precedence: ReadonlyArray<AuthError["_tag"]> = [
  "ServerUnavailable",
  "MissingCredentials",
  "VerificationUnavailable",
  "InsufficientScope",
  "AccessDenied"
]

/** One error for all refusals. Its challenge has the scopes that all messages need. */
const combinedError = (errors: Arr.NonEmptyReadonlyArray<AuthError>): AuthError => {
  const lacking = errors.filter((error) => error._tag === "InsufficientScope")
  const [first = errors[0]] = errors.toSorted((a, b) => precedence.indexOf(a._tag) - precedence.indexOf(b._tag))
  if (first._tag !== "InsufficientScope") return first
  return new InsufficientScope({
    required: Arr.dedupe(lacking.flatMap(({ required }) => required)),
    granted: first.granted
  })
}

/** Collects the refusals of a request. */
export const makeRefusals = (
  { policySettings, rejection }: Pick<ServiceWithInternals, "policySettings"> & {
    readonly rejection: (error: AuthError) => Challenge.Rejection
  },
  visibility: Access["Service"]["visibility"] = policySettings.visibility
): Refusals => {
  const errors: Array<AuthError> = []
  let first: Challenge.Rejection | undefined
  return {
    access: Access.of({
      hierarchy: policySettings.hierarchy,
      visibility,
      conceal: recordRefusal,
      refuse: (error, trace) =>
        Effect.map(recordRefusal(error, trace), () => {
          errors.push(error)
          const rejected = rejection(error)
          first ??= rejected
          return new McpSchema.McpErrorBase({ ...Challenge.jsonRpcError(rejected) })
        })
    }),
    error: () => Arr.isReadonlyArrayNonEmpty(errors) ? combinedError(errors) : undefined,
    apply: (response) => {
      if (!Arr.isReadonlyArrayNonEmpty(errors) || !holdsOnlyRefusals(response, errors.length)) return response
      // The challenge for several refusals has the scopes of all.
      const { headers, status } = errors.length === 1 && first !== undefined ? first : rejection(combinedError(errors))
      return HttpServerResponse.setHeaders(HttpServerResponse.setStatus(response, status), headers)
    }
  }
}

/** Refuses a request for a reason other than its token. */
export const refuseRequest = (
  error: AuthError,
  request: HttpServerRequest.HttpServerRequest,
  { refuse }: Pick<McpAuth["Service"], "refuse">
) => Effect.as(recordRefusal(error, undefined), refuse(error, request))

/** Lets the handler of a plain route refuse a request (`Policy.require`), and responds with the challenge. */
export const refusableRoute = <E, R>(
  respond: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  { refuse }: Pick<McpAuth["Service"], "refuse">,
  request: HttpServerRequest.HttpServerRequest
) =>
  stoppable(
    respond,
    unnamedOperation,
    ({ error, trace }) => Effect.as(recordRefusal(error, trace), refuse(error, request))
  )

/** A refusal by a handler. */
interface HandlerRefusal {
  readonly error: AuthError
  readonly trace: Trace | undefined
}

/**
 * Runs an effect that a refusal within it can stop. Then `onStop` gives the result. The effect runs in its own fiber, so that
 * its interruption does not interrupt the response. If it has forked fibers, these live until the response was sent.
 */
export const stoppable = <A, E, R, E2, R2>(
  self: Effect.Effect<A, E, R>,
  operation: CurrentOperation["Service"]["operation"],
  onStop: (stopped: HandlerRefusal) => Effect.Effect<A, E2, R2>,
  isExact = true
): Effect.Effect<A, E | E2, Exclude<R, CurrentOperation> | R2> =>
  Effect.suspend(() => {
    let stopped: HandlerRefusal | undefined
    let answer: Effect.Effect<A, E | E2, R2> | undefined
    let resume: ((answer: Effect.Effect<A, E | E2, R2>) => void) | undefined
    const end = (exit: Exit.Exit<A, E>): void => {
      answer ??= stopped === undefined ? exit : onStop(stopped)
    }
    const respond = (): void => {
      if (answer !== undefined) resume?.(answer)
    }
    const stoppableSelf = Effect.withFiber<A, E, Exclude<R, CurrentOperation>>((fiber) => {
      const stop: CurrentOperation["Service"]["stop"] = (error, trace) =>
        Effect.suspend(() => {
          stopped ??= { error, trace }
          fiber.interruptUnsafe()
          // The refusing fiber stops here, even if it is another one, and waits for no other fiber.
          return Effect.interrupt
        })
      const running = Effect.provideService(self, CurrentOperation, {
        operation,
        isExact,
        earlierScopes: new Set(),
        stop
      })
      return Effect.onExit(running, (exit) => {
        end(exit)
        // If it has forked fibers, its own fiber waits for them, and the response does not.
        fiber.currentDispatcher.scheduleTask(respond, 0)
        return Effect.void
      })
    })
    return Effect.flatMap(
      Effect.forkChild(Effect.awaitAllChildren(stoppableSelf), { startImmediately: true, uninterruptible: "inherit" }),
      (fiber) =>
        Effect.callback<A, E | E2, R2>((resumeWith) => {
          resume = resumeWith
          fiber.addObserver((exit) => {
            end(exit)
            respond()
          })
          // The end of this fiber interrupts the other one, and with it what it has forked.
          return Fiber.interrupt(fiber)
        })
    )
  })

/** Lets MCP handlers refuse an operation (`Policy.require`). */
export const refusableOperations = (server: Resources) => {
  const resolver = uriResolverOf(server)
  return McpServer.middleware((respond, request) => {
    const { isExact, operation } = operationOf(request, resolver)
    if (operation.listing) return respond
    const refuse = ({ error, trace }: HandlerRefusal) =>
      Effect.flatMap(currentAccess, ({ refuse }) => Effect.flatMap(refuse(error, trace), Effect.fail))
    return stoppable(respond, operation, refuse, isExact)
  })
}

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
 * Marks the guards that were evaluated for this operation. A handler can call its own server within the process. Then the
 * guards of the outer operation do not count for the inner one, even if the inner one has no guards.
 */
const markEnforcedGuards = ({ policiesOf }: Registrations) =>
  McpServer.middleware((respond, request) => {
    const { guards } = policiesOf(request)
    return Effect.updateContext(respond, (context: Context.Context<never>) => {
      const isMarked = guards.length === 0 && Context.get(context, EnforcedGuards).length === 0
      return isMarked ? context : Context.add(context, EnforcedGuards, guards)
    })
  })

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
        const found = registrations.policiesOf(request)
        if (found.own === undefined && found.guards.length === 0) return Effect.succeed(true)
        return Effect.contextWith((context: Context.Context<never>) =>
          isVisibleTo(policyOf(found), request, callerIn(context), registrations.resolver)
        )
      }
    })
  ).combine(markEnforcedGuards(registrations))
