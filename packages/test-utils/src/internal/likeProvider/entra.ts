import { entraV2 } from "../providers/entra.ts"
import { client, clientId, entraTokens, subject, tenant } from "./entraTokens.ts"
import type { LikeProvider } from "./model.ts"

const [{ json, url }] = entraV2.documents

export const entra: LikeProvider = {
  name: "entra",
  parameters: { tenant, clientId, appIdUri: "https://api.test/mcp" },
  documents: [[url, json]],
  key: (key) => ({ ...key, x5t: key["kid"] ?? "", x5c: ["MIIC"], issuer: entraV2.issuer }),
  tokens: () => entraTokens({ issuer: entraV2.issuer, version: "2.0", audience: clientId }),
  expected: { subject, clientId: client, scopes: ["notes:read", "notes:write"], roles: ["editor"] },
  evidence: "published document"
}
