/**
 * What a client does to get access tokens, as events for programs that show it: the command `mcp-auth login`, or the status
 * line of a desktop program. No event contains a secret.
 *
 * **Example** (One line for each event)
 *
 * ```ts import.meta.vitest
 * import * as OAuthEvent from "@effect-mcp-auth/core/OAuthEvent"
 *
 * const event = OAuthEvent.OAuthEvent.TokenRefreshed({
 *   server: "https://api.example.com/mcp",
 *   issuer: "https://as.example.com",
 *   expiresAt: undefined
 * })
 *
 * OAuthEvent.describe(event) // => `Refreshed the access token for "https://api.example.com/mcp"`
 * ```
 *
 * @since 0.2.0
 */
import * as Data from "effect/Data"
import { quoted } from "../metadata/internal/printable.ts"
import type { OAuthClientError } from "./OAuthClientError.ts"

/**
 * The tag of an error: a closed set.
 *
 * @category models
 * @since 0.2.0
 */
export type FailureReason = OAuthClientError["_tag"]

/**
 * What a client does to get access tokens.
 *
 * @category models
 * @since 0.2.0
 */
export type OAuthEvent = Data.TaggedEnum<{
  /** The metadata of the MCP server and of its authorization server was found. */
  readonly ServerFound: { readonly server: string; readonly resource: string; readonly issuer: string }
  /** The client is known to the authorization server. */
  readonly ClientReady: {
    readonly server: string
    readonly issuer: string
    readonly clientId: string
    readonly by: "Preregistered" | "MetadataDocument" | "Dynamic" | "Prompted"
    /** Whether a stored registration is used. */
    readonly isStored: boolean
  }
  /** A user has to log in now. */
  readonly LoginStarted: { readonly server: string; readonly issuer: string; readonly scopes: ReadonlyArray<string> }
  /** A login or another grant gave an access token. */
  readonly TokenObtained: {
    readonly server: string
    readonly issuer: string
    readonly grant: "AuthorizationCode" | "ClientCredentials" | "JwtBearer" | "FromEffect"
    /** The scopes that were granted, or requested if the response does not say it. */
    readonly scopes: ReadonlyArray<string>
    readonly expiresAt: number | undefined
  }
  /** A refresh token gave an access token. */
  readonly TokenRefreshed: { readonly server: string; readonly issuer: string; readonly expiresAt: number | undefined }
  /** The MCP server requires more scopes. */
  readonly StepUpRequired: { readonly server: string; readonly scopes: ReadonlyArray<string> }
  /** There is no access token. */
  readonly Failed: { readonly server: string; readonly reason: FailureReason }
  /** The tokens were deleted. */
  readonly LoggedOut: {
    readonly server: string
    /** Whether the authorization server has revoked them (RFC 7009). */
    readonly revoked: boolean
  }
}>

/**
 * Constructors and guards of the events.
 *
 * @category constructors
 * @since 0.2.0
 */
export const OAuthEvent: Data.TaggedEnum.Constructor<OAuthEvent> = Data.taggedEnum<OAuthEvent>()

const scopesIn = (scopes: ReadonlyArray<string>) =>
  scopes.length === 0 ? "no scopes" : `scopes ${quoted(scopes.join(" "))}`

/**
 * An event as one line of text.
 *
 * @category formatting
 * @since 0.2.0
 */
export const describe: (event: OAuthEvent) => string = OAuthEvent.$match({
  ServerFound: ({ issuer, server }) => `${quoted(server)} uses the authorization server ${quoted(issuer)}`,
  ClientReady: ({ by, clientId, isStored }) =>
    `The client is ${quoted(clientId)} (${isStored ? "registered before" : by.toLowerCase()})`,
  LoginStarted: ({ issuer, scopes }) => `Log in at ${quoted(issuer)}, with ${scopesIn(scopes)}`,
  TokenObtained: ({ scopes, server }) => `Received an access token for ${quoted(server)}, with ${scopesIn(scopes)}`,
  TokenRefreshed: ({ server }) => `Refreshed the access token for ${quoted(server)}`,
  StepUpRequired: ({ scopes, server }) => `${quoted(server)} requires ${scopesIn(scopes)}`,
  Failed: ({ reason, server }) => `No access token for ${quoted(server)}: ${reason}`,
  LoggedOut: ({ revoked, server }) =>
    `Deleted the tokens for ${quoted(server)}${revoked ? ", and revoked them" : "; they were not revoked"}`
})
