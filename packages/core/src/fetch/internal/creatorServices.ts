import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

/** No effect requires a span, so the context may omit it. TypeScript cannot know that for any `R`. */
const withoutSpan = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>

/**
 * The services of the creator of a verifier or a cache, for work whose result all requests share. A request can have other
 * services in context, for example an HTTP client without the address policy of the creator. `Cache` prefers those.
 */
export const creatorServices = <R>(): Effect.Effect<Context.Context<R>, never, R> =>
  Effect.map(Effect.context<R>(), withoutSpan)
