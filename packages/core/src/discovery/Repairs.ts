/**
 * Repairs for the metadata of real providers, by name.
 *
 * A repair adds facts that the document does not contain. So no repair is applied automatically: enable one only for a
 * provider for which it is correct.
 *
 * **Example** (Amazon Cognito supports PKCE without advertising it)
 *
 * ```ts import.meta.vitest
 * import * as Repairs from "@effect-mcp-auth/core/Repairs"
 * import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
 * import * as Effect from "effect/Effect"
 *
 * const document = { issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc" }
 * const { applied } = Effect.runSync(Transpiler.run(Repairs.pkce, document))
 *
 * applied.map(({ name }) => name) // => ["pkce"]
 * ```
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Str from "effect/String"
import * as Transpiler from "./Transpiler.ts"

const without = (
  document: Schema.JsonObject,
  drop: (value: Schema.Json) => boolean
): Schema.JsonObject => Object.fromEntries(Object.entries(document).filter(([, value]) => !drop(value)))

/**
 * Adds support for PKCE with `S256`, for providers that support it without advertising it (Entra ID, Cognito, AD FS,
 * Apple, Slack). A document that lists methods without `S256` is unchanged, because it denies support.
 *
 * **Gotchas**
 *
 * MCP requires clients to reject a server that does not advertise PKCE. Use this repair only for a provider that is
 * known to enforce `code_verifier`.
 *
 * @category repairs
 * @since 0.1.0
 */
export const pkce: Transpiler.Transpiler = Transpiler.make({
  name: "pkce",
  reason: "The provider supports PKCE with S256 but does not publish code_challenge_methods_supported.",
  source: "https://datatracker.ietf.org/doc/html/rfc8414#section-2",
  apply: (document) =>
    document["code_challenge_methods_supported"] === undefined
      ? { ...document, code_challenge_methods_supported: ["S256"] }
      : document
})

/**
 * Removes members that are `null` (Authlete). Members without a value must be omitted.
 *
 * @category repairs
 * @since 0.1.0
 */
export const nulls: Transpiler.Transpiler = Transpiler.make({
  name: "nulls",
  reason: "The provider publishes members without a value as null.",
  source: "https://datatracker.ietf.org/doc/html/rfc8414#section-3.2",
  apply: (document) => without(document, (value) => value === null)
})

/**
 * Removes members that are empty arrays (HubSpot, MongoDB). Members with zero elements must be omitted.
 *
 * @category repairs
 * @since 0.1.0
 */
export const emptyArrays: Transpiler.Transpiler = Transpiler.make({
  name: "empty-arrays",
  reason: "The provider publishes members with zero elements.",
  source: "https://datatracker.ietf.org/doc/html/rfc8414#section-3.2",
  apply: (document) => without(document, (value) => Array.isArray(value) && value.length === 0)
})

/**
 * Adds the response type `code` to a document that has an authorization endpoint but no response types.
 *
 * @category repairs
 * @since 0.1.0
 */
export const responseTypes: Transpiler.Transpiler = Transpiler.make({
  name: "response-types",
  reason: "The provider has an authorization endpoint but does not publish response_types_supported.",
  source: "https://datatracker.ietf.org/doc/html/rfc8414#section-2",
  apply: (document) =>
    document["response_types_supported"] === undefined && document["authorization_endpoint"] !== undefined
      ? { ...document, response_types_supported: ["code"] }
      : document
})

/**
 * The members whose value is the URL of an endpoint or of a key set.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint =
  | "authorizationEndpoint"
  | "tokenEndpoint"
  | "jwksUri"
  | "registrationEndpoint"
  | "introspectionEndpoint"
  | "revocationEndpoint"
  | "userinfoEndpoint"

/**
 * Adds endpoints that the document lacks, or has as null or an empty string (Facebook Login: `token_endpoint`). Existing
 * endpoints are unchanged.
 *
 * **Example** (Facebook Login)
 *
 * ```ts import.meta.vitest
 * import * as Repairs from "@effect-mcp-auth/core/Repairs"
 *
 * const repair = Repairs.endpoints({ tokenEndpoint: "https://graph.facebook.com/oauth/access_token" })
 * repair.repairs.map(({ name }) => name) // => ["endpoints"]
 * ```
 *
 * @category repairs
 * @since 0.1.0
 */
export const endpoints = (added: { readonly [E in Endpoint]?: string }): Transpiler.Transpiler =>
  Transpiler.make({
    name: "endpoints",
    reason: "The provider has endpoints that its metadata does not contain.",
    source: "https://datatracker.ietf.org/doc/html/rfc8414#section-2",
    apply: (document) => ({
      ...document,
      ...Object.fromEntries(
        Object.entries(added)
          .map(([member, url]) => [Str.camelToSnake(member), url] as const)
          // Some providers write an endpoint that they lack as null or as an empty string.
          .filter(([member]) => (document[member] ?? "") === "")
      )
    })
  })

/**
 * The repairs without arguments, by their names on the command line.
 *
 * @category repairs
 * @since 0.1.0
 */
export const byName: ReadonlyMap<string, Transpiler.Transpiler> = new Map(
  [pkce, nulls, emptyArrays, responseTypes].flatMap((transpiler) =>
    transpiler.repairs.map(({ name }) => [name, transpiler] as const)
  )
)
