import { logto as published } from "../providers/logto.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://example-tenant.logto.app/oidc"

const user = { iss: issuer, sub: "foo123", client_id: "notes-client" }

export const logto: LikeProvider = {
  name: "logto",
  parameters: { url: "https://example-tenant.logto.app" },
  documents: [[published.documents[0].url, published.documents[0].json]],
  // The default is ES384. A tenant can change to RSA keys.
  algorithm: "RS256",
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "1", aud: resource, scope: "notes:read notes:write", roles: ["editor"] }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: { iss: issuer, sub: "notes-job", client_id: "notes-job", jti: "2", aud: resource, scope: "notes:read" }
    },
    id: { header: {}, claims: { iss: issuer, sub: "foo123", aud: "notes-client", at_hash: "x", roles: ["editor"] } },
    refresh: { claims: user },
    otherApi: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "3", aud: "urn:logto:organization:org1", scope: "" }
    }
  }),
  expected: {
    subject: "foo123",
    clientId: "notes-client",
    scopes: ["notes:read", "notes:write"],
    roles: ["editor"]
  },
  evidence: "published document"
}
