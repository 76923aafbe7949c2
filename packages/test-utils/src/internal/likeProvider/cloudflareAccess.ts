import type { LikeProvider } from "./model.ts"

const issuer = "https://acme.cloudflareaccess.com"
const tag = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"

const user = {
  iss: issuer,
  sub: "7335d417-61da-459d-899c-0a01c76a2f94",
  email: "ada@example.com",
  type: "app",
  identity_nonce: "6ei69kawdKzMIAPF",
  country: "US",
  nbf: 1_700_000_000
}

export const cloudflareAccess: LikeProvider = {
  name: "cloudflare-access",
  parameters: { url: issuer, audience: [tag] },
  documents: [[`${issuer}/`, {}]],
  jwksUri: `${issuer}/cdn-cgi/access/certs`,
  tokens: () => ({
    access: { header: { typ: "JWT" }, claims: { ...user, aud: [tag] } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: ["another-tag"] } },
    // The token of the session at the team domain, which is for all applications.
    id: { header: { typ: "JWT" }, claims: { ...user, type: "org", aud: [tag] } }
  }),
  expected: { subject: "7335d417-61da-459d-899c-0a01c76a2f94", clientId: undefined, scopes: [], roles: [] },
  evidence: "documentation"
}
