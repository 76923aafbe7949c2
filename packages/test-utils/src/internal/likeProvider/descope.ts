import { descope as published } from "../providers/descope.ts"
import type { LikeProvider } from "./model.ts"

const [{ json, url }] = published.documents
const project = "P-example-project"
const projectIssuer = `https://api.descope.com/v1/apps/${project}`
const subject = "U2RG6grrbT3REKYqk5yC4SjkMqzA"
const client = "UDJleGFtcGxlOlRQQS1jbGllbnQ="

const user = { iss: projectIssuer, sub: subject, azp: client }

export const descope: LikeProvider = {
  name: "descope",
  parameters: { project, server: "MS-example-server" },
  documents: [[url, json]],
  tokens: (resource) => ({
    access: {
      header: { typ: "JWT" },
      claims: { ...user, aud: [resource], client_id: client, scope: "openid mcp:read_notes" }
    },
    id: { header: { typ: "JWT" }, claims: { ...user, aud: client, name: "Ada", nonce: "n" } },
    // A session token of the project's own app. Its issuer is the project ID.
    otherApi: {
      header: { typ: "JWT" },
      claims: { iss: project, sub: subject, aud: [project], drn: "DS", rexp: "2027-02-12T00:00:00Z" }
    }
  }),
  expected: { subject, clientId: client, scopes: ["openid", "mcp:read_notes"], roles: [] },
  evidence: "published document"
}
