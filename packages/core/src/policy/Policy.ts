/**
 * Policies: declare who may use a tool, resource or prompt, next to its registration.
 *
 * A policy on a tool guards its calls and hides it from the lists of callers who may not call it. Its scopes go into the
 * challenge, so that clients can request them, and into the protected resource metadata.
 *
 * **Example** (A policy on a tool)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import { Tool } from "effect/ai"
 *
 * const policy = Policy.allOf(Policy.scopes("notes:write"), Policy.not(Policy.role("guest")))
 *
 * const AddNote = Policy.tool(policy)(Tool.make("AddNote"))
 *
 * String(policy) // => `allOf(scopes("notes:write"), not(role("guest")))`
 * AddNote.name // => "AddNote"
 * ```
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { RoleClaim } from "../token/internal/claimWords.ts"
import type { VerificationUnavailable } from "../token/TokenError.ts"
import { node, type Operation, permissionPaths, type Policy, rolePaths } from "./internal/model.ts"

export { guard, type GuardRequirements } from "./internal/enforce.ts"

export { type GuardedTool, type Needs, tool } from "./internal/enforce.ts"

export { allows, evaluate, type EvaluateOptions, require } from "./internal/access.ts"

export type { Decision, Refusal } from "./internal/decide.ts"

export type { PolicyOutcome, Trace } from "./internal/decide.ts"

export { scopesOf } from "./internal/model.ts"

export type { Operation, Policy } from "./internal/model.ts"

export type { ClaimForm, ClaimPath, RoleClaim } from "../token/internal/claimWords.ts"

/**
 * Satisfied by every caller, also without a token. The other registrations of the server still require a token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const anonymous: Policy = node({ _tag: "Anonymous" })

/**
 * Satisfied by every caller with a valid token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const authenticated: Policy = node({ _tag: "Authenticated" })

/** A list of scopes that is not empty where it is written as literals. */
type NonEmpty<S extends ReadonlyArray<string>> = S extends readonly [] ? readonly [string] : S

/**
 * Satisfied by a caller that was granted all these scopes, or broader ones.
 *
 * **Details**
 *
 * The scopes may be spread from an array, for example from a configuration. An empty array is a mistake, not a policy that
 * every caller satisfies. `McpAuth` refuses to build a server with it (`InvalidOptions`, reason `empty-scopes`), and
 * `McpAuth.layerStdio` refuses to answer requests. If such a policy is created for an operation (`byOperation`,
 * `Policy.require`), it permits nothing, and neither does its negation.
 *
 * **Example** (Scopes from a configuration)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 *
 * const configured: ReadonlyArray<string> = ["notes:read", "notes:write"]
 *
 * String(Policy.scopes(...configured)) // => `scopes("notes:read", "notes:write")`
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const scopes = <const S extends ReadonlyArray<string>>(...scopes: NonEmpty<S>): Policy =>
  node({ _tag: "Scopes", scopes: Arr.dedupe(scopes) })

/**
 * Satisfied by a caller that has a role.
 *
 * **Details**
 *
 * Providers put roles into different claims. The default claims are those of the preset, or of the verifier's option
 * `roleClaims`. Without either, they are `realm_access.roles` (Keycloak), `roles` (Entra ID), `cognito:groups` (Cognito) and
 * `permissions` (Auth0). The option `at` replaces them: each claim is a path, or a path with the form of its value.
 *
 * **Example** (Roles as the keys of an object)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 *
 * const editor = Policy.role("editor", { at: [{ path: ["urn:zitadel:iam:org:project:roles"], keys: true }] })
 *
 * String(editor) // => `role("editor", { at: [{ path: ["urn:zitadel:iam:org:project:roles"], keys: true }] })`
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const role = (role: string, options?: { readonly at?: ReadonlyArray<RoleClaim> | undefined }): Policy =>
  node({ _tag: "Role", role, paths: options?.at ?? rolePaths })

/**
 * Satisfied by a caller whose token lists a permission in the claim `permissions` (Auth0, WorkOS, Kinde).
 *
 * **Details**
 *
 * A permission says what the user may do. It is not granted to the client, so it never satisfies `Policy.scopes`. Require
 * both with `Policy.allOf(Policy.scopes(…), Policy.permission(…))`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const permission = (permission: string): Policy =>
  node({ _tag: "Role", role: permission, paths: permissionPaths })

/**
 * Satisfied by a caller whose claims match a schema and satisfy a predicate.
 *
 * **Example** (Only verified addresses of one domain)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import * as Schema from "effect/Schema"
 *
 * const staff = Policy.claim(
 *   Schema.Struct({ email: Schema.String, email_verified: Schema.Literal(true) }),
 *   ({ email }) => email.endsWith("@example.com"),
 *   "staff"
 * )
 *
 * String(staff) // => `claim("staff")`
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const claim = <A>(
  schema: Schema.ConstraintDecoder<A>,
  predicate: (claims: A) => boolean = () => true,
  label = "claims"
): Policy => {
  const decode = Schema.decodeUnknownOption(schema)
  return node({
    _tag: "Claim",
    label,
    holds: (claims) => Option.match(decode(claims), { onNone: () => false, onSome: predicate })
  })
}

/** The result of a check. The failure `VerificationUnavailable` is an outage and gets 503. */
type CheckResult<R> = Effect.Effect<boolean, VerificationUnavailable, R>

/**
 * Satisfied by callers that an effect accepts. The effect may use services, including `AuthInfo`.
 *
 * **Details**
 *
 * An effect also runs for lists. A function of the operation does not run for lists, because they have no arguments: the
 * guarded entries are listed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const check = <R>(
  effect: CheckResult<R> | ((operation: Operation) => CheckResult<R>),
  label = "check"
): Policy<R> =>
  Effect.isEffect(effect)
    ? node<R>({ _tag: "Check", label, needsOperation: false, run: () => effect })
    : node<R>({ _tag: "Check", label, needsOperation: true, run: effect })

/**
 * Satisfied by callers that an effect accepts after it received the arguments, decoded by a schema. Arguments that do not
 * match the schema are refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const checkArguments = <A, RD, R>(
  schema: Schema.ConstraintDecoder<A, RD>,
  run: (decoded: A, operation: Operation) => CheckResult<R>,
  label = "arguments"
): Policy<R | RD> => {
  const decode = Schema.decodeUnknownEffect(schema)
  return check((operation) =>
    Effect.matchEffect(decode(operation.arguments), {
      onFailure: () => Effect.succeed(false),
      onSuccess: (decoded) => run(decoded, operation)
    }), label)
}

/**
 * Creates the policy from the operation, for scopes that depend on a name or an argument.
 *
 * **Details**
 *
 * Lists and completions (`completion/complete`) have no operation yet, so the function does not run for them. The guarded
 * entries are listed, and callers who see an entry in a list may complete it. For the parameters of a template use
 * `byParameters`.
 *
 * **Example** (A scope for each tool)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 *
 * const ofTool = Policy.byOperation(({ target }) => Policy.scopes(`tool:${target}`))
 *
 * String(ofTool) // => `byOperation("operation")`
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const byOperation = <R>(policyOf: (operation: Operation) => Policy<R>, label = "operation"): Policy<R> =>
  node<R>({ _tag: "ByOperation", label, policyOf })

/**
 * Creates the policy from the parameters of a resource template, decoded by a schema. Parameters that do not match the
 * schema are refused, and so is every operation without them.
 *
 * **Details**
 *
 * Use the schemas of the template itself, so that the policy decides on the values that the handler receives. If a schema
 * decodes several texts to one value (`7` and `07` to a number), a policy on the texts would decide on something else.
 * Lists and completions have no parameters yet: see `byOperation`.
 *
 * **Example** (A scope for each notebook)
 *
 * ```ts import.meta.vitest
 * import * as Policy from "@effect-mcp-auth/core/Policy"
 * import * as Schema from "effect/Schema"
 *
 * const ofNotebook = Policy.byParameters(
 *   Schema.Struct({ id: Schema.String }),
 *   ({ id }) => Policy.scopes(`notebook:${id}`)
 * )
 *
 * String(ofNotebook) // => `byOperation("parameters")`
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const byParameters = <A, R>(
  schema: Schema.ConstraintDecoder<A>,
  policyOf: (parameters: A, operation: Operation) => Policy<R>,
  label = "parameters"
): Policy<R> => {
  const decode = Schema.decodeUnknownOption(schema)
  return byOperation<R>((operation) =>
    Option.match(decode(operation.parameters), {
      onNone: () => node<R>({ _tag: "Scopes", scopes: [] }),
      onSome: (parameters) => policyOf(parameters, operation)
    }), label)
}

/** The services that all parts require together. Without parts: none. */
type RequirementsOf<P extends ReadonlyArray<Policy<unknown>>> = [P[number]] extends [never] ? never
  : P[number] extends Policy<infer R> ? R
  : never

const withRequirementsOfAll = <P extends ReadonlyArray<Policy<unknown>>>(parts: P) =>
  // No part requires more services than all parts together.
  parts as ReadonlyArray<Policy<unknown>> as ReadonlyArray<Policy<RequirementsOf<P>>>

/**
 * Satisfied if every part is satisfied.
 *
 * @category combining
 * @since 0.1.0
 */
export const allOf = <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P): Policy<RequirementsOf<P>> =>
  // An empty `allOf` is vacuously true, and must not admit callers without a token.
  parts.length === 0 ? authenticated : node<RequirementsOf<P>>({ _tag: "AllOf", parts: withRequirementsOfAll(parts) })

/**
 * Satisfied if at least one part is satisfied.
 *
 * @category combining
 * @since 0.1.0
 */
export const anyOf = <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P): Policy<RequirementsOf<P>> =>
  node<RequirementsOf<P>>({ _tag: "AnyOf", parts: withRequirementsOfAll(parts) })

/**
 * Satisfied by a caller that has a valid token and does not satisfy the policy.
 *
 * **Details**
 *
 * A token can name claims that the provider keeps elsewhere (`_claim_names`: OpenID Connect Core, section 5.6.2). Entra ID
 * does so for users with many groups. Such a claim may have any value, so it never satisfies the negation of a role or claim.
 *
 * @category combining
 * @since 0.1.0
 */
export const not = <R>(part: Policy<R>): Policy<R> => node<R>({ _tag: "Not", part })
