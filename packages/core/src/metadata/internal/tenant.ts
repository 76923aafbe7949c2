/** The GUID of a tenant of Entra ID, as written in tokens. */
export const isTenant = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)

const placeholder = /\{tenantid\}/i

/** Whether a placeholder of an issuer template stands for a tenant. */
export const isTenantPlaceholder = (text: string): boolean => placeholder.test(text)

const guidLength = 36

/** Replaces `{tenantid}` in an issuer template with the tenant at the same position of `iss`. */
const filledIn = (template: string, iss: string): string => {
  const start = template.search(placeholder)
  const tenant = iss.slice(start, start + guidLength)
  return start !== -1 && isTenant(tenant) ? template.replaceAll(new RegExp(placeholder, "gi"), tenant) : template
}

/** The issuer of version 2 tokens of the tenant that issued a version 1 token. */
const secondVersionOf = (iss: string): string | undefined => {
  const [, tenant = ""] = /^https:\/\/sts\.windows\.net\/([^/]*)\/$/.exec(iss) ?? []
  return isTenant(tenant) ? `https://login.microsoftonline.com/${tenant}/v2.0` : undefined
}

/**
 * Whether a key with this member `issuer` may verify a token with this `iss`.
 *
 * A version 1 token of Entra ID may have a key that names the version 2 issuer of the same tenant: no key names the issuer of
 * version 1 tokens, and Microsoft's own validator (`AadTokenValidationParametersExtension`) accepts such a key for them.
 */
export const isKeyOf = (issuer: string, iss: string): boolean => {
  if (filledIn(issuer, iss) === iss) return true
  const second = secondVersionOf(iss)
  return second !== undefined && filledIn(issuer, second) === second
}
