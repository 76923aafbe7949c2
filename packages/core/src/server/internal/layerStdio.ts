import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Access } from "../../policy/internal/access.ts"
import type * as Policy from "../../policy/Policy.ts"
import type { InvalidScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import { anonymous, AuthInfo } from "../../token/AuthInfo.ts"
import * as Challenge from "../Challenge.ts"
import type { InvalidOptions, Options } from "../McpAuthOptions.ts"
import { openAvailability } from "./availability.ts"
import { makeRefusals, policies, refusable } from "./enforcement.ts"
import { type Registrations, registrations } from "./registrations.ts"
import { checkPolicies, type Terms, termsOf } from "./service.ts"

/**
 * Who speaks on stdio.
 *
 * @category models
 * @since 0.1.0
 */
export type StdioUser = Partial<AuthInfo["Service"]> & Pick<AuthInfo["Service"], "subject" | "scopes">

/**
 * What may be chosen about policies on stdio.
 *
 * @category models
 * @since 0.1.0
 */
export type StdioOptions = Pick<Options, "policy" | "scopeHierarchy" | "visibility">

/** What requests no longer require. */
type Provided<S> =
  | McpServer.McpRequest<"Requires", AuthInfo>
  | McpServer.McpRequest<"Requires", Policy.Needs<S>>

/** There is nowhere to log in. */
const answer = (error: Parameters<typeof Challenge.answer>[0]): Challenge.Answer => ({
  ...Challenge.answer(error, { resourceMetadata: "", scopes: [] }),
  challenge: undefined
})

/** Stands for the resource in errors: stdio has no resource identifier. */
const name = "stdio"

/**
 * Says who speaks. Registrations are built after this layer, so an empty list of scopes in one of their policies is seen with
 * the first request: from then on every request is answered with the mistake.
 */
const speaking = (user: StdioUser, terms: Terms, found: Registrations) => {
  const info = { ...anonymous, issuer: "stdio", ...user }
  const checked = Effect.suspend(() => checkPolicies(found.policies(), name)).pipe(
    Effect.tapError(({ message }) => Effect.logError(message)),
    Effect.mapError(({ message }) => new McpSchema.InternalError({ message }))
  )
  return McpServer.middleware<{ provides: AuthInfo }>()((respond) =>
    respond.pipe(
      Effect.provideService(AuthInfo, info),
      Effect.provideService(Access, makeRefusals({ answer, terms }).access),
      (respond) => Effect.andThen(checked, respond)
    )
  )
}

/**
 * Provides `AuthInfo` on stdio, where the environment says who speaks and there is no token to verify: the same tools run
 * there, under the same policies. Provide it to the registrations of `McpServer.layerStdio`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStdio = <S = never>(
  user: StdioUser,
  options: StdioOptions = {}
): Layer.Layer<Provided<S>, InvalidOptions | InvalidScopeHierarchy, McpServer.McpServer | S> =>
  Layer.unwrap(Effect.gen(function*() {
    const terms = yield* termsOf(options, name)
    const server = yield* McpServer.McpServer
    const found = registrations(server, terms.policy)
    const enforced = policies<S>(found, yield* openAvailability).combine(refusable(server)).combine(
      speaking(user, terms, found)
    )
    return Layer.merge(
      enforced.layer,
      // A marker exists in types only: what it stands for is required by what enforces the policies.
      Layer.succeedContext(Context.empty() as Context.Context<Provided<S>>)
    )
  }))
