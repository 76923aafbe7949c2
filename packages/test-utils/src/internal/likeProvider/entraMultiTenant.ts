import { entraCommon, entraV2 } from "../providers/entra.ts"
import { client, clientId, entraTokens, subject, tenant } from "./entraTokens.ts"
import type { LikeProvider } from "./model.ts"

const [{ json }] = entraCommon.documents

export const entraMultiTenant: LikeProvider = {
  name: "entra-multi-tenant",
  parameters: { tenants: [tenant, "bbbbcccc-0000-cccc-1111-dddd2222eeee"], clientId },
  documents: [["https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration", json]],
  key: (key) => ({
    ...key,
    x5t: key["kid"] ?? "",
    x5c: ["MIIC"],
    issuer: "https://login.microsoftonline.com/{tenantid}/v2.0"
  }),
  tokens: () => entraTokens({ issuer: entraV2.issuer, version: "2.0", audience: clientId }),
  expected: { subject, clientId: client, scopes: ["notes:read", "notes:write"], roles: ["editor"] },
  evidence: "published document"
}
