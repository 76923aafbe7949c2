import { azureB2C } from "../providers/microsoft.ts"
import type { LikeProvider } from "./model.ts"

const host = "example-tenant.b2clogin.com"
const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
const clientId = "22222222-3333-4444-5555-666666666666"
const client = "38307aee-303c-4fff-8087-d8d2a9a9a9a9"
const subject = "1558f87f-452b-4757-bcd1-883a9a9a9a9a"
const issuer = `https://${host}/${tenant}/v2.0/`

const [{ json }] = azureB2C.documents

const user = { iss: issuer, oid: subject, sub: subject, name: "Ada", tfp: "B2C_1_signin", ver: "1.0" }

export const azureB2c: LikeProvider = {
  name: "azure-b2c",
  parameters: {
    host,
    tenant,
    userFlow: "b2c_1_signin",
    clientId,
    appIdUri: "https://example-tenant.onmicrosoft.com/notes"
  },
  documents: [[`https://${host}/${tenant}/b2c_1_signin/v2.0/.well-known/openid-configuration`, json]],
  tokens: () => ({
    access: {
      header: { typ: "JWT" },
      claims: { ...user, aud: clientId, azp: client, scp: "notes:read", nonce: "anyRandomValue" }
    },
    id: { header: { typ: "JWT" }, claims: { ...user, aud: clientId, auth_time: 1_799_999_000 } },
    otherApi: {
      header: { typ: "JWT" },
      claims: { ...user, aud: "99999999-3333-4444-5555-666666666666", azp: client, scp: "read" }
    }
  }),
  expected: { subject, clientId: client, scopes: ["notes:read"], roles: [] },
  evidence: "published document"
}
