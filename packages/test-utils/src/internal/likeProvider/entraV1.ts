import { entraV1 as published } from "../providers/entra.ts"
import { client, clientId, entraTokens, subject, tenant } from "./entraTokens.ts"
import type { LikeProvider } from "./model.ts"

const [{ json, url }] = published.documents
const appIdUri = `api://${clientId}`

export const entraV1: LikeProvider = {
  name: "entra-v1",
  parameters: { tenant, clientId, appIdUri },
  documents: [[url, json]],
  // Microsoft's own keys for tokens of version 1 name the issuer of version 2.
  key: (key) => ({
    ...key,
    x5t: key["kid"] ?? "",
    x5c: ["MIIC"],
    issuer: "https://login.microsoftonline.com/{tenantid}/v2.0"
  }),
  tokens: () => entraTokens({ issuer: `https://sts.windows.net/${tenant}/`, version: "1.0", audience: appIdUri }),
  expected: { subject, clientId: client, scopes: ["notes:read", "notes:write"], roles: ["editor"] },
  evidence: "published document"
}
