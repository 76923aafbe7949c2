import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"

/** How long providers take, whatever they answer. */
const fetches = Metric.histogram("mcp_auth_fetch_seconds", {
  description: "Time of a request to an authorization server, in seconds",
  boundaries: [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
})

/** What a provider is asked for. */
export type Asked = "metadata" | "keys" | "introspection"

/** Measures a request. */
export const timed = Effect.fnUntraced(function*<A, E, R>(request: Effect.Effect<A, E, R>, asked: Asked) {
  const start = yield* Clock.currentTimeNanos
  return yield* Effect.onExit(request, (exit) =>
    Effect.flatMap(Clock.currentTimeNanos, (end) => {
      const outcome = Exit.isSuccess(exit) ? "success" : "failure"
      return Metric.update(
        Metric.withAttributes(fetches, { asked, outcome }),
        Duration.toSeconds(Duration.nanos(end - start))
      )
    }))
})
