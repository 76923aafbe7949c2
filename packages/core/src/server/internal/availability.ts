import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as HttpEffect from "effect/http/HttpEffect"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ServerUnavailable } from "../../token/TokenError.ts"

/**
 * Whether the protection of a server is in force. Routes can be reached before the server behind them is complete, and
 * handlers of the Fetch API still run after their scope has closed. Requests are refused at both times.
 */
export interface Availability {
  /** The reason why requests are refused now, if they are. */
  readonly problem: () => ServerUnavailable | undefined
  /** Accepts requests until the scope closes, and none afterwards. */
  readonly open: Effect.Effect<void, never, Scope.Scope>
}

/** Refuses all requests until it is opened. */
export const makeAvailability = (): Availability => {
  let problem: ServerUnavailable | undefined = new ServerUnavailable({ reason: "starting" })
  return {
    problem: () => problem,
    open: Effect.acquireRelease(
      Effect.sync(() => {
        problem = undefined
      }),
      () =>
        Effect.sync(() => {
          problem = new ServerUnavailable({ reason: "closed" })
        })
    )
  }
}

/** The availability of the MCP server behind a gate. The gate is built first, and the server opens it when it is complete. */
export class ServerAvailability extends Context.Service<ServerAvailability, Availability>()(
  "@effect-mcp-auth/core/server/internal/availability/ServerAvailability"
) {
  /** A new instance for each gate. */
  static readonly layer = (): Layer.Layer<ServerAvailability> => Layer.sync(ServerAvailability, makeAvailability)

  /** Opens the gate. It is built last, so it is finalized first: the gate closes before its guards end. */
  static readonly opened = (): Layer.Layer<never, never, ServerAvailability> =>
    Layer.effectDiscard(Effect.flatMap(ServerAvailability, ({ open }) => open))
}

/** Accepts requests from now until the scope closes. */
export const openAvailability: Effect.Effect<Availability, never, Scope.Scope> = Effect.suspend(() => {
  const availability = makeAvailability()
  return Effect.as(availability.open, availability)
})

/** Tracks an effect that responds to a request, so that it ends together with the server. */
export type Track = <A, E, R>(
  respond: Effect.Effect<A, E, R>,
  ended: () => HttpServerResponse.HttpServerResponse
) => Effect.Effect<A, E, R>

/**
 * Ends the pending requests when the scope closes, which must be after the server was finalized. A long-lived MCP server of
 * Effect would never respond to them, because its fibers have ended. Streams that have started end by themselves.
 */
export const trackRequests: Effect.Effect<Track, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new Map<Fiber.Fiber<unknown, unknown>, () => HttpServerResponse.HttpServerResponse>()),
    (requests) =>
      Effect.sync(() => {
        for (const [fiber, ended] of requests) {
          HttpEffect.appendPreResponseHandlerUnsafe(fiber.context, () => Effect.succeed(ended()))
          // Nothing waits for the interruption, because a handler may have closed the scope.
          fiber.interruptUnsafe()
        }
      })
  ),
  (requests): Track => (respond, ended) =>
    Effect.withFiber((fiber) => {
      requests.set(fiber, ended)
      return Effect.onExitPrimitive(respond, () => {
        requests.delete(fiber)
        return undefined
      })
    })
)
