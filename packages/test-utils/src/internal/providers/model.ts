import type * as Discovery from "@effect-mcp-auth/core/Discovery"
import type * as IssuerPolicy from "@effect-mcp-auth/core/IssuerPolicy"
import type * as Repairs from "@effect-mcp-auth/core/Repairs"
import type * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import type * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import type * as Schema from "effect/Schema"

/**
 * A document, and where it is served.
 *
 * @category models
 * @since 0.1.0
 */
export interface Document {
  /** Where it is served, query included. */
  readonly url: string
  /** By which form the issuer, as configured, leads there. `other`: by none, the URL must be known. */
  readonly form: WellKnown.Form | "other"
  /** The document as it is served. */
  readonly json: Schema.JsonObject
  /** The codes of the rules of severity `error` that it breaks as it is, in the order of `Validation.rules`. */
  readonly errors: ReadonlyArray<string>
}

/**
 * Which issuer the documents name, seen from the one that is configured: an `IssuerPolicy`, as data.
 *
 * @category models
 * @since 0.1.0
 */
export type Policy =
  | { readonly _tag: "exact" }
  | { readonly _tag: "rootSlash" }
  | { readonly _tag: "expected"; readonly issuer: string }
  | { readonly _tag: "template"; readonly template: string }

/**
 * A repair that needs no argument, by its name in `Repairs.byName`.
 *
 * @category models
 * @since 0.1.0
 */
export type RepairName = "pkce" | "nulls" | "empty-arrays" | "response-types"

/**
 * A provider: what it publishes, and what discovery needs to know.
 *
 * @category models
 * @since 0.1.0
 */
export interface Provider {
  /** As people say it. */
  readonly name: string
  /** As it is configured, or as MCP servers list it. */
  readonly issuer: string
  /** What it publishes, in the order of MCP. */
  readonly documents: readonly [Document, ...ReadonlyArray<Document>]
  /** Public documentation. */
  readonly source: string
  /** The month in which this was so, as `YYYY-MM`. */
  readonly date: string
  readonly issuerPolicy: Policy
  /** What is known to be true of the provider and not said by the document that is found. */
  readonly repairs: ReadonlyArray<RepairName>
  /** Endpoints that it has and does not publish, for `Repairs.endpoints`. */
  readonly endpoints?: { readonly [E in Repairs.Endpoint]?: string }
  /**
   * How discovery ends without any of this: by the issuer alone, in the order of MCP, with the policy `exact`. `Found`
   * means the first of the documents, whatever the rules say of it.
   */
  readonly unaided: "Found" | "IssuerMismatch" | "Miss"
  /** The codes of the rules that are broken after all repairs. Empty when the provider is fit for MCP. */
  readonly beyondRepair: ReadonlyArray<string>
}

/**
 * What discovery is to be told about a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchOptions extends Discovery.FetchOptions {
  readonly issuerPolicy: IssuerPolicy.IssuerPolicy
  readonly transpileData: Transpiler.Transpiler
}
