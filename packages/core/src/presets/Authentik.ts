/**
 * Preset for authentik.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import { looksLikeJwt } from "../token/internal/jwt.ts"
import * as TokenVerifier from "../token/TokenVerifier.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the authentik server", "https://authentik.example.com"),
  application: Preset.name("The slug of the application", "notes"),
  clientId: Preset.text("The client ID of the provider of this application", "abcdefghijklmnopqrstuvwxyz"),
  clientSecret: Preset.secret("The client secret of this provider")
}

/**
 * authentik. Access tokens are JWTs with the claims of the ID token, and do not state their scopes. They are verified by
 * introspection, and their audience is the client.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "authentik",
  title: "authentik",
  parameters,
  settings: ({ application, clientId, clientSecret, url }) => ({
    issuer: `${url}/application/o/${application}/`,
    type: "oidc",
    verification: {
      method: "custom",
      verifier: {
        ...TokenVerifier.introspection({
          authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
          audience: AudiencePolicy.anyOf(clientId),
          // Only introspection states the scopes. Access tokens have a nonce, if the login had one.
          accessTokenMark: { claim: "scope" },
          scopeClaims: ["scope"],
          roleClaims: [["groups"]]
        }),
        // Refresh tokens are active too. They are opaque, and access tokens are JWTs.
        handles: looksLikeJwt
      }
    },
    roles: [["groups"]]
  }),
  facts: {
    tokens: "A JWT with the claims of the ID token, and with azp and uid. It is verified by introspection.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an OAuth2/OpenID provider of the type confidential, and an application with it.",
      "Choose a signing key, so that other clients can verify tokens. Choose no encryption key.",
      "Add a scope mapping for each scope of your server, and select it in the provider.",
      "Register the redirect URIs of the MCP clients in the provider."
    ],
    clients:
      "All clients share one client ID, that of the provider. Users must enter it. No registration of clients is known.",
    limits: [
      "A token proves the application, not the client: MCP clients and the server share the client ID.",
      "A client that requests no scope gets all scopes of the provider.",
      "Issuer mode Same identifier for all providers is not covered: choose Each provider has a different issuer.",
      "The form of the subject depends on the subject mode of the provider. Do not change it later.",
      "Roles are the groups of the user, which the scope profile adds if the provider includes claims in the ID token.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "The audience is always the client ID of the provider, which must belong to the MCP server alone.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "The introspection response has the claims of the token, active, scope, and the client that asks.",
        source: "https://github.com/goauthentik/authentik/blob/main/authentik/providers/oauth2/views/introspection.py",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact:
          "The audience is the client ID. Access tokens have azp and uid in addition to the claims of the ID token.",
        source: "https://github.com/goauthentik/authentik/blob/main/authentik/providers/oauth2/id_token.py",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "Introspected refresh tokens have at_hash, and access tokens do not.",
        source: "https://github.com/goauthentik/authentik/blob/main/authentik/providers/oauth2/views/token.py",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "The issuer ends with a slash. The metadata is at the appended OpenID URL.",
        source: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
        date: "2025-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ acr_values_supported, issuer }) => {
    if (
      Array.isArray(acr_values_supported) && acr_values_supported.includes("goauthentik.io/providers/oauth2/default")
    ) return "certain"
    return typeof issuer === "string" && /\/application\/o\/[^/]+\/$/.test(issuer) ? "likely" : undefined
  }
})
