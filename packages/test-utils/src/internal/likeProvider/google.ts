import { google as published } from "../providers/google.ts"
import { answered, bearerOf } from "./answers.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://accounts.google.com"
const clientId = "1234567890-abc.apps.googleusercontent.com"

const user = {
  iss: issuer,
  sub: "110169484474386276334",
  azp: clientId,
  aud: clientId,
  email: "ada@example.com",
  email_verified: "true"
}

const scope = "openid https://www.googleapis.com/auth/userinfo.email"

export const google: LikeProvider = {
  name: "google",
  parameters: { clientIds: [clientId] },
  documents: [
    [published.documents[0].url, published.documents[0].json],
    [`${issuer}/.well-known/openid-configuration`, published.documents[0].json]
  ],
  hosts: ["https://oauth2.googleapis.com"],
  tokens: () => ({
    access: { prefix: "ya29.a0-", claims: { ...user, scope } },
    id: { header: { typ: "JWT" }, claims: { ...user, at_hash: "x", nonce: "n" } },
    otherApi: {
      prefix: "ya29.a0-",
      claims: { ...user, aud: "other.apps.googleusercontent.com", azp: "other.apps.googleusercontent.com", scope }
    }
  }),
  expected: {
    subject: "110169484474386276334",
    clientId,
    scopes: ["openid", "https://www.googleapis.com/auth/userinfo.email"],
    roles: []
  },
  respond: (request, claimsOf) => {
    if (request.url !== "https://oauth2.googleapis.com/tokeninfo" || request.method !== "POST") return undefined
    const { iss, iat: _, ...claims } = claimsOf(bearerOf(request)) ?? {}
    // A token of another issuer is unknown to Google, as one that was never issued.
    if (iss !== issuer) return answered({ error: "invalid_token" }, 400)
    // The service writes numbers as strings.
    return answered({ ...claims, exp: String(claims["exp"]), access_type: "online" })
  },
  evidence: "published document"
}
