import * as McpServer from "effect/ai/McpServer"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { currentAccess, Ongoing } from "../../policy/internal/access.ts"
import { bound } from "../../policy/internal/bound.ts"
import { operationOf, visibleTo } from "../../policy/internal/enforce.ts"
import { Judged } from "../../policy/internal/guard.ts"
import type { Trace } from "../../policy/internal/judge.ts"
import { allOf, type Policy } from "../../policy/Policy.ts"
import { anonymous, AuthInfo } from "../../token/AuthInfo.ts"
import type { AuthError } from "../../token/TokenError.ts"
import type { Policies, Registrations } from "./registrations.ts"

/** A refusal from within what is being done. */
interface Stopped {
  readonly error: AuthError
  readonly trace: Trace | undefined
}

/** Does something that can be ended by a refusal from within, and says what to do then. */
export const stoppable = Effect.fnUntraced(function*<A, E, R, E2, R2>(
  self: Effect.Effect<A, E, R>,
  operation: Ongoing["Service"]["operation"],
  onStop: (stopped: Stopped) => Effect.Effect<A, E2, R2>
): Effect.fn.Return<A, E | E2, Exclude<R, Ongoing> | R2> {
  const stopped = yield* Deferred.make<Stopped>()
  const stop: Ongoing["Service"]["stop"] = (error, trace) =>
    // Interrupted as soon as the refusal has been heard, even where nothing else may be.
    Effect.andThen(Deferred.succeed(stopped, { error, trace }), Effect.interruptible(Effect.never))
  return yield* Effect.raceFirst(
    Effect.provideService(self, Ongoing, { operation, stop }),
    Effect.flatMap(Deferred.await(stopped), onStop)
  )
})

/** Lets handlers refuse what they are doing (`Policy.require`). */
export const refusable = () =>
  McpServer.middleware((respond, request) => {
    const operation = operationOf(request)
    if (operation.listing) return respond
    return stoppable(respond, operation, ({ error, trace }) =>
      Effect.flatMap(currentAccess, ({ refuse }) =>
        Effect.flatMap(refuse(error, trace), Effect.fail)))
  })

/** Who calls. What is called in process, without anybody's token, is called by nobody. */
const caller = Effect.map(Effect.serviceOption(AuthInfo), Option.getOrElse(() => anonymous))

/** Everything that has to be satisfied, as one policy, so that one answer speaks for all. */
const together = <S>({ guards, own }: Policies, services: Context.Context<S>): Policy<AuthInfo> => {
  // What the tools of a server need was collected from their types.
  const all = own === undefined ? guards : [bound(own as Policy<S | AuthInfo>, services), ...guards]
  const [only, ...others] = all
  return only === undefined || others.length > 0 ? allOf(...all) : only
}

/** Tells guards that they have been judged. */
const relieving = (registrations: Effect.Effect<Registrations>) =>
  McpServer.middleware((respond, { method, target }) =>
    Effect.flatMap(
      registrations,
      ({ policiesOf }) => Effect.provideService(respond, Judged, policiesOf(method, target).guards)
    )
  )

/**
 * Enforces the policies on tools, the default for everything that has none, and the guards of everything that is known here.
 * `S` is what the checks on tools need: it is there when the server is built, and what a request provides comes first.
 */
export const policies = <S>(registrations: Effect.Effect<Registrations>) =>
  McpServer.visibility(
    Effect.map(
      Effect.context<S>(),
      (services) =>
        Effect.fnUntraced(function*(request: McpServer.MiddlewareOptions) {
          const { policiesOf } = yield* registrations
          const policy = together(policiesOf(request.method, request.target), services)
          return yield* Effect.provideService(visibleTo(policy, request), AuthInfo, yield* caller)
        })
    )
  ).combine(relieving(registrations))
