/** Independent parsers of `WWW-Authenticate`, and the grammar of RFC 9110 and RFC 6750. */
import { extractWWWAuthenticateParams as clientParser } from "@modelcontextprotocol/client"
import { extractWWWAuthenticateParams as sdkParser } from "@modelcontextprotocol/sdk/client/auth.js"
import * as oauth from "oauth4webapi"

const responseOf = (header: string): Response =>
  new Response(null, { status: 401, headers: { "www-authenticate": header } })

/** The parameters of the only challenge, as oauth4webapi reads them. */
export const byOauth4webapi = async (header: string): Promise<Readonly<Record<string, unknown>>> => {
  const answered = oauth.protectedResourceRequest("token", "GET", new URL("https://api.test/"), undefined, undefined, {
    [oauth.customFetch]: () => Promise.resolve(responseOf(header))
  })
  const error: unknown = await answered.then(() => undefined, (error: unknown) => error)
  if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw new Error(`no challenge in ${header}`)
  const [challenge, ...others] = error.cause
  if (challenge === undefined || others.length > 0 || challenge.scheme !== "bearer") {
    throw new Error(`not one bearer challenge: ${header}`)
  }
  return { ...challenge.parameters }
}

/** What both generations of the TypeScript SDK read. */
export const bySdks = (header: string) => {
  const [client, sdk] = [clientParser(responseOf(header)), sdkParser(responseOf(header))]
  return [client, sdk].map(({ error, resourceMetadataUrl, scope }) => ({
    error,
    resource_metadata: resourceMetadataUrl?.href,
    scope
  }))
}

const parameter = String.raw`[a-z_]+="(?:[\t\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x22\x5c])*"`

/** The strictest form of RFC 9110, section 11.6.1: one scheme, quoted-strings, one comma between two of them. */
export const grammar = new RegExp(`^Bearer ${parameter}(?:, ${parameter})*$`)

/** The characters of an error and its description (RFC 6750, section 3). */
export const errorText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
