import * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import * as Pipeable from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import { printable } from "../../metadata/internal/printable.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"

/**
 * What somebody wants to do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation {
  /** The MCP method, for example `tools/call`. Empty outside of MCP. */
  readonly method: string
  /**
   * The name of the tool or prompt, or the URI of the resource. The URI of a template is canonical: the template with its
   * decoded parameters, in which only `%`, `/`, `?`, `#` and `;` are percent-encoded. All spellings of a URI that lead to the
   * same handler call have the same target. In lists and completions: the URI template itself.
   */
  readonly target: string
  /** The URI template, for a resource that is registered as a template. */
  readonly template?: string | undefined
  /**
   * For `resources/read` of a template: its decoded parameters by name, before the schemas of the template decode them
   * further. `Policy.byParameters` decodes them by a schema.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The arguments of a tool or prompt as the client sent them; for other methods the parameters of the request. */
  readonly arguments: unknown
  /** Whether the operation only lists what exists. A list has no arguments and no parameters. */
  readonly listing: boolean
}

const TypeId = "~effect-mcp-auth/Policy"

/** What every policy can do: be piped, and print itself. */
interface Common extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly toString: () => string
}

/** Satisfied by everybody, also without a token. */
interface Anonymous extends Common {
  readonly _tag: "Anonymous"
}

/** Satisfied by everybody who has a valid token. */
interface Authenticated extends Common {
  readonly _tag: "Authenticated"
}

/** Satisfied by whom all these scopes were granted. */
export interface Scopes extends Common {
  readonly _tag: "Scopes"
  readonly scopes: ReadonlyArray<string>
}

/**
 * Where a role may stand in the claims: the names of members, from the outside in.
 *
 * @category models
 * @since 0.1.0
 */
export type ClaimPath = readonly [string, ...ReadonlyArray<string>]

/** Satisfied by who has a role. */
export interface Role extends Common {
  readonly _tag: "Role"
  readonly role: string
  readonly paths: ReadonlyArray<ClaimPath>
}

/** Satisfied by certain claims. */
interface Claim extends Common {
  readonly _tag: "Claim"
  readonly label: string
  readonly holds: (claims: Schema.JsonObject) => boolean
}

/** Satisfied by an effect that says so. */
export interface Check<out R> extends Common {
  readonly _tag: "Check"
  readonly label: string
  /** Whether the answer depends on the operation, so that there is none for a list. */
  readonly needsOperation: boolean
  readonly run: (operation: Operation) => Effect.Effect<boolean, VerificationUnavailable, R>
}

/** Satisfied as the policy is that is made for the operation. */
interface ByOperation<out R> extends Common {
  readonly _tag: "ByOperation"
  readonly label: string
  readonly policyOf: (operation: Operation) => Policy<R>
}

/** Satisfied if every part is. */
interface AllOf<out R> extends Common {
  readonly _tag: "AllOf"
  readonly parts: ReadonlyArray<Policy<R>>
}

/** Satisfied if some part is. */
interface AnyOf<out R> extends Common {
  readonly _tag: "AnyOf"
  readonly parts: ReadonlyArray<Policy<R>>
}

/** Satisfied if the part is not. Never by somebody without a token. */
interface Not<out R> extends Common {
  readonly _tag: "Not"
  readonly part: Policy<R>
}

/**
 * Who may do something. `R` is what its checks need.
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

/** A policy whose checks need whatever they need. */
export type Any = Policy<unknown>

/** Who asks, for one moment. */
export type Caller = AuthInfo["Service"]

/** Where roles stand if nobody says otherwise: Keycloak, Entra ID, Amazon Cognito, Auth0. */
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

const formatRole = ({ paths, role }: Role): string => {
  if (paths === permissionPaths) return `permission(${quotedLiteral(role)})`
  const at = paths === rolePaths
    ? ""
    : `, { at: ${arrayLiteral(paths.map((path) => arrayLiteral(path.map(quotedLiteral))))} }`
  return `role(${quotedLiteral(role)}${at})`
}

/** A policy as the code that makes it, but for the functions in it. */
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

/** A part of a policy, which can print itself and be piped. */
export const node = <R>(fields: NodeFields<Policy<R>>): Policy<R> =>
  // What is left out of a plain part is what its prototype has.
  Object.assign(Object.create(Proto), fields) as Policy<R>

/** Whether a value is a policy. */
export const isPolicy = (value: unknown): value is Any => Predicate.hasProperty(value, TypeId)

/** The value at a path among claims. */
export const claimAt = (claims: Schema.JsonObject, path: ClaimPath): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    // Own members only: a claim must not be found in what every object has.
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
      // Nobody needs to ask for a scope that must be missing.
      return []
  }
}

/**
 * The scopes that a policy speaks of: those that a client may have to ask for.
 *
 * @category accessors
 * @since 0.1.0
 */
export const scopesOf = (policy: Any): ReadonlyArray<string> => Arr.dedupe(scopesIn(policy))

/** Whether a list of scopes in a policy is empty. The parts that are made for each operation are not known here. */
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

/** Whether somebody without a token satisfies a policy. `byOperation` says what to think of what only an operation can tell. */
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
