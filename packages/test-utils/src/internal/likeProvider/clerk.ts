import { clerk as published } from "../providers/clerk.ts"
import type { LikeProvider } from "./model.ts"

const [first, second] = published.documents
const { issuer } = published
const subject = "user_2vYVexampleExampleExampleExample"
const client = "client_2VTWUzvGC5UhdJCNx6xG1D98edc"

export const clerk: LikeProvider = {
  name: "clerk",
  parameters: { domain: "example-tenant.clerk.accounts.dev" },
  documents: [[first.url, first.json], [second?.url ?? first.url, second?.json ?? first.json]],
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: {
        iss: issuer,
        sub: subject,
        client_id: client,
        aud: resource,
        scope: "openid notes:read",
        jti: "oat_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU1vHjE"
      }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: subject, aud: client, email: "ada@example.com" } },
    // A session token of the application's own site.
    otherApi: {
      header: { typ: "JWT", cat: "cl_B7d4PD111AAA" },
      claims: { iss: issuer, sub: subject, azp: "https://app.example.com", sid: "sess_2", sts: "active", v: 2 }
    }
  }),
  expected: { subject, clientId: client, scopes: ["openid", "notes:read"], roles: [] },
  evidence: "published document"
}
