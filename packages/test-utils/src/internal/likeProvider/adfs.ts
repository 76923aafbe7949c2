import { adfs as published } from "../providers/microsoft.ts"
import type { LikeProvider } from "./model.ts"

const [{ json, url }] = published.documents
const issuer = "http://ADFS.EXAMPLE.COM/adfs/services/trust"
const client = "97fec0e9-d322-4922-83e6-4b8208415ddf"

const user = {
  sub: "S-1-5-21-1004336348-1177238915-682003330-1104",
  upn: "ada@example.com",
  apptype: "Confidential",
  appid: client,
  authmethod: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
  auth_time: "2027-01-15T07:30:55.566Z",
  ver: "1.0"
}

export const adfs: LikeProvider = {
  name: "adfs",
  parameters: { host: "ADFS.EXAMPLE.COM", identifier: "https://api.test/mcp" },
  documents: [[url, json]],
  key: (key) => ({ ...key, x5t: key["kid"] ?? "", x5c: ["MIIC"] }),
  tokens: (resource) => ({
    access: {
      header: { typ: "JWT", x5t: "thumb" },
      claims: { ...user, iss: issuer, aud: resource, scp: "openid notes:read", role: ["editor"] }
    },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: issuer,
        aud: `microsoft:identityserver:${resource}`,
        apptype: "Confidential",
        appid: client,
        ver: "1.0"
      }
    },
    // AD FS writes the client and the scope into ID tokens as well.
    id: { header: { typ: "JWT" }, claims: { ...user, iss: published.issuer, aud: client, scp: "openid", sid: "s" } },
    otherApi: {
      header: { typ: "JWT" },
      claims: { ...user, iss: issuer, aud: "urn:microsoft:userinfo", scp: "openid" }
    }
  }),
  expected: { subject: user.sub, clientId: client, scopes: ["openid", "notes:read"], roles: ["editor"] },
  evidence: "published document"
}
