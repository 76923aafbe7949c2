import { workos as published } from "../providers/workos.ts"
import type { LikeProvider } from "./model.ts"

const [first, second] = published.documents
const { issuer } = published
const subject = "user_01E4ZCR3C56J083X43JQXF3JK5"
const client = "client_01JP8BD0CZ401TDF9X54NT5ZEK"
const environment = "client_01ENVIRONMENT"
const machine = "client_01MACHINE"

const user = { iss: issuer, sub: subject, org_id: "org_01EHZNVPK3SFK441A1RGBFSHRT", sid: "app_consent_01" }

export const workos: LikeProvider = {
  name: "workos",
  parameters: {
    domain: "example-tenant.authkit.app",
    environmentClientId: environment,
    machineClients: [machine]
  },
  documents: [[first.url, first.json], [second?.url ?? first.url, second?.json ?? first.json]],
  tokens: (resource) => ({
    access: {
      header: {},
      claims: { ...user, client_id: client, aud: resource, scope: "openid notes:read", jti: "1" }
    },
    machine: {
      header: {},
      claims: {
        iss: issuer,
        sub: machine,
        client_id: machine,
        org_id: user.org_id,
        aud: environment,
        scope: "notes:read",
        jti: "2"
      }
    },
    id: { header: {}, claims: { iss: issuer, sub: subject, aud: client, email: "ada@example.com", nonce: "n" } },
    otherApi: {
      header: {},
      claims: { ...user, client_id: client, aud: environment, scope: "openid notes:read", jti: "3" }
    }
  }),
  expected: { subject, clientId: client, scopes: ["openid", "notes:read"], roles: [] },
  evidence: "published document"
}
