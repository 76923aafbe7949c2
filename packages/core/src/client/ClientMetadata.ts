/**
 * The metadata of a client (RFC 7591, section 2): what a client registers with, and what a client ID metadata document
 * contains (draft-ietf-oauth-client-id-metadata-document).
 *
 * A client with such a document needs no registration: its client ID is the URL of the document, and authorization servers
 * fetch it. Publish it with `serve`, or write `document` to a file that any web server serves.
 *
 * **Example** (A client ID metadata document)
 *
 * ```ts import.meta.vitest
 * import * as ClientMetadata from "@effect-mcp-auth/core/ClientMetadata"
 * import * as Effect from "effect/Effect"
 *
 * const document = Effect.runSync(ClientMetadata.document("https://app.example.com/oauth/client.json", {
 *   clientName: "Notes app",
 *   redirectUris: ["https://app.example.com/callback"]
 * }))
 *
 * document["client_id"] // => "https://app.example.com/oauth/client.json"
 * document["token_endpoint_auth_method"] // => "none"
 * ```
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isLoopback, parse } from "../metadata/internal/httpUri.ts"
import { printable } from "../metadata/internal/printable.ts"
import { names, page, text, url, type Wire, wire } from "../metadata/internal/wire.ts"

/** RFC 7591, section 2, and OpenID Connect Dynamic Client Registration 1.0, section 2. */
const fields = {
  clientName: text,
  clientUri: page,
  logoUri: page,
  tosUri: page,
  policyUri: page,
  contacts: names,
  redirectUris: names,
  grantTypes: names,
  responseTypes: names,
  /** Scopes, separated by spaces. */
  scope: text,
  tokenEndpointAuthMethod: text,
  /** `native` or `web`: OpenID providers accept loopback redirects for native clients only. */
  applicationType: text,
  jwksUri: url,
  softwareId: text,
  softwareVersion: text
} as const

/**
 * Codec of a client's metadata, from and to its JSON object. Other members are kept in `additionalParameters`.
 *
 * @category schemas
 * @since 0.2.0
 */
export const ClientMetadata: Wire<typeof fields> = wire(fields)

/**
 * The metadata of a client.
 *
 * @category models
 * @since 0.2.0
 */
export type ClientMetadata = typeof ClientMetadata.Type

const reasons = {
  "url": "the URL must be an https URL with a path, and without a query or fragment",
  "redirect-uris": "redirectUris must have at least one URL: https, http of a loopback host, or a scheme of the app",
  "secret":
    "tokenEndpointAuthMethod must not use a secret, because the document is public; use none or private_key_jwt",
  "keys": "private_key_jwt needs jwksUri or the member jwks",
  "grants": "grantTypes must contain authorization_code"
} as const

/**
 * The metadata cannot be a client ID metadata document.
 *
 * @category errors
 * @since 0.2.0
 */
export class InvalidClientMetadata extends Schema.TaggedError<InvalidClientMetadata>()("InvalidClientMetadata", {
  url: Schema.String,
  reason: Schema.Literals(["url", "redirect-uris", "secret", "keys", "grants"])
}) {
  override get message(): string {
    return `${printable(this.url)} cannot be a client ID: ${reasons[this.reason]}`
  }
}

/** Whether an authorization server may send a code to this URL (RFC 8252, section 7; RFC 9700, section 2.1). */
const isRedirectUri = (uri: string): boolean => {
  if (!URL.canParse(uri)) return false
  const { hash, hostname, protocol } = new URL(uri)
  if (hash !== "") return false
  if (protocol === "https:") return true
  if (protocol === "http:") return isLoopback(hostname)
  // RFC 8252, section 7.1: private-use schemes have a dot, as reversed domain names do.
  return protocol.includes(".")
}

/**
 * The kind of client that a redirect URI belongs to.
 *
 * @category constructors
 * @since 0.2.0
 */
export const applicationType = (redirectUri: string): "native" | "web" => {
  const { hostname, protocol } = URL.canParse(redirectUri) ? new URL(redirectUri) : { hostname: "", protocol: "" }
  return protocol === "https:" && !isLoopback(hostname) ? "web" : "native"
}

const defaults = {
  grantTypes: ["authorization_code", "refresh_token"],
  responseTypes: ["code"],
  tokenEndpointAuthMethod: "none"
} as const

const violationOf = (clientId: string, metadata: ClientMetadata): InvalidClientMetadata["reason"] | undefined => {
  const uri = parse(clientId, { query: "forbidden", insecureLoopback: false })
  if (Result.isFailure(uri) || uri.success.path.length < 2) return "url"
  const { grantTypes = [], redirectUris = [], tokenEndpointAuthMethod } = metadata
  if (redirectUris.length === 0 || !redirectUris.every(isRedirectUri)) return "redirect-uris"
  if (tokenEndpointAuthMethod !== "none" && tokenEndpointAuthMethod !== "private_key_jwt") return "secret"
  const hasKeys = metadata.jwksUri !== undefined || metadata.additionalParameters?.["jwks"] !== undefined
  if (tokenEndpointAuthMethod === "private_key_jwt" && !hasKeys) return "keys"
  return grantTypes.includes("authorization_code") ? undefined : "grants"
}

const encode = Schema.encodeEffect(ClientMetadata)

/**
 * Validates the metadata, and returns the client ID metadata document for its URL. A public client with the authorization
 * code grant and refresh tokens, unless the metadata says otherwise.
 *
 * @category constructors
 * @since 0.2.0
 */
export const document = (
  clientId: string,
  metadata: ClientMetadata
): Effect.Effect<Schema.JsonObject, InvalidClientMetadata> => {
  const complete = { ...defaults, ...metadata }
  const reason = violationOf(clientId, complete)
  return reason === undefined
    // The type has what the schema checks.
    ? Effect.map(Effect.orDie(encode(complete)), (encoded) => ({ ...encoded, client_id: clientId }))
    : Effect.fail(new InvalidClientMetadata({ url: clientId, reason }))
}

/**
 * Serves the client ID metadata document at the path of its URL.
 *
 * @category layers
 * @since 0.2.0
 */
export const serve = (
  clientId: string,
  metadata: ClientMetadata
): Layer.Layer<never, InvalidClientMetadata, HttpRouter.HttpRouter> =>
  Layer.unwrap(Effect.map(document(clientId, metadata), (content) => {
    const response = HttpServerResponse.jsonUnsafe(content, { headers: { "cache-control": "public, max-age=3600" } })
    // A URL's path begins with a slash, which its type does not say.
    return HttpRouter.add("GET", new URL(clientId).pathname as `/${string}`, response)
  }))
