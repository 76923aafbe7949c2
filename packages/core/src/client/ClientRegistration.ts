/**
 * How an authorization server knows a client: registered by hand, by a client ID metadata document, dynamically (RFC 7591),
 * or by what a user enters. MCP 2026-07-28 tries them in this order.
 *
 * **Example** (The order of MCP)
 *
 * ```ts import.meta.vitest
 * import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
 *
 * const registration = ClientRegistration.firstOf(
 *   ClientRegistration.preregistered({ issuer: "https://as.example.com", clientId: "notes-cli" }),
 *   ClientRegistration.metadataDocument("https://app.example.com/oauth/client.json"),
 *   ClientRegistration.dynamic({ clientName: "Notes CLI" })
 * )
 *
 * registration.ways.map(({ _tag }) => _tag) // => ["Preregistered", "MetadataDocument", "Dynamic"]
 * ```
 *
 * @since 0.2.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import type { ClientMetadata } from "./ClientMetadata.ts"
import type { OAuthClientError } from "./OAuthClientError.ts"

/**
 * A client that was registered by hand with one authorization server. It is used with no other one, and never replaced.
 *
 * @category models
 * @since 0.2.0
 */
export interface Preregistered {
  readonly _tag: "Preregistered"
  /** The issuer of the authorization server, character by character. */
  readonly issuer: string
  readonly clientId: string
  readonly authentication: ClientAuthentication.ClientAuthentication
}

/**
 * A client whose ID is the URL of its metadata.
 *
 * @category models
 * @since 0.2.0
 */
export interface MetadataDocument {
  readonly _tag: "MetadataDocument"
  readonly clientId: string
  readonly authentication: ClientAuthentication.ClientAuthentication
}

/**
 * A client that registers itself. The registration is kept in the `CredentialStore`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Dynamic {
  readonly _tag: "Dynamic"
  readonly metadata: ClientMetadata
}

/**
 * What is asked when a user has to name a client.
 *
 * @category models
 * @since 0.2.0
 */
export interface Asked {
  /** The issuer of the authorization server where the user registers the client. */
  readonly issuer: string
  /** The redirect URI to register it with. */
  readonly redirectUri: string
}

/**
 * What a user entered.
 *
 * @category models
 * @since 0.2.0
 */
export interface Entered {
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted | undefined
}

/**
 * A client that a user names. It is kept in the `CredentialStore`, and asked for again if the authorization server refuses
 * it. If the server shows its error to the user only, remove it with `removeRegistration`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Prompted<out R = never> {
  readonly _tag: "Prompted"
  readonly ask: (asked: Asked) => Effect.Effect<Entered, OAuthClientError, R>
}

/**
 * One way to be known.
 *
 * @category models
 * @since 0.2.0
 */
export type Way<R = never> = Preregistered | MetadataDocument | Dynamic | Prompted<R>

/**
 * Ways to be known, in order of preference. The first one that the authorization server supports is used.
 *
 * @category models
 * @since 0.2.0
 */
export interface ClientRegistration<out R = never> {
  readonly ways: ReadonlyArray<Way<R>>
}

/**
 * Options for a client that is registered by hand.
 *
 * @category models
 * @since 0.2.0
 */
export interface PreregisteredOptions {
  /** The issuer of the authorization server. */
  readonly issuer: string
  readonly clientId: string
  /** How the client authenticates. Default: not at all, as a public client (`ClientAuthentication.none`). */
  readonly authentication?: ClientAuthentication.ClientAuthentication | undefined
}

/**
 * A client that was registered by hand.
 *
 * @category constructors
 * @since 0.2.0
 */
export const preregistered = (
  { authentication, clientId, issuer }: PreregisteredOptions
): ClientRegistration => ({
  ways: [{
    _tag: "Preregistered",
    issuer,
    clientId,
    authentication: authentication ?? ClientAuthentication.none(clientId)
  }]
})

/**
 * A client with a client ID metadata document, for authorization servers that support them. `ClientMetadata` makes the
 * document.
 *
 * @category constructors
 * @since 0.2.0
 */
export const metadataDocument = (
  url: string,
  options?: { readonly authentication?: ClientAuthentication.ClientAuthentication | undefined }
): ClientRegistration => ({
  ways: [{
    _tag: "MetadataDocument",
    clientId: url,
    authentication: options?.authentication ?? ClientAuthentication.none(url)
  }]
})

/**
 * Registers the client dynamically, for authorization servers that allow it. Redirect URIs, grant types and the way to
 * authenticate are filled in.
 *
 * @category constructors
 * @since 0.2.0
 */
export const dynamic = (metadata: ClientMetadata): ClientRegistration => ({ ways: [{ _tag: "Dynamic", metadata }] })

/**
 * Asks a user for a client, for authorization servers that support nothing else.
 *
 * @category constructors
 * @since 0.2.0
 */
export const prompt = <R = never>(ask: Prompted<R>["ask"]): ClientRegistration<R> => ({
  ways: [{ _tag: "Prompted", ask }]
})

/**
 * Several ways, in order of preference.
 *
 * @category combinators
 * @since 0.2.0
 */
export const firstOf = <R = never>(...registrations: ReadonlyArray<ClientRegistration<R>>): ClientRegistration<R> => ({
  ways: registrations.flatMap(({ ways }) => ways)
})
