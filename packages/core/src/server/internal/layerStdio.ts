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
import { enforcePolicies, refusableOperations } from "./mcpMiddleware.ts"
import { makeRefusals } from "./refusals.ts"
import { type Registrations, registrations } from "./registrations.ts"
import { checkPolicies, type PolicySettings, policySettingsOf } from "./service.ts"

/**
 * The user of a server on stdio.
 *
 * @category models
 * @since 0.1.0
 */
export type StdioUser = Partial<AuthInfo["Service"]> & Pick<AuthInfo["Service"], "subject" | "scopes">

/**
 * Options for policies on stdio.
 *
 * @category models
 * @since 0.1.0
 */
export type StdioOptions = Pick<Options, "policy" | "scopeHierarchy" | "visibility">

/** The requirements of requests that the layer provides. */
type Provided<S> =
  | McpServer.McpRequest<"Requires", AuthInfo>
  | McpServer.McpRequest<"Requires", Policy.Needs<S>>

/** A response without a challenge, because stdio has no login. */
const rejection = (error: Parameters<typeof Challenge.rejection>[0]): Challenge.Rejection => ({
  ...Challenge.rejection(error, { resourceMetadata: "", scopes: [] }),
  challenge: undefined
})

/** The resource in errors, because stdio has no resource identifier. */
const stdioResource = "stdio"

/**
 * Provides the user to each request. Registrations are built after this layer. So if one of their policies has an empty list
 * of scopes, every request gets that error.
 */
const provideUser = (user: StdioUser, policySettings: PolicySettings, registered: Registrations) => {
  const info = { ...anonymous, issuer: "stdio", ...user }
  const checked = Effect.suspend(() => checkPolicies(registered.policies(), stdioResource)).pipe(
    Effect.tapError(({ message }) => Effect.logError(message)),
    Effect.mapError(({ message }) => new McpSchema.InternalError({ message }))
  )
  return McpServer.middleware<{ provides: AuthInfo }>()((respond) =>
    respond.pipe(
      Effect.provideService(AuthInfo, info),
      Effect.provideService(Access, makeRefusals({ policySettings, rejection }).access),
      (respond) => Effect.andThen(checked, respond)
    )
  )
}

/**
 * Provides `AuthInfo` on stdio, where the program knows the user and no token is verified. The same tools run there with the
 * same policies. Provide it to the registrations of `McpServer.layerStdio`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStdio = <S = never>(
  user: StdioUser,
  options: StdioOptions = {}
): Layer.Layer<Provided<S>, InvalidOptions | InvalidScopeHierarchy, McpServer.McpServer | S> =>
  Layer.unwrap(Effect.gen(function*() {
    const policySettings = yield* policySettingsOf(options, stdioResource)
    const server = yield* McpServer.McpServer
    const registered = registrations(server, policySettings.policy)
    const enforced = enforcePolicies<S>(registered, yield* openAvailability).combine(refusableOperations(registered))
      .combine(
        provideUser(user, policySettings, registered)
      )
    return Layer.merge(
      enforced.layer,
      // A marker exists in types only. The enforcement of the policies requires the services themselves.
      Layer.succeedContext(Context.empty() as Context.Context<Provided<S>>)
    )
  }))
