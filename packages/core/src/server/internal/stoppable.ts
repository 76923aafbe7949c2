import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { Access, accessIn, type CurrentOperation } from "../../policy/internal/access.ts"
import type { Trace } from "../../policy/internal/decide.ts"
import type { AuthError } from "../../token/TokenError.ts"

/** A refusal by a handler. */
export interface HandlerRefusal {
  readonly error: AuthError
  readonly trace: Trace | undefined
}

/** What an effect does, as far as policies need to know. */
export type StoppableOperation = Pick<CurrentOperation, "isExact" | "known" | "operation">

/**
 * Runs an effect that a refusal within it can stop. Then `onStop` gives the result. The effect runs in its own fiber, so that
 * its interruption does not interrupt the response. If it has forked fibers, these live until the response was sent.
 */
export const stoppable = <A, E, R, E2, R2>(
  self: Effect.Effect<A, E, R>,
  { isExact, known, operation }: StoppableOperation,
  onStop: (stopped: HandlerRefusal) => Effect.Effect<A, E2, R2>
): Effect.Effect<A, E | E2, R | R2> =>
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
    const stoppableSelf = Effect.withFiber<A, E, R>((fiber) => {
      const stop: CurrentOperation["stop"] = (error, trace) =>
        Effect.suspend(() => {
          stopped ??= { error, trace }
          fiber.interruptUnsafe()
          // The refusing fiber stops here, even if it is another one, and waits for no other fiber.
          return Effect.interrupt
        })
      const current = { known, operation, isExact, earlierScopes: new Set<string>(), stop }
      const enforcedGuards = known?.policies.guards ?? []
      // The fiber runs nothing else, so its services need not be restored.
      fiber.setContext(Context.add(fiber.context, Access, { ...accessIn(fiber.context), enforcedGuards, current }))
      return Effect.onExitPrimitive(self, (exit) => {
        end(exit)
        // If it has forked fibers, its own fiber waits for them, and the response does not.
        if (resume !== undefined) fiber.currentDispatcher.scheduleTask(respond, 0)
        return undefined
      })
    })
    // The end of the fiber that responds interrupts this one, and with it what it has forked.
    return Effect.flatMap(
      Effect.forkChild(Effect.awaitAllChildren(stoppableSelf), { startImmediately: true, uninterruptible: "inherit" }),
      (fiber) =>
        answer ?? Effect.callback<A, E | E2, R2>((resumeWith) => {
          resume = resumeWith
          fiber.addObserver((exit) => {
            end(exit)
            respond()
          })
          // This fiber can have yielded after the other one had its result. No task responds then.
          respond()
          // If the response is interrupted, it waits for the finalizers of the effect.
          return Fiber.interrupt(fiber)
        })
    )
  })
