/**
 * Preset for GitHub Actions.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  ownerIds: Preset.list(Preset.name("The numeric IDs of the users and organizations whose workflows may call", "65")),
  url: Preset.optional(Preset.url(
    "The issuer, if it is not that of github.com: of GitHub Enterprise Server, or of one enterprise",
    "https://github.example.com/_services/token"
  ))
}

/**
 * The tokens of workflows of GitHub Actions. A workflow chooses the audience of its token freely, so that the audience
 * proves nothing about the caller. The preset therefore demands the owner of the repository, too. Policies should name more,
 * such as `repository_id`, `job_workflow_ref` and `environment`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "github-actions",
  title: "GitHub Actions",
  parameters,
  settings: ({ ownerIds, url = "https://token.actions.githubusercontent.com" }) => ({
    issuer: url,
    type: "oidc",
    verification: {
      method: "jwt",
      options: {
        audience: AudiencePolicy.make({
          name: "resource and repository owner",
          expects: (resource) =>
            `${AudiencePolicy.resource.expects(resource)}, and a repository owner of ${ownerIds.join(" or ")}`,
          accepts: (check) =>
            AudiencePolicy.resource.accepts(check) && ownerIds.some((id) => id === check.claims["repository_owner_id"])
        }),
        accessTokenMark: { claim: "repository_id" },
        subjectClaim: "repository_id",
        clientClaim: "job_workflow_ref"
      }
    }
  }),
  facts: {
    tokens: "A JWT for a job of a workflow. It is no access token of OAuth: it has no scope and no client.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Give the workflow the permission `id-token: write`.",
      "In the workflow, request a token with the URL of the MCP server as audience: `core.getIDToken(url)`.",
      "Look up the numeric IDs of the owners, for example at `https://api.github.com/users/<owner>`.",
      "Write a policy for each tool that names claims, such as `Policy.claim` with `repository_id` or `job_workflow_ref`."
    ],
    clients: "Only workflows call. No user can log in, so that MCP clients of users need another authorization server.",
    limits: [
      "Tokens have no scopes. `requiredScopes` and `Policy.scopes` refuse all of them.",
      "The subject of the caller is the repository ID, and the client is the workflow of the job.",
      "The claim sub has the form `repo:owner@id/name@id:…` for repositories since July 2026. Policies must not compare prefixes."
    ],
    overrides: [],
    sources: [
      {
        fact: "The issuer of github.com, of GitHub Enterprise Server, and of single enterprises.",
        source: "https://docs.github.com/en/actions/reference/security/oidc",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "The workflow chooses the audience. The default is the URL of the owner.",
        source: "https://docs.github.com/en/actions/reference/security/oidc",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "Tokens have repository_id, repository_owner_id, job_workflow_ref and environment.",
        source: "https://docs.github.com/en/actions/reference/security/oidc",
        date: "2026-08",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ claims_supported, issuer }) => {
    if (issuer === "https://token.actions.githubusercontent.com") return "certain"
    return Array.isArray(claims_supported) && claims_supported.includes("job_workflow_ref") ? "certain" : undefined
  }
})
