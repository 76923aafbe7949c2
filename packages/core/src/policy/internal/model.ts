import * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import * as Pipeable from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import { printable } from "../../metadata/internal/printable.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { ClaimPath, RoleClaim } from "../../token/internal/claimWords.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"

/**
 * The operation that a policy decides on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation {
  /** The MCP method, for example `tools/call`. Empty outside of MCP. */
  readonly method: string
  /**
   * The name of the tool or prompt, or the URI of the resource. The URI of a template is canonical: the template with its
   * decoded parameters, in which only `%`, `/`, `?`, `#` and `;` are percent-encoded. All spellings of a URI that lead to
   * the same handler call have the same target. In lists and completions: the URI template itself.
   */
  readonly target: string
  /** The URI template, if the resource is registered as a template. */
  readonly template?: string | undefined
  /**
   * For `resources/read` of a template: its decoded parameters by name, before the schemas of the template decode them
   * further. `Policy.byParameters` decodes them with a schema.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The arguments of a tool or prompt, as the client sent them. For other methods: the parameters of the request. */
  readonly arguments: unknown
  /** Whether the operation only lists entries. A list has no arguments and no parameters. */
  readonly listing: boolean
}

const TypeId = "~effect-mcp-auth/Policy"

/** Every policy can be piped and printed. */
interface Common extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly toString: () => string
}

/** Satisfied by every caller, also without a token. */
interface Anonymous extends Common {
  readonly _tag: "Anonymous"
}

/** Satisfied by every caller with a valid token. */
interface Authenticated extends Common {
  readonly _tag: "Authenticated"
}

/** Satisfied by a caller that was granted all these scopes. */
export interface Scopes extends Common {
  readonly _tag: "Scopes"
  readonly scopes: ReadonlyArray<string>
}

/** Satisfied by a caller that has a role. */
export interface Role extends Common {
  readonly _tag: "Role"
  readonly role: string
  readonly paths: ReadonlyArray<RoleClaim>
}

/** Satisfied by claims that a predicate accepts. */
interface Claim extends Common {
  readonly _tag: "Claim"
  readonly label: string
  readonly holds: (claims: Schema.JsonObject) => boolean
}

/** Satisfied if an effect succeeds with `true`. */
export interface Check<out R> extends Common {
  readonly _tag: "Check"
  readonly label: string
  /** Whether the check needs the operation. Such a check does not run for lists. */
  readonly needsOperation: boolean
  readonly run: (operation: Operation) => Effect.Effect<boolean, VerificationUnavailable, R>
}

/** Satisfied if the policy is satisfied that is created for the operation. */
interface ByOperation<out R> extends Common {
  readonly _tag: "ByOperation"
  readonly label: string
  readonly policyOf: (operation: Operation) => Policy<R>
}

/** Satisfied if every part is satisfied. */
interface AllOf<out R> extends Common {
  readonly _tag: "AllOf"
  readonly parts: ReadonlyArray<Policy<R>>
}

/** Satisfied if at least one part is satisfied. */
interface AnyOf<out R> extends Common {
  readonly _tag: "AnyOf"
  readonly parts: ReadonlyArray<Policy<R>>
}

/** Satisfied if the part is not satisfied. Never satisfied by a caller without a token. */
interface Not<out R> extends Common {
  readonly _tag: "Not"
  readonly part: Policy<R>
}

/**
 * A rule that decides which callers may use a tool, resource or prompt. `R` is the services that its checks require.
 *
 * @category models
 * @since 0.1.0
 */
export type Policy<R = never> =
  | Anonymous
  | Authenticated
  | Scopes
  | Role
  | Claim
  | Check<R>
  | ByOperation<R>
  | AllOf<R>
  | AnyOf<R>
  | Not<R>

/** A policy whose checks require any services. */
export type Any = Policy<unknown>

/** The caller of one request. */
export type Caller = AuthInfo["Service"]

/** The default paths of roles: Keycloak, Entra ID, Amazon Cognito, Auth0. */
export const rolePaths: ReadonlyArray<ClaimPath> = [
  ["realm_access", "roles"],
  ["roles"],
  ["cognito:groups"],
  ["permissions"]
]

/** The claim of permissions at Auth0, WorkOS, Kinde and others. */
export const permissionPaths: ReadonlyArray<ClaimPath> = [["permissions"]]

const commaSeparated = (parts: ReadonlyArray<string>): string => parts.join(", ")

const quotedLiteral = (text: string): string => printable(JSON.stringify(text), Infinity)

const arrayLiteral = (parts: ReadonlyArray<string>): string => `[${commaSeparated(parts)}]`

const pathLiteral = (path: ClaimPath): string => arrayLiteral(path.map(quotedLiteral))

const formatRoleClaim = (claim: RoleClaim): string => {
  if (!("path" in claim)) return pathLiteral(claim)
  const { keys, member, path, separator, unless } = claim
  const members = [
    `path: ${pathLiteral(path)}`,
    ...separator === undefined ? [] : [`separator: ${quotedLiteral(separator)}`],
    ...keys === undefined ? [] : [`keys: ${keys}`],
    ...member === undefined ? [] : [`member: ${quotedLiteral(member)}`],
    ...unless === undefined ? [] : [`unless: ${quotedLiteral(unless)}`]
  ]
  return `{ ${commaSeparated(members)} }`
}

const formatRole = ({ paths, role }: Role): string => {
  if (paths === permissionPaths) return `permission(${quotedLiteral(role)})`
  const at = paths === rolePaths
    ? ""
    : `, { at: ${arrayLiteral(paths.map(formatRoleClaim))} }`
  return `role(${quotedLiteral(role)}${at})`
}

/** The policy as the code that creates it, without the functions in it. */
export const format = (policy: Any): string => {
  switch (policy._tag) {
    case "Anonymous":
      return "anonymous"
    case "Authenticated":
      return "authenticated"
    case "Scopes":
      return `scopes(${commaSeparated(policy.scopes.map(quotedLiteral))})`
    case "Role":
      return formatRole(policy)
    case "Claim":
      return `claim(${quotedLiteral(policy.label)})`
    case "Check":
      return `check(${quotedLiteral(policy.label)})`
    case "ByOperation":
      return `byOperation(${quotedLiteral(policy.label)})`
    case "AllOf":
      return `allOf(${commaSeparated(policy.parts.map(format))})`
    case "AnyOf":
      return `anyOf(${commaSeparated(policy.parts.map(format))})`
    case "Not":
      return `not(${format(policy.part)})`
  }
}

const Proto = {
  ...Pipeable.Prototype,
  [TypeId]: TypeId,
  toString(this: Any) {
    return format(this)
  }
}

type NodeFields<P> = P extends unknown ? Omit<P, "toString" | "pipe" | typeof TypeId> : never

/** Creates a policy node that can be printed and piped. */
export const node = <R>(fields: NodeFields<Policy<R>>): Policy<R> =>
  // The prototype has the members that the fields lack.
  Object.assign(Object.create(Proto), fields) as Policy<R>

/** Whether a value is a policy. */
export const isPolicy = (value: unknown): value is Any => Predicate.hasProperty(value, TypeId)

/** The value at a path in the claims. */
export const claimAt = (claims: Schema.JsonObject, path: ClaimPath): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    // Own members only: inherited members such as `constructor` are no claims.
    (value, name) => isDecodedObject(value) && Object.hasOwn(value, name) ? value[name] : undefined,
    claims
  )

const scopesIn = (policy: Any): ReadonlyArray<string> => {
  switch (policy._tag) {
    case "Scopes":
      return policy.scopes
    case "AllOf":
    case "AnyOf":
      return policy.parts.flatMap(scopesIn)
    default:
      // No client needs to request a scope that must be absent.
      return []
  }
}

/**
 * The scopes in a policy that clients may have to request.
 *
 * @category accessors
 * @since 0.1.0
 */
export const scopesOf = (policy: Any): ReadonlyArray<string> => Arr.dedupe(scopesIn(policy))

/** Whether a list of scopes in a policy is empty. Parts that are created for each operation are not checked. */
export const hasEmptyScopes = (policy: Any): boolean => {
  switch (policy._tag) {
    case "Scopes":
      return policy.scopes.length === 0
    case "AllOf":
    case "AnyOf":
      return policy.parts.some(hasEmptyScopes)
    case "Not":
      return hasEmptyScopes(policy.part)
    default:
      return false
  }
}

/** Whether a caller without a token satisfies a policy. `byOperation` is the result for parts that depend on the operation. */
export const admitsAnonymous = (policy: Any, byOperation: boolean): boolean => {
  switch (policy._tag) {
    case "Anonymous":
      return true
    case "ByOperation":
      return byOperation
    case "AllOf":
      return policy.parts.every((part) => admitsAnonymous(part, byOperation))
    case "AnyOf":
      return policy.parts.some((part) => admitsAnonymous(part, byOperation))
    default:
      return false
  }
}
