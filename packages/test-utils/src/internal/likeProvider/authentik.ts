import * as Redacted from "effect/Redacted"
import { authentik as published } from "../providers/authentik.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://authentik.example.com/application/o/example-app/"
const clientId = "abcdefghijklmnopqrstuvwxyz"

/** The claims of an ID token, which an access token has too. */
const user = {
  iss: issuer,
  sub: "8f14e45fceea167a5a36dedd4bea2543",
  aud: clientId,
  auth_time: 1_799_999_000,
  acr: "goauthentik.io/providers/oauth2/default",
  nonce: "n-0S6_WzA2Mj",
  groups: ["editor"]
}

/** What introspection adds: the scopes, and the client that asks. */
const introspected = { scope: "openid profile notes:read", client_id: clientId }

export const authentik: LikeProvider = {
  name: "authentik",
  parameters: {
    url: "https://authentik.example.com",
    application: "example-app",
    clientId,
    clientSecret: Redacted.make("authentik-secret")
  },
  documents: [[published.documents[0].url, published.documents[0].json]],
  // The claims are those of the introspection response. Those in the token have azp and uid instead of scope.
  tokens: () => ({
    access: { header: { typ: "JWT" }, claims: { ...user, ...introspected } },
    machine: {
      header: { typ: "JWT" },
      claims: { iss: issuer, sub: "ak-notes-client_credentials", aud: clientId, ...introspected }
    },
    // Introspection knows no ID token, so that its response is inactive.
    id: { header: { typ: "JWT" }, claims: { ...user, sid: "s", active: false } },
    refresh: { claims: { ...user, ...introspected, at_hash: "x" } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: "other-client", ...introspected } }
  }),
  expected: {
    subject: "8f14e45fceea167a5a36dedd4bea2543",
    clientId,
    scopes: ["openid", "profile", "notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
