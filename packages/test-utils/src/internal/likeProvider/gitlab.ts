import { gitlab as published } from "../providers/gitlab.ts"
import { answered, bearerOf } from "./answers.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://gitlab.com"
const clientId = "1cb242f495280beb4291e64bee2a17f330902e499882fe8e1e2aa875519cab33"

/** 63 of the 64 hexadecimal digits of a token. The number of the token is the last. */
const prefix = "a1b2c3d4".repeat(8).slice(1)

const user = { iss: issuer, sub: "42", client_id: clientId, scope: "openid read_user" }

export const gitlab: LikeProvider = {
  name: "gitlab",
  parameters: { url: issuer, clientIds: [clientId] },
  documents: [
    [published.documents[0].url, published.documents[0].json],
    [`${issuer}/.well-known/openid-configuration`, published.documents[0].json]
  ],
  tokens: () => ({
    access: { prefix, claims: user },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: "42", aud: clientId } },
    otherApi: { prefix, claims: { ...user, client_id: "other" } }
  }),
  expected: { subject: "42", clientId, scopes: ["openid", "read_user"], roles: [] },
  respond: (request, claimsOf) => {
    if (request.url !== `${issuer}/oauth/token/info`) return undefined
    const claims = claimsOf(bearerOf(request)) ?? {}
    if (claims["iss"] !== issuer) return answered({ error: "invalid_request" }, 400)
    const now = Math.floor(request.at / 1000)
    return answered({
      resource_owner_id: Number(claims["sub"]),
      scope: String(claims["scope"]).split(" "),
      expires_in: Number(claims["exp"]) - now,
      application: { uid: claims["client_id"] ?? null },
      created_at: claims["iat"] ?? now
    })
  },
  evidence: "published document"
}
