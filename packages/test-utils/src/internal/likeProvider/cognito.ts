import { cognito as published } from "../providers/cognito.ts"
import type { LikeProvider } from "./model.ts"

const [{ json, url }] = published.documents
const { issuer } = published
const subject = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

const user = { iss: issuer, sub: subject, origin_jti: "o", event_id: "e", auth_time: 1_799_999_000 }

export const cognito: LikeProvider = {
  name: "cognito",
  parameters: { region: "us-east-1", userPoolId: "us-east-1_EXAMPLE", machineClients: ["5example4client6id"] },
  documents: [[url, json]],
  tokens: (resource) => ({
    access: {
      header: {},
      claims: {
        ...user,
        token_use: "access",
        client_id: "1example23456789",
        version: 2,
        jti: "j",
        aud: resource,
        scope: `openid ${resource}/notes:read`,
        username: "ada",
        "cognito:groups": ["editor"]
      }
    },
    machine: {
      header: {},
      claims: {
        iss: issuer,
        sub: "5example4client6id",
        client_id: "5example4client6id",
        token_use: "access",
        version: 2,
        jti: "m",
        auth_time: 1_799_999_000,
        scope: `${resource}/notes:read`
      }
    },
    id: {
      header: {},
      claims: {
        ...user,
        token_use: "id",
        aud: "1example23456789",
        "cognito:username": "ada",
        "cognito:groups": ["editor"],
        at_hash: "x"
      }
    },
    otherApi: {
      header: {},
      claims: {
        ...user,
        token_use: "access",
        client_id: "1example23456789",
        jti: "k",
        scope: "aws.cognito.signin.user.admin",
        username: "ada"
      }
    }
  }),
  expected: {
    subject,
    clientId: "1example23456789",
    scopes: ["openid", "https://api.test/mcp/notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
