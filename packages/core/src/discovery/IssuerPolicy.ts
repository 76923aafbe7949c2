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
import { withoutQuery, withoutRootSlash } from "../metadata/internal/httpUri.ts"
import { printable, quoted } from "../metadata/internal/printable.ts"
import { isTenant, isTenantPlaceholder } from "../metadata/internal/tenant.ts"
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
  /** The issuer that the document or the token names. */
  readonly answered: string
  /** The claims of the token whose issuer is judged. `undefined`: the issuer is that of a document. */
  readonly claims?: Schema.JsonObject | undefined
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
    // Quoted: the value is the provider's, and must not forge log lines.
    return `${printable(this.location)}: the document names the issuer ${quoted(this.actual)}, expected ${
      printable(this.expected)
    }. ` +
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
  expects: quoted,
  accepts: ({ answered, asked }) => answered === asked
}

/**
 * Issuers without a path may differ by the slash after the host. Several MCP servers list `https://as.example.com/`
 * while the document says `https://as.example.com` (Google, Xero, Box). Nothing else may differ.
 *
 * @category policies
 * @since 0.1.0
 */
export const rootSlash: IssuerPolicy = {
  name: "rootSlash",
  expects: (asked) => `${quoted(asked)}, with or without a slash directly after the host`,
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
  expects: () => quoted(issuer),
  accepts: ({ answered }) => answered === issuer
})

const placeholder = /\{[A-Za-z_][A-Za-z0-9_]*\}/g

/** What a placeholder may stand for. */
const word = /^[A-Za-z0-9._~-]+$/

/**
 * The values of the placeholders, if a text is a template with its placeholders filled in, given what stands between them.
 * Each literal is looked for where it comes first, which finds a match if there is one, and never looks back: the text is a
 * stranger's.
 */
const valuesIn = (text: string, literals: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const [head = "", ...rest] = literals
  const tail = rest.pop()
  if (tail === undefined) return text === head ? [] : undefined
  if (!text.startsWith(head) || !text.endsWith(tail)) return undefined
  const values: Array<string> = []
  let position = head.length
  for (const literal of rest) {
    const next = text.indexOf(literal, position + 1)
    if (next === -1) return undefined
    values.push(text.slice(position, next))
    position = next + literal.length
  }
  values.push(text.slice(position, text.length - tail.length))
  return values.every((value) => word.test(value)) ? values : undefined
}

/** Whether the tenants in the issuer of a token are one, and the one that its claim `tid` names if it has that claim. */
const isOneTenant = ([first, ...others]: ReadonlyArray<string>, { tid }: Schema.JsonObject): boolean =>
  first === undefined ||
  (isTenant(first) && others.every((other) => other === first) && (tid === undefined || tid === first))

const isIssuer = (text: string): boolean => Result.isSuccess(Issuer.makeResult(text, { allowInsecureLoopback: true }))

/**
 * The issuer must be this template, or the template with every `{placeholder}` replaced by one path segment of letters,
 * digits, `.`, `_`, `~` and `-`. For Entra ID's `common` document, whose issuer is the unexpanded
 * `https://login.microsoftonline.com/{tenantid}/v2.0`.
 *
 * **Details**
 *
 * In the issuer of a token, `{tenantid}` must be a GUID. If the token has the claim `tid`, that claim must be the same GUID
 * (Microsoft identity platform, access tokens, "Validate the issuer"). A key with the member `issuer` verifies the tokens of
 * that issuer only: see `JwkSet`.
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
  const literals = issuer.split(placeholder)
  const tenants = (issuer.match(placeholder) ?? []).map(isTenantPlaceholder)
  return {
    name: "template",
    expects: () => `the template ${quoted(issuer)}`,
    accepts: ({ answered, claims }) => {
      if (answered === issuer) return true
      const values = valuesIn(answered, literals)
      if (values === undefined || !isIssuer(answered)) return false
      return claims === undefined || isOneTenant(values.filter((_, index) => tenants[index]), claims)
    }
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
  expects: () => `an issuer whose metadata is at ${printable(withoutQuery(url))}`,
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

/** In characters. The longest issuer known in the wild has about 150. */
const longestIssuer = 2048

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
  // No issuer is that long, and a policy may be anybody's.
  claim.answered.length <= longestIssuer && policy.accepts(claim) ? Effect.void : Effect.fail(
    new IssuerMismatch({
      location: claim.location,
      expected: policy.expects(claim.asked),
      actual: claim.answered,
      policy: policy.name
    })
  )
