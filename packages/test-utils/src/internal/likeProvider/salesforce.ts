import * as Redacted from "effect/Redacted"
import { salesforce as published } from "../providers/salesforce.ts"
import type { LikeProvider } from "./model.ts"

const domain = "example-tenant.my.salesforce.com"
const clientId = "3MVG9notes.client"
const subject = "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS"

const user = {
  iss: `https://${domain}`,
  sub: subject,
  client_id: clientId,
  username: "ada@example.com",
  token_type: "access_token",
  scope: "openid api"
}

export const salesforce: LikeProvider = {
  name: "salesforce",
  parameters: {
    domain,
    clientId: "3MVG9notes.server",
    clientSecret: Redacted.make("salesforce-secret"),
    clientIds: [clientId]
  },
  documents: [[published.documents[0].url, published.documents[0].json]],
  tokens: () => ({
    access: { header: { typ: "JWT", tnk: "core/prod/00Dxx0000001gPLEAY" }, claims: user },
    id: { header: {}, claims: { iss: `https://${domain}`, sub: subject, aud: clientId, at_hash: "x" } },
    refresh: { prefix: "5Aep861", claims: { ...user, token_type: "refresh_token" } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, client_id: "3MVG9other.client" } }
  }),
  expected: { subject, clientId, scopes: ["openid", "api"], roles: [] },
  evidence: "published document"
}
