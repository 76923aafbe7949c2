/**
 * An access token of the demo's provider for any resource: the authorization code flow of a client that is told the
 * provider, the resource and the scopes. It needs no MCP server.
 */
import {
  discoverAuthorizationServerMetadata,
  exchangeAuthorization,
  registerClient,
  startAuthorization
} from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { ScriptedUser } from "./ScriptedUser.ts"

/** The provider issued no token. */
class NoToken extends Data.TaggedError("NoToken")<{ readonly issuer: string; readonly cause: unknown }> {
  override get message(): string {
    return `The provider ${this.issuer} issued no access token`
  }
}

/** What the token is for. */
export interface Request {
  readonly issuer: string
  /** The audience of the token (RFC 8707). */
  readonly resource: string
  readonly scopes: ReadonlyArray<string>
}

const logIn = async ({ issuer, resource, scopes }: Request): Promise<string> => {
  const user = new ScriptedUser()
  const metadata = await discoverAuthorizationServerMetadata(issuer)
  if (metadata === undefined) throw new Error("There is no metadata")
  const clientInformation = await registerClient(issuer, { metadata, clientMetadata: user.clientMetadata })
  const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, {
    metadata,
    clientInformation,
    redirectUrl: user.redirectUrl,
    scope: scopes.join(" "),
    resource
  })
  await user.redirectToAuthorization(authorizationUrl)
  const { access_token } = await exchangeAuthorization(issuer, {
    metadata,
    clientInformation,
    authorizationCode: user.callbackParameters.get("code") ?? "",
    iss: user.callbackParameters.get("iss") ?? "",
    codeVerifier,
    redirectUri: user.redirectUrl,
    resource
  })
  return access_token
}

/** Logs ada in, and returns the access token. */
export const accessTokenFor = (request: Request): Effect.Effect<string, NoToken> =>
  Effect.tryPromise({
    try: () => logIn(request),
    catch: (cause) => new NoToken({ issuer: request.issuer, cause })
  })
