/**
 * Which issuer a document may name.
 *
 * A document is somebody's word until its issuer is judged: RFC 8414, section 3.3 demands that it be identical to the
 * issuer that was asked, and otherwise forbids its use. A policy is judged on the raw document, before any repair. Known
 * misfits of providers are met by naming another policy, never silently.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { withoutQuery } from "../metadata/internal/httpUri.ts"
import * as Issuer from "../metadata/Issuer.ts"
import * as WellKnown from "../metadata/WellKnown.ts"

/**
 * What is judged.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claim {
  /** The issuer that was asked for, exactly as configured. */
  readonly asked: string
  /** The issuer that the document names. */
  readonly answered: string
}

/**
 * A rule about the issuer of a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface IssuerPolicy {
  /** The name, as reports print it. */
  readonly name: string
  /** Says in words which issuer is accepted when `asked` was asked for. */
  readonly expects: (asked: string) => string
  readonly accepts: (claim: Claim) => boolean
}

/**
 * The document names an issuer that the policy does not accept. It is not used (RFC 8414, section 3.3).
 *
 * @category errors
 * @since 0.1.0
 */
export class IssuerMismatch extends Schema.TaggedError<IssuerMismatch>()("IssuerMismatch", {
  /** Where the document came from. */
  location: Schema.String,
  /** What the policy expects, in words. */
  expected: Schema.String,
  /** What the document names. */
  actual: Schema.String,
  /** The policy's name. */
  policy: Schema.String
}) {
  override get message(): string {
    // JSON-quoted: the value is the provider's, and must not forge log lines.
    return `${this.location}: the document names the issuer ${
      JSON.stringify(this.actual)
    }, expected ${this.expected}. ` +
      "Configure the issuer that the document names if you trust it, or choose an issuer policy that says why they differ"
  }
}

/**
 * The issuer must be identical, character by character (RFC 8414, section 3.3). The default.
 *
 * @category policies
 * @since 0.1.0
 */
export const exact: IssuerPolicy = {
  name: "exact",
  expects: (asked) => JSON.stringify(asked),
  accepts: ({ answered, asked }) => answered === asked
}

const withoutRootSlash = (issuer: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+\/$/i.test(issuer) ? issuer.slice(0, -1) : issuer

/**
 * Issuers without a path may differ by the slash after the host. Several MCP servers list `https://as.example.com/`
 * while the document says `https://as.example.com` (Google, Xero, Box). Nothing else may differ.
 *
 * @category policies
 * @since 0.1.0
 */
export const rootSlash: IssuerPolicy = {
  name: "rootSlash",
  expects: (asked) => `${JSON.stringify(asked)}, with or without a slash directly after the host`,
  accepts: ({ answered, asked }) => withoutRootSlash(answered) === withoutRootSlash(asked)
}

/**
 * The issuer must be identical to this one, whichever was asked for. For documents that live elsewhere than their issuer
 * says: proxies, Entra ID v1, Azure AD B2C, Cloud Foundry UAA.
 *
 * @category policies
 * @since 0.1.0
 */
export const expected = (issuer: string): IssuerPolicy => ({
  name: "expected",
  expects: () => JSON.stringify(issuer),
  accepts: ({ answered }) => answered === issuer
})

const placeholder = /\{[A-Za-z_][A-Za-z0-9_]*\}/g

/**
 * The issuer must be this template, or the template with every `{placeholder}` replaced by one path segment of letters,
 * digits, `.`, `_`, `~` and `-`. For Entra ID's `common` document, whose issuer is the unexpanded
 * `https://login.microsoftonline.com/{tenantid}/v2.0`.
 *
 * **Gotchas**
 *
 * Every tenant then matches. Tokens must still be held to the tenants that you serve.
 *
 * **Example** (Accepting any tenant of Entra ID)
 *
 * ```ts import.meta.vitest
 * import * as IssuerPolicy from "@effect-mcp-auth/core/IssuerPolicy"
 *
 * const policy = IssuerPolicy.template("https://login.microsoftonline.com/{tenantid}/v2.0")
 * const asked = "https://login.microsoftonline.com/common/v2.0"
 *
 * policy.accepts({ asked, answered: "https://login.microsoftonline.com/{tenantid}/v2.0" }) // => true
 * policy.accepts({ asked, answered: "https://evil.example/{tenantid}/v2.0" }) // => false
 * ```
 *
 * @category policies
 * @since 0.1.0
 */
export const template = (issuer: string): IssuerPolicy => {
  const literals = issuer.split(placeholder).map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  const expanded = new RegExp(`^${literals.join("(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]+")}$`)
  return {
    name: "template",
    expects: () => `the template ${JSON.stringify(issuer)}`,
    accepts: ({ answered }) => answered === issuer || expanded.test(answered)
  }
}

/**
 * The issuer must be one whose metadata lives at this URL, by any of the four forms. For documents that are asked for by
 * their URL, where no issuer was named.
 *
 * @category policies
 * @since 0.1.0
 */
export const leadsBackTo = (url: string): IssuerPolicy => ({
  name: "leadsBackTo",
  expects: () => `an issuer whose metadata is at ${withoutQuery(url)}`,
  accepts: ({ answered }) =>
    URL.canParse(url) && Result.match(Issuer.makeResult(answered, { allowInsecureLoopback: true }), {
      onFailure: () => false,
      onSuccess: (issuer) => WellKnown.leadsTo(issuer, new URL(url).href)
    })
})

/**
 * Accepts any issuer.
 *
 * **Gotchas**
 *
 * This switches off the defence against mix-up attacks: whoever can answer for the URL can speak for any issuer. Use
 * `expected` instead, it costs one line.
 *
 * @category policies
 * @since 0.1.0
 */
export const acceptAnyUnsafe: IssuerPolicy = {
  name: "acceptAnyUnsafe",
  expects: () => "any issuer",
  accepts: () => true
}

/**
 * Judges the issuer that a document names.
 *
 * @category judging
 * @since 0.1.0
 */
export const judge = (
  policy: IssuerPolicy,
  claim: Claim & { readonly location: string }
): Effect.Effect<void, IssuerMismatch> =>
  policy.accepts(claim) ? Effect.void : Effect.fail(
    new IssuerMismatch({
      location: claim.location,
      expected: policy.expects(claim.asked),
      actual: claim.answered,
      policy: policy.name
    })
  )
