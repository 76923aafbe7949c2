import * as Redacted from "effect/Redacted"
import { ory as published } from "../providers/ory.ts"
import { answered } from "./answers.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://example-project.projects.oryapis.com"
const introspection = `${issuer}/admin/oauth2/introspect`

const user = {
  iss: issuer,
  sub: "b5d4c3b2-0000-4000-8000-000000000001",
  client_id: "notes-client",
  token_type: "Bearer",
  scope: "openid notes:read",
  ext: { roles: ["editor"] }
}

export const ory: LikeProvider = {
  name: "ory",
  parameters: { url: issuer, apiKey: Redacted.make("ory_pat_example") },
  documents: [[published.documents[0].url, published.documents[0].json]],
  tokens: (resource) => ({
    access: { prefix: "ory_at_", claims: { ...user, token_use: "access_token", aud: [resource] } },
    machine: {
      prefix: "ory_at_",
      claims: {
        iss: issuer,
        sub: "notes-job",
        client_id: "notes-job",
        token_use: "access_token",
        scope: "notes:read",
        aud: [resource]
      }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: user.sub, aud: ["notes-client"], at_hash: "x" } },
    // A refresh token is active, for the same audience.
    refresh: { prefix: "ory_rt_", claims: { ...user, token_use: "refresh_token", aud: [resource] } },
    otherApi: { prefix: "ory_at_", claims: { ...user, token_use: "access_token", aud: ["https://other.example.com"] } }
  }),
  expected: {
    subject: "b5d4c3b2-0000-4000-8000-000000000001",
    clientId: "notes-client",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  // The metadata does not name the endpoint, which is part of the admin API.
  respond: ({ at, body, headers, url }, claimsOf) => {
    if (url !== introspection) return undefined
    if (headers["authorization"] !== "Bearer ory_pat_example") return answered({ error: { code: 401 } }, 401)
    const claims = claimsOf(new URLSearchParams(body).get("token") ?? "")
    return answered(
      claims === undefined || Number(claims["exp"]) <= at / 1000 ? { active: false } : {
        active: true,
        ...claims
      }
    )
  },
  evidence: "published document"
}
