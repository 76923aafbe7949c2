/**
 * The metadata of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3), with the
 * members that later specifications registered.
 *
 * Members are snake_case in JSON and camelCase in code. Unknown members are kept in `additionalParameters` and survive
 * a round trip. The schema requires only `issuer`. Which other members a document needs depends on its use: see
 * `Discovery` (purpose) and `Validation` (rules). URL members are checked, and kept as strings. The defaults of the
 * RFCs are functions; they are never written into the document.
 *
 * **Example** (Decoding a document)
 *
 * ```ts import.meta.vitest
 * import * as Metadata from "@effect-mcp-auth/core/AuthorizationServerMetadata"
 * import * as Schema from "effect/Schema"
 *
 * const metadata = Schema.decodeUnknownSync(Metadata.AuthorizationServerMetadata)({
 *   issuer: "https://as.example.com",
 *   jwks_uri: "https://as.example.com/jwks",
 *   vendor_flag: true
 * })
 *
 * metadata.jwksUri // => "https://as.example.com/jwks"
 * metadata.additionalParameters // => { vendor_flag: true }
 * Metadata.grantTypes(metadata) // => ["authorization_code", "implicit"]
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { flag, names, page, text, url, urls, type Wire, wire } from "./internal/wire.ts"

/** RFC 8414, section 2. */
const oauth = {
  /** The exact string of the document. An issuer policy checks that it is the expected issuer. */
  issuer: Schema.String,
  authorizationEndpoint: url,
  tokenEndpoint: url,
  jwksUri: url,
  registrationEndpoint: url,
  scopesSupported: names,
  responseTypesSupported: names,
  responseModesSupported: names,
  grantTypesSupported: names,
  tokenEndpointAuthMethodsSupported: names,
  tokenEndpointAuthSigningAlgValuesSupported: names,
  serviceDocumentation: page,
  uiLocalesSupported: names,
  opPolicyUri: page,
  opTosUri: page,
  /** RFC 7009. */
  revocationEndpoint: url,
  revocationEndpointAuthMethodsSupported: names,
  revocationEndpointAuthSigningAlgValuesSupported: names,
  /** RFC 7662. */
  introspectionEndpoint: url,
  introspectionEndpointAuthMethodsSupported: names,
  introspectionEndpointAuthSigningAlgValuesSupported: names,
  /** RFC 7636. Absent means that PKCE support is unknown; MCP clients then refuse the server. */
  codeChallengeMethodsSupported: names,
  /** RFC 8414, section 2.1: a JWT. Not verified, not used. */
  signedMetadata: text
} as const

/** OpenID Connect Discovery 1.0, section 3, and RP-Initiated Logout 1.0, section 2.1. */
const openid = {
  userinfoEndpoint: url,
  acrValuesSupported: names,
  subjectTypesSupported: names,
  idTokenSigningAlgValuesSupported: names,
  idTokenEncryptionAlgValuesSupported: names,
  idTokenEncryptionEncValuesSupported: names,
  userinfoSigningAlgValuesSupported: names,
  userinfoEncryptionAlgValuesSupported: names,
  userinfoEncryptionEncValuesSupported: names,
  requestObjectSigningAlgValuesSupported: names,
  requestObjectEncryptionAlgValuesSupported: names,
  requestObjectEncryptionEncValuesSupported: names,
  displayValuesSupported: names,
  claimTypesSupported: names,
  claimsSupported: names,
  claimsLocalesSupported: names,
  claimsParameterSupported: flag,
  requestParameterSupported: flag,
  requestUriParameterSupported: flag,
  requireRequestUriRegistration: flag,
  endSessionEndpoint: url
} as const

/** Members that later specifications registered. */
const registered = {
  /** RFC 8628, section 4. */
  deviceAuthorizationEndpoint: url,
  /** RFC 8705, sections 3.3 and 5. */
  tlsClientCertificateBoundAccessTokens: flag,
  /** RFC 8705, section 5: the endpoints that require a client certificate, by their JSON names. */
  mtlsEndpointAliases: urls,
  /** RFC 9101, section 10.5. */
  requireSignedRequestObject: flag,
  /** RFC 9126, section 5. */
  pushedAuthorizationRequestEndpoint: url,
  requirePushedAuthorizationRequests: flag,
  /** RFC 9207, section 3. */
  authorizationResponseIssParameterSupported: flag,
  /** RFC 9396, section 10. */
  authorizationDetailsTypesSupported: names,
  /** RFC 9449, section 5.1. */
  dpopSigningAlgValuesSupported: names,
  /** RFC 9728, section 4. */
  protectedResources: names,
  /** OAuth Client ID Metadata Document. */
  clientIdMetadataDocumentSupported: flag
} as const

const fields: typeof oauth & typeof openid & typeof registered = { ...oauth, ...openid, ...registered }

/**
 * Codec of an authorization server's metadata, from and to its JSON object.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuthorizationServerMetadata: Wire<typeof fields> = wire(fields)

/**
 * The metadata of an authorization server.
 *
 * @category models
 * @since 0.1.0
 */
export type AuthorizationServerMetadata = typeof AuthorizationServerMetadata.Type

/**
 * The response modes (RFC 8414, section 2: `query` and `fragment` unless said otherwise).
 *
 * @category defaults
 * @since 0.1.0
 */
export const responseModes = (metadata: AuthorizationServerMetadata): ReadonlyArray<string> =>
  metadata.responseModesSupported ?? ["query", "fragment"]

/**
 * The grant types (RFC 8414, section 2: `authorization_code` and `implicit` unless said otherwise).
 *
 * @category defaults
 * @since 0.1.0
 */
export const grantTypes = (metadata: AuthorizationServerMetadata): ReadonlyArray<string> =>
  metadata.grantTypesSupported ?? ["authorization_code", "implicit"]

/**
 * How clients authenticate at the token endpoint (RFC 8414, section 2: `client_secret_basic` unless said otherwise).
 *
 * @category defaults
 * @since 0.1.0
 */
export const tokenEndpointAuthMethods = (metadata: AuthorizationServerMetadata): ReadonlyArray<string> =>
  metadata.tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]

/**
 * How clients authenticate at the revocation endpoint (RFC 8414, section 2: `client_secret_basic` unless said
 * otherwise).
 *
 * @category defaults
 * @since 0.1.0
 */
export const revocationEndpointAuthMethods = (metadata: AuthorizationServerMetadata): ReadonlyArray<string> =>
  metadata.revocationEndpointAuthMethodsSupported ?? ["client_secret_basic"]

/**
 * The kinds of claims (OpenID Connect Discovery 1.0, section 3: `normal` unless said otherwise).
 *
 * @category defaults
 * @since 0.1.0
 */
export const claimTypes = (metadata: AuthorizationServerMetadata): ReadonlyArray<string> =>
  metadata.claimTypesSupported ?? ["normal"]

/**
 * Whether request objects may be passed by reference (OpenID Connect Discovery 1.0, section 3: yes unless denied).
 *
 * @category defaults
 * @since 0.1.0
 */
export const requestUriParameter = (metadata: AuthorizationServerMetadata): boolean =>
  metadata.requestUriParameterSupported ?? true

/**
 * Whether PKCE with `S256` is advertised (RFC 7636, section 4.2). There is no default: absent means unknown, which MCP
 * clients must treat as not supported.
 *
 * @category defaults
 * @since 0.1.0
 */
export const advertisesS256 = (metadata: AuthorizationServerMetadata): boolean =>
  metadata.codeChallengeMethodsSupported?.includes("S256") === true

/**
 * Whether authorization responses carry `iss` (RFC 9207, section 3: no unless said).
 *
 * @category defaults
 * @since 0.1.0
 */
export const authorizationResponseIss = (metadata: AuthorizationServerMetadata): boolean =>
  metadata.authorizationResponseIssParameterSupported === true
