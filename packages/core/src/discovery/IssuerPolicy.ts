/**
 * Policies for the issuer of a document.
 *
 * RFC 8414, section 3.3 requires that the issuer of a document is identical to the requested issuer, and otherwise
 * forbids the use of the document. A policy checks the raw document, before any repair. Providers that deviate need
 * another policy, which is always chosen explicitly.
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
 * The input of an issuer policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claim {
  /** The requested issuer, exactly as configured. */
  readonly asked: string
  /** The issuer in the document or in the token. */
  readonly answered: string
  /** The claims of the token whose issuer is checked. `undefined`: the issuer is that of a document. */
  readonly claims?: Schema.JsonObject | undefined
}

/**
 * A rule about the issuer of a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface IssuerPolicy {
  /** The name in reports. */
  readonly name: string
  /** Describes which issuer is accepted if `asked` was requested. */
  readonly expects: (asked: string) => string
  readonly accepts: (claim: Claim) => boolean
}

/**
 * The policy does not accept the issuer of the document. The document is not used (RFC 8414, section 3.3).
 *
 * @category errors
 * @since 0.1.0
 */
export class IssuerMismatch extends Schema.TaggedError<IssuerMismatch>()("IssuerMismatch", {
  /** The URL of the document. */
  location: Schema.String,
  /** A description of the accepted issuers. */
  expected: Schema.String,
  /** The issuer in the document. */
  actual: Schema.String,
  /** The name of the policy. */
  policy: Schema.String
}) {
  override get message(): string {
    // Quoted: the value comes from the provider and must not forge log lines.
    return `${printable(this.location)}: the document names the issuer ${quoted(this.actual)}, expected ${
      printable(this.expected)
    }. ` +
      "If you trust the issuer in the document, configure that one. Otherwise set the option issuerPolicy"
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
 * while the document says `https://as.example.com` (Google, Xero, Box). No other difference is accepted.
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
 * The issuer must be identical to this one, independent of the requested issuer. For documents whose URL does not match
 * their issuer: proxies, Entra ID v1, Azure AD B2C, Cloud Foundry UAA.
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

/** The allowed values of a placeholder. */
const word = /^[A-Za-z0-9._~-]+$/

/**
 * Matches a text against a template and returns the values of the placeholders. `literals` are the parts between them.
 * Each literal is matched at its first position, without backtracking, because the text is untrusted.
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

/** Whether all tenants in the issuer of a token are equal, and equal to its claim `tid` if it has that claim. */
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
 * Every tenant then matches. Restrict tokens to the tenants that you serve.
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
 * The issuer must be one whose metadata URL, in one of the four forms, is this URL. For documents that are requested by
 * URL without an expected issuer.
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
 * This disables the defence against mix-up attacks: the server at the URL can claim to be any issuer. Use `expected`
 * instead; it takes one line.
 *
 * @category policies
 * @since 0.1.0
 */
export const acceptAnyUnsafe: IssuerPolicy = {
  name: "acceptAnyUnsafe",
  expects: () => "any issuer",
  accepts: () => true
}

/** In characters. The longest known real issuer has about 150. */
const longestIssuer = 2048

/**
 * Checks the issuer of a document against a policy.
 *
 * @category judging
 * @since 0.1.0
 */
export const judge = (
  policy: IssuerPolicy,
  claim: Claim & { readonly location: string }
): Effect.Effect<void, IssuerMismatch> =>
  // Valid issuers are shorter. A custom policy must not receive unbounded text.
  claim.answered.length <= longestIssuer && policy.accepts(claim) ? Effect.void : Effect.fail(
    new IssuerMismatch({
      location: claim.location,
      expected: policy.expects(claim.asked),
      actual: claim.answered,
      policy: policy.name
    })
  )
