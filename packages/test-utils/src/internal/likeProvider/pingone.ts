import { pingOne as published } from "../providers/pingOne.ts"
import type { LikeProvider } from "./model.ts"

const environment = "00000000-0000-4000-8000-000000000000"
const issuer = `https://auth.pingone.com/${environment}/as`

const user = {
  iss: issuer,
  sub: "5f9d3b2e-0000-4000-8000-000000000002",
  client_id: "notes-client",
  env: environment,
  org: "11111111-0000-4000-8000-000000000000",
  jti: "1"
}

export const pingone: LikeProvider = {
  name: "pingone",
  parameters: { environment },
  documents: [
    [published.documents[0].url, published.documents[0].json],
    [`${issuer}/.well-known/openid-configuration`, published.documents[1]?.json ?? {}]
  ],
  tokens: (resource) => ({
    access: { header: {}, claims: { ...user, aud: [resource], scope: "openid notes:read", roles: ["editor"] } },
    machine: {
      header: {},
      claims: { iss: issuer, client_id: "notes-job", env: environment, jti: "2", aud: [resource], scope: "notes:read" }
    },
    id: { header: {}, claims: { iss: issuer, sub: user.sub, aud: "notes-client", at_hash: "x", nonce: "n" } },
    otherApi: { header: {}, claims: { ...user, aud: ["https://api.pingone.com"], scope: "openid" } }
  }),
  expected: {
    subject: "5f9d3b2e-0000-4000-8000-000000000002",
    clientId: "notes-client",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
