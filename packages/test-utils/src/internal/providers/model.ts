import type * as Discovery from "@effect-mcp-auth/core/Discovery"
import type * as IssuerPolicy from "@effect-mcp-auth/core/IssuerPolicy"
import type * as Repairs from "@effect-mcp-auth/core/Repairs"
import type * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import type * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import type * as Schema from "effect/Schema"

/**
 * A document with its URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface Document {
  /** The URL, including its query. */
  readonly url: string
  /** The form of the URL for the configured issuer. `other`: the URL does not follow from the issuer. */
  readonly form: WellKnown.Form | "other"
  /** The served document. */
  readonly json: Schema.JsonObject
  /** The codes of the rules of severity `error` that it breaks without repairs, in the order of `Validation.rules`. */
  readonly errors: ReadonlyArray<string>
}

/**
 * The issuer policy that the documents need, as data.
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
 * A provider: its documents, and the discovery options that it needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Provider {
  /** The usual name. */
  readonly name: string
  /** The issuer as configured, or as in the metadata of MCP servers. */
  readonly issuer: string
  /** Its documents, in the order of MCP. */
  readonly documents: readonly [Document, ...ReadonlyArray<Document>]
  /** Public documentation. */
  readonly source: string
  /** The month of verification, as `YYYY-MM`. */
  readonly date: string
  readonly issuerPolicy: Policy
  /** The repairs: facts about the provider that its document lacks. */
  readonly repairs: ReadonlyArray<RepairName>
  /** Endpoints that its documents lack, for `Repairs.endpoints`. */
  readonly endpoints?: { readonly [E in Repairs.Endpoint]?: string }
  /**
   * The outcome of discovery without these options: by the issuer alone, in the order of MCP, with the policy `exact`.
   * `Found` means the first document, without validation.
   */
  readonly unaided: "Found" | "IssuerMismatch" | "Miss"
  /** The codes of the rules that are broken after all repairs. Empty if the provider conforms to MCP. */
  readonly beyondRepair: ReadonlyArray<string>
}

/**
 * The discovery options for a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchOptions extends Discovery.FetchOptions {
  readonly issuerPolicy: IssuerPolicy.IssuerPolicy
  readonly transpileData: Transpiler.Transpiler
}
