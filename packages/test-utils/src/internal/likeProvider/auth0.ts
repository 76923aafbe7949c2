import { auth0 as published } from "../providers/auth0.ts"
import type { LikeProvider } from "./model.ts"

const [first, second] = published.documents
const { issuer } = published
const userinfo = `${issuer}userinfo`

const user = { iss: issuer, sub: "auth0|5f7c8ec7c33c6c004bbafe82" }

export const auth0: LikeProvider = {
  name: "auth0",
  parameters: { domain: "example-tenant.us.auth0.com" },
  documents: [[first.url, first.json], [second?.url ?? first.url, second?.json ?? first.json]],
  key: (key) => ({ ...key, x5t: "thumb", x5c: ["MIIC"] }),
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: {
        ...user,
        aud: [resource, userinfo],
        client_id: "my_client_id",
        jti: "73WakrfVbNJBaAmhQtEeDv",
        scope: "openid notes:read",
        permissions: ["notes:write"]
      }
    },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: issuer,
        sub: "OOZH6s5sgOORoVKBMNRu0xRd4I3dl5T7@clients",
        aud: resource,
        azp: "OOZH6s5sgOORoVKBMNRu0xRd4I3dl5T7",
        gty: "client-credentials",
        scope: "notes:read"
      }
    },
    id: { header: { typ: "JWT" }, claims: { ...user, aud: "my_client_id", nickname: "ada", sid: "s" } },
    otherApi: {
      header: { typ: "JWT" },
      claims: { ...user, aud: ["https://health.example.com", userinfo], azp: "my_client_id", scope: "openid" }
    }
  }),
  expected: {
    subject: user.sub,
    clientId: "my_client_id",
    scopes: ["openid", "notes:read"],
    roles: ["notes:write"]
  },
  evidence: "published document"
}
