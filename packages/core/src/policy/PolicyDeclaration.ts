/**
 * Policies as data, for a configuration, an environment variable, or the command line.
 *
 * Predicates, checks, and policies that are created for an operation need code, so they have no form here.
 *
 * **Example** (A policy from JSON)
 *
 * ```ts import.meta.vitest
 * import * as PolicyDeclaration from "@effect-mcp-auth/core/PolicyDeclaration"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(PolicyDeclaration.PolicyDeclaration))
 * const declared = read(`{ "allOf": [{ "scopes": ["notes:read"] }, { "not": { "role": "guest" } }] }`)
 *
 * String(PolicyDeclaration.toPolicy(declared)) // => `allOf(scopes("notes:read"), not(role("guest")))`
 * ```
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Struct from "effect/Struct"
import { type ClaimPath, Form, Path } from "../token/internal/claimWords.ts"
import { claimAt, node } from "./internal/model.ts"
import * as Policy from "./Policy.ts"

/** A `ClaimForm` in JSON. */
type DeclaredForm = typeof Form.Type

/**
 * A policy as data:
 *
 * - `"anonymous"`, `"authenticated"`
 * - `{ "scopes": [...] }`: all of them
 * - `{ "role": "...", "at": [["realm_access", "roles"]] }`: `at` is optional; `{ "path": [...], "keys": true }` in place of a
 *   path reads the keys of an object, and `"member": "key"` a member of the objects of a list
 * - `{ "permission": "..." }`: listed in the claim `permissions`
 * - `{ "claim": ["tenant"], "equals": ... }`: the claim at a path has this value
 * - `{ "allOf": [...] }`, `{ "anyOf": [...] }`, `{ "not": ... }`
 *
 * @category models
 * @since 0.1.0
 */
export type PolicyDeclaration =
  | "anonymous"
  | "authenticated"
  | { readonly scopes: readonly [string, ...ReadonlyArray<string>] }
  | { readonly role: string; readonly at?: ReadonlyArray<ClaimPath | DeclaredForm> }
  | { readonly permission: string }
  | { readonly claim: ClaimPath; readonly equals: Schema.Json }
  | { readonly allOf: ReadonlyArray<PolicyDeclaration> }
  | { readonly anyOf: ReadonlyArray<PolicyDeclaration> }
  | { readonly not: PolicyDeclaration }

const Part = Schema.suspend((): Schema.Codec<PolicyDeclaration, Schema.Json> => PolicyDeclaration)

const Word = Schema.Literals(["anonymous", "authenticated"])

/** The forms of a declaration, each under the member that only it has. */
const forms = {
  scopes: Schema.Struct({ scopes: Schema.NonEmptyArray(Schema.String) }),
  role: Schema.Struct({ role: Schema.String, at: Schema.optionalKey(Schema.Array(Schema.Union([Path, Form]))) }),
  permission: Schema.Struct({ permission: Schema.String }),
  claim: Schema.Struct({ claim: Path, equals: Schema.Json }),
  allOf: Schema.Struct({ allOf: Schema.Array(Part) }),
  anyOf: Schema.Struct({ anyOf: Schema.Array(Part) }),
  not: Schema.Struct({ not: Part })
}

const names = Struct.keys(forms)

const Declared: Schema.Codec<PolicyDeclaration> = Schema.toType(
  Schema.Union([Word, ...names.map((name) => forms[name])]).annotate({ identifier: "PolicyDeclaration" })
)

const unknownForm = new SchemaIssue.InvalidValue({
  expected: `"anonymous", "authenticated", or an object with one of ${names.join(", ")}`
})

/** Decodes by the form that the member selects, so that the error is about this form and not about all of them. */
const decodeStrictly = (json: Schema.Json): Effect.Effect<PolicyDeclaration, SchemaIssue.Issue> => {
  if (Schema.is(Word)(json)) return Effect.succeed(json)
  const name = names.find((name) => Predicate.hasProperty(json, name))
  if (name === undefined) return Effect.fail(unknownForm)
  const form: Schema.Codec<PolicyDeclaration, Schema.Json> = forms[name]
  return Effect.mapError(
    Schema.decodeUnknownEffect(form, { onExcessProperty: "error" })(json),
    ({ issue }) => issue
  )
}

/**
 * Decodes and encodes policies as data. Unknown members are refused: a typing error must not make a policy weaker.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PolicyDeclaration = Schema.Json.pipe(Schema.decodeTo(
  Schema.toType(Declared),
  SchemaTransformation.transformEffect({
    decode: (json) => decodeStrictly(json),
    encode: (declared) => Effect.succeed(declared)
  })
))

/**
 * Converts a declaration to its policy.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toPolicy = (declared: PolicyDeclaration): Policy.Policy => {
  if (declared === "anonymous") return Policy.anonymous
  if (declared === "authenticated") return Policy.authenticated
  if ("scopes" in declared) return Policy.scopes(...declared.scopes)
  if ("role" in declared) return Policy.role(declared.role, declared)
  if ("permission" in declared) return Policy.permission(declared.permission)
  if ("allOf" in declared) return Policy.allOf(...declared.allOf.map(toPolicy))
  if ("anyOf" in declared) return Policy.anyOf(...declared.anyOf.map(toPolicy))
  if ("not" in declared) return Policy.not(toPolicy(declared.not))
  const { claim, equals } = declared
  return node({
    _tag: "Claim",
    label: `${claim.join(".")} = ${JSON.stringify(equals)}`,
    holds: (claims) => Equal.equals(claimAt(claims, claim), equals)
  })
}
