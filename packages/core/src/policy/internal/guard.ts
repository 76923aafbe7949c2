import * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import { visibleTo } from "./enforce.ts"
import type { Any, Policy } from "./model.ts"

/** The policies that guard a registration from outside, as an annotation. They are enforced where they were put. */
export const Guards = Context.Reference<ReadonlyArray<Any>>(
  "@effect-mcp-auth/core/policy/internal/guard/Guards",
  { defaultValue: () => [] }
)

type Annotated = { readonly annotations: Context.Context<never> }

/** A server that writes down on everything that is registered with it who guards it. */
const annotating = (server: McpServer.McpServer["Service"], policy: Any): McpServer.McpServer["Service"] => {
  const guarded = <A extends Annotated>(options: A): A => ({
    ...options,
    annotations: Context.add(options.annotations, Guards, [...Context.get(options.annotations, Guards), policy])
  })
  return McpServer.McpServer.of({
    ...server,
    addTool: (options) => server.addTool(guarded(options)),
    addResource: (options) => server.addResource(guarded(options)),
    addResourceTemplate: (options) => server.addResourceTemplate(guarded(options)),
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
): Layer.Layer<A, E, GuardRequirements<RIn, R>> => {
  const visibility = McpServer.visibility(
    Effect.map(
      Effect.context<Exclude<R, AuthInfo>>(),
      (services) => (request: McpServer.MiddlewareOptions) =>
        // The request's own services come first: who calls is never decided when a layer is built.
        Effect.updateContext(
          visibleTo(policy, request),
          (ofRequest: Context.Context<AuthInfo>) => Context.merge(services, ofRequest) as Context.Context<R | AuthInfo>
        )
    )
  )
  const registry = Layer.effect(
    McpServer.McpServer,
    Effect.map(McpServer.McpServer, (server) => annotating(server, policy))
  )
  return self.pipe(Layer.provide(visibility.layer), Layer.provide(registry))
}
