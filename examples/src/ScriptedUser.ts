/**
 * What a client of the official SDK needs besides the SDK: a place for its secrets, and a user who goes to a web page.
 *
 * The user here is a script: it follows the redirects of the login page as a browser would, cookies included, and brings
 * back the URL at which it ends.
 */
import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens
} from "@modelcontextprotocol/client"

const callback = "http://127.0.0.1:1/callback"

/** The cookies that a response sets. */
export const cookiesOf = (response: Response): ReadonlyArray<readonly [name: string, value: string]> =>
  response.headers.getSetCookie().map((set) => {
    const [pair = ""] = set.split(";")
    return [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]
  })

/** Follows redirects until they lead to the client, which is where a browser would leave the provider. */
const browse = async (url: URL, cookies: ReadonlyMap<string, string> = new Map()): Promise<URL> => {
  if (url.href.startsWith(callback)) return url
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  const response = await fetch(url, { redirect: "manual", headers: { cookie } })
  const location = response.headers.get("location")
  if (location === null) throw new Error(`The login ended at ${url.href} with ${response.status}`)
  return browse(new URL(location, url), new Map([...cookies, ...cookiesOf(response)]))
}

/** A user, and what their client remembers. */
export class ScriptedUser implements OAuthClientProvider {
  readonly redirectUrl = callback
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: "A client of the official SDK",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    // It waits on loopback for the user to come back (RFC 8252). Providers that are not told so want https there.
    application_type: "native"
  }
  /** Where the client publishes what it is, if it does: its name then, instead of a registration. */
  readonly clientMetadataUrl?: string
  /** Reports each step as text. */
  readonly story: Array<string> = []
  private information: StoredOAuthClientInformation | undefined
  private stored: StoredOAuthTokens | undefined
  private discovery: OAuthDiscoveryState | undefined
  private verifier = ""
  private landed: URL | undefined

  constructor(options: { readonly clientMetadataUrl?: string } = {}) {
    if (options.clientMetadataUrl !== undefined) this.clientMetadataUrl = options.clientMetadataUrl
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.information
  }

  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.story.push(`registered as the client ${information.client_id}`)
    this.information = information
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.stored
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.story.push(`${this.stored === undefined ? "got" : "refreshed"} a token for the scopes "${tokens.scope ?? ""}"`)
    this.stored = tokens
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.story.push(`the user is sent to ${url.origin}${url.pathname}, logs in and consents`)
    this.landed = await browse(url)
  }

  saveCodeVerifier(verifier: string): void {
    this.verifier = verifier
  }

  codeVerifier(): string {
    return this.verifier
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.discovery
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.discovery = state
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    this.story.push(`was told that what it knows is not valid any more (${scope})`)
    if (scope === "all" || scope === "client") this.information = undefined
    if (scope === "all" || scope === "tokens") this.stored = undefined
  }

  /** What the provider told the client by way of the user's browser. */
  get callbackParameters(): URLSearchParams {
    return this.landed?.searchParams ?? new URLSearchParams()
  }
}
