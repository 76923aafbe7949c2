import * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AuthInfo } from "../../token/AuthInfo.ts"
import { bound } from "./bound.ts"
import { visibleTo } from "./enforce.ts"
import type { Policy } from "./model.ts"
import { readingOf, RouterPath } from "./reading.ts"

/** A policy that guards a registration from outside, and has what its checks need. */
export type Guard = Policy<AuthInfo>

/** The guards of a registration, as an annotation. */
export const Guards = Context.Reference<ReadonlyArray<Guard>>(
  "@effect-mcp-auth/core/policy/internal/guard/Guards",
  { defaultValue: () => [] }
)

/**
 * The guards that the server of a request has judged, together with whatever else has to be satisfied, so that one answer
 * speaks for all. Every other guard is enforced where it was put.
 */
export const Judged = Context.Reference<ReadonlyArray<Guard>>(
  "@effect-mcp-auth/core/policy/internal/guard/Judged",
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

/** What a guarded registration requires: a caller for each request, and what the checks need when it is built. */
export type GuardRequirements<RIn, R> =
  | RIn
  | McpServer.McpServer
  | McpServer.McpRequest<"Requires", AuthInfo>
  | Exclude<R, AuthInfo>

/** Puts a policy around everything that a layer registers. */
export const guard = <R>(policy: Policy<R>) =>
<A, E, RIn>(
  self: Layer.Layer<A, E, RIn>
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
  }))
