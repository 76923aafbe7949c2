import type { LikeProvider } from "./model.ts"

const issuer = "https://token.actions.githubusercontent.com"

const document = {
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks`,
  subject_types_supported: ["public", "pairwise"],
  response_types_supported: ["id_token"],
  claims_supported: [
    "sub",
    "aud",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "ref",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "run_id",
    "actor",
    "workflow",
    "job_workflow_ref",
    "environment"
  ],
  id_token_signing_alg_values_supported: ["RS256"],
  scopes_supported: ["openid"]
}

const workflow = "acme/notes/.github/workflows/deploy.yml@refs/heads/main"

const job = {
  iss: issuer,
  sub: "repo:acme@65/notes@74:environment:production",
  jti: "example-id",
  nbf: 1_700_000_000,
  ref: "refs/heads/main",
  environment: "production",
  repository: "acme/notes",
  repository_id: "74",
  repository_owner: "acme",
  repository_owner_id: "65",
  repository_visibility: "private",
  actor: "ada",
  event_name: "workflow_dispatch",
  run_id: "1",
  job_workflow_ref: workflow
}

export const githubActions: LikeProvider = {
  name: "github-actions",
  parameters: { ownerIds: ["65"] },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  key: (key) => ({ ...key, x5c: ["MIIC"], x5t: "thumb" }),
  tokens: (resource) => ({
    access: { header: { typ: "JWT" }, claims: { ...job, aud: resource } },
    otherApi: { header: { typ: "JWT" }, claims: { ...job, aud: "https://github.com/acme" } }
  }),
  expected: { subject: "74", clientId: workflow, scopes: [], roles: [] },
  evidence: "documentation"
}
