import type * as Effect from "effect/Effect"
import type * as Pipeable from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"

/** The operation that a policy judges. */
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

/** What every policy can do: be piped, and print itself. */
interface Common extends Pipeable.Pipeable {
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

/** Where a role may stand in the claims: the names of members, from the outside in. */
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
  readonly ofOperation: boolean
  readonly judge: (operation: Operation) => Effect.Effect<boolean, VerificationUnavailable, R>
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
