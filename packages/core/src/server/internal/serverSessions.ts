import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * The part of an MCP server of Effect that ends a session, and frees what is kept of it. It is internal to Effect: routes
 * have it as a service while they are added, and the only other way is DELETE, which `allowSessionTermination` may refuse to
 * clients. Without it, sessions that end do not exist for clients any more, but take the memory of the server.
 */
interface ServerRuntime {
  readonly terminateHttpSession: (headers: Headers.Headers) => Effect.Effect<unknown>
}

const runtimeIn = (services: Context.Context<never>): Option.Option<ServerRuntime> =>
  Option.liftPredicate(
    services.mapUnsafe.get("effect/ai/McpRuntime/ServerRuntime"),
    (service: unknown): service is ServerRuntime =>
      Predicate.hasProperty(service, "terminateHttpSession") && typeof service.terminateHttpSession === "function"
  )

/** The sessions of the MCP server behind a gate. The gate is built before the server. */
export class ServerSessions extends Context.Service<ServerSessions, {
  /** Finds the runtime of a server in the services that are in context when its route is added. */
  readonly register: (services: Context.Context<never>) => void
  /** Ends a session in the server. */
  readonly end: (id: string) => Effect.Effect<void>
}>()("@effect-mcp-auth/core/server/internal/serverSessions") {
  /** A new instance for each gate. */
  static readonly layer = (): Layer.Layer<ServerSessions> =>
    Layer.sync(ServerSessions, () => {
      const runtimes = new Set<ServerRuntime>()
      return {
        register: (services) => {
          const runtime = runtimeIn(services)
          if (Option.isSome(runtime)) runtimes.add(runtime.value)
        },
        // A server ignores the sessions of others.
        end: (id) =>
          Effect.forEach(
            runtimes,
            (runtime) => runtime.terminateHttpSession(Headers.fromInput({ "mcp-session-id": id })),
            { discard: true }
          )
      }
    })
}
