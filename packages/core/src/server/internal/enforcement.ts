import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
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
import type { Guard, McpAuth } from "./service.ts"
import { refused } from "./telemetry.ts"

/** The refusals of the parts of one request. */
export interface Refusals {
  readonly access: Access["Service"]
  /** The error that speaks for everything that was refused, if something was. */
  readonly error: () => AuthError | undefined
  /** The answer to the whole request: if nothing but refusals is in it, it is one. */
  readonly answer: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
}

const Refused = Schema.Struct({ error: Schema.Struct({ code: Schema.Literal(Challenge.errorCode) }) })

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([Refused, Schema.NonEmptyArray(Refused)]))
)

/** Whether a body holds refusals, as many as there were, and nothing else. What streams already is not looked at. */
const holdsOnlyRefusals = ({ body }: HttpServerResponse.HttpServerResponse, count: number): boolean =>
  body._tag === "Uint8Array" &&
  Option.exists(
    decodeMessages(new TextDecoder().decode(body.body)),
    (messages) => (Array.isArray(messages) ? messages.length : 1) === count
  )

/** The order in which errors speak for a request: who has to log in hears that first. */
const order: ReadonlyArray<AuthError["_tag"]> = [
  "ServerUnavailable",
  "MissingCredentials",
  "VerificationUnavailable",
  "InsufficientScope",
  "AccessDenied"
]

/** The error that speaks for all: what all parts need goes into one challenge. */
const spokesman = (errors: Arr.NonEmptyReadonlyArray<AuthError>): AuthError => {
  const lacking = errors.filter((error) => error._tag === "InsufficientScope")
  const [first = errors[0]] = errors.toSorted((a, b) => order.indexOf(a._tag) - order.indexOf(b._tag))
  if (first._tag !== "InsufficientScope") return first
  return new InsufficientScope({
    required: Arr.dedupe(lacking.flatMap(({ required }) => required)),
    granted: first.granted
  })
}

/** Collects what is refused while a request is answered. */
export const makeRefusals = (
  { answer, terms }: Pick<Guard, "answer" | "terms">,
  visibility: Access["Service"]["visibility"] = terms.visibility
): Refusals => {
  const errors: Array<AuthError> = []
  let first: Challenge.Answer | undefined
  return {
    access: Access.of({
      hierarchy: terms.hierarchy,
      visibility,
      conceal: refused,
      refuse: (error, trace) =>
        Effect.map(refused(error, trace), () => {
          errors.push(error)
          const answered = answer(error)
          first ??= answered
          return new McpSchema.McpErrorBase({ ...Challenge.jsonRpcError(answered) })
        })
    }),
    error: () => Arr.isReadonlyArrayNonEmpty(errors) ? spokesman(errors) : undefined,
    answer: (response) => {
      if (!Arr.isReadonlyArrayNonEmpty(errors) || !holdsOnlyRefusals(response, errors.length)) return response
      // The challenge for several refusals names the scopes of all.
      const { headers, status } = errors.length === 1 && first !== undefined ? first : answer(spokesman(errors))
      return HttpServerResponse.setHeaders(HttpServerResponse.setStatus(response, status), headers)
    }
  }
}

/** Lets the handler of a plain route refuse what it does (`Policy.require`), and answers with the challenge. */
export const refusableRoute = <E, R>(
  respond: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  { refuse }: Pick<McpAuth["Service"], "refuse">,
  request: HttpServerRequest.HttpServerRequest
) =>
  stoppable(respond, unnamedOperation, ({ error, trace }) => Effect.as(refused(error, trace), refuse(error, request)))

/** A refusal from within what is being done. */
interface Stopped {
  readonly error: AuthError
  readonly trace: Trace | undefined
}

/**
 * Does something that can be ended by a refusal from within, and says what to do then. It is done in a fiber of its own, so
 * that its end is not the end of whoever answers. That fiber stays until the answer has gone out, and with it what it has
 * forked.
 */
export const stoppable = <A, E, R, E2, R2>(
  self: Effect.Effect<A, E, R>,
  operation: CurrentOperation["Service"]["operation"],
  onStop: (stopped: Stopped) => Effect.Effect<A, E2, R2>,
  isExact = true
): Effect.Effect<A, E | E2, Exclude<R, CurrentOperation> | R2> =>
  Effect.uninterruptibleMask((restore) => {
    const stopped = MutableRef.make<Stopped | undefined>(undefined)
    const ended = Deferred.makeUnsafe<A, E>()
    const stoppableSelf = Effect.withFiber<A, E, Exclude<R, CurrentOperation>>((fiber) => {
      const stop: CurrentOperation["Service"]["stop"] = (error, trace) =>
        Effect.suspend(() => {
          if (MutableRef.get(stopped) === undefined) MutableRef.set(stopped, { error, trace })
          fiber.interruptUnsafe()
          // Whoever refuses goes no further, in whichever fiber they are, and waits for nobody.
          return Effect.interrupt
        })
      return Effect.provideService(self, CurrentOperation, { operation, isExact, earlierScopes: new Set(), stop })
    })
    const untilAnswered = Effect.onExit(restore(stoppableSelf), (exit) => Deferred.done(ended, exit)).pipe(
      Effect.andThen(restore(Effect.never))
    )
    const answered = (fiber: Fiber.Fiber<A, E>) =>
      Effect.onInterrupt(Effect.exit(restore(Deferred.await(ended))), () => Fiber.interrupt(fiber))
    return Effect.forkChild(untilAnswered, { startImmediately: true }).pipe(
      Effect.flatMap(answered),
      Effect.flatMap((exit): Effect.Effect<A, E | E2, R2> => {
        const refusal = MutableRef.get(stopped)
        return refusal === undefined ? exit : restore(onStop(refusal))
      })
    )
  })

/** Lets handlers refuse what they are doing (`Policy.require`). */
export const refusable = (server: Resources) => {
  const resolver = uriResolverOf(server)
  return McpServer.middleware((respond, request) => {
    const { isExact, operation } = operationOf(request, resolver)
    if (operation.listing) return respond
    const refuse = ({ error, trace }: Stopped) =>
      Effect.flatMap(currentAccess, ({ refuse }) => Effect.flatMap(refuse(error, trace), Effect.fail))
    return stoppable(respond, operation, refuse, isExact)
  })
}

/** Who calls. What is called in process, without anybody's token, is called by nobody. */
const callerIn = <R>(context: Context.Context<R>): AuthInfo["Service"] =>
  Option.getOrElse(Context.getOption(context, AuthInfo), () => anonymous)

/** Everything that has to be satisfied, as one policy, so that one answer speaks for all. */
export const together = <S>({ guards, own }: Policies, services: Context.Context<S>): Policy<AuthInfo> => {
  // What the tools of a server need was collected from their types.
  const all = own === undefined ? guards : [bindServices(own as Policy<S | AuthInfo>, services), ...guards]
  const [only, ...others] = all
  return only === undefined || others.length > 0 ? allOf(...all) : only
}

/**
 * Tells guards that they have been judged for this operation. Without guards it says so as well: a handler may use its own
 * server in process, and what was judged for the outer operation is not judged for the inner one.
 */
const relieving = ({ policiesOf }: Registrations) =>
  McpServer.middleware((respond, request) => Effect.provideService(respond, EnforcedGuards, policiesOf(request).guards))

/**
 * Adds middleware to a server for as long as the server exists. `layerGlobal` alone removes it when its scope closes, and
 * requests that are already in the server, or whose handler still answers, would then run without it.
 */
export const permanent = <E, R>(middleware: Layer.Layer<never, E, R>): Layer.Layer<never, E, R> =>
  // This scope is never closed: nothing in it holds a resource.
  Layer.effectDiscard(Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(middleware, scope)))

/** Refuses what begins after the guards of a server have been finalized: the services of checks are gone then. */
const refuseClosed = ({ problem }: Availability) => {
  const error = problem()
  // The server itself may do something while it is being built.
  if (error === undefined || error.reason === "starting") return undefined
  return Effect.flatMap(currentAccess, ({ refuse }) => Effect.flatMap(refuse(error, undefined), Effect.fail))
}

/**
 * Enforces the policies on tools, the default for everything that has none, and the guards of everything that is known here.
 * `S` is what the checks on tools need: it is there when the server is built, and what a request provides comes first.
 */
export const policies = <S>(registrations: Registrations, availability: Availability) =>
  McpServer.visibility(
    Effect.map(Effect.context<S>(), (services) => (request: McpServer.MiddlewareOptions) => {
      const closed = refuseClosed(availability)
      if (closed !== undefined) return closed
      const found = registrations.policiesOf(request)
      if (found.own === undefined && found.guards.length === 0) return Effect.succeed(true)
      return Effect.contextWith((context: Context.Context<never>) =>
        isVisibleTo(together(found, services), request, callerIn(context), registrations.resolver)
      )
    })
  ).combine(relieving(registrations))
