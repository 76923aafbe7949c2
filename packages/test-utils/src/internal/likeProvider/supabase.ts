import { supabase as published } from "../providers/supabase.ts"
import type { LikeProvider } from "./model.ts"

const [first, second] = published.documents
const { issuer } = published
const subject = "8ccaa7af-909f-44e7-84cb-67cdccb56be6"
const client = "9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d"

const user = {
  iss: issuer,
  sub: subject,
  role: "authenticated",
  user_id: subject,
  email: "ada@example.com",
  aal: "aal1",
  amr: [{ method: "password", timestamp: 1_799_999_000 }],
  session_id: "4b938a09-5372-4177-a314-cfa292099ea2"
}

export const supabase: LikeProvider = {
  name: "supabase",
  parameters: { project: "example-project" },
  documents: [[first.url, first.json], [second?.url ?? first.url, second?.json ?? first.json]],
  key: (key) => ({ ...key, key_ops: ["verify"], ext: true }),
  algorithm: "ES256",
  tokens: (resource) => ({
    // With a hook that sets the audience and the scope.
    access: { header: { typ: "JWT" }, claims: { ...user, aud: resource, client_id: client, scope: "notes:read" } },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: subject, aud: client, email: user.email } },
    // A session of the project's own app.
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: "authenticated" } }
  }),
  expected: { subject, clientId: client, scopes: ["notes:read"], roles: ["authenticated"] },
  evidence: "published document"
}
