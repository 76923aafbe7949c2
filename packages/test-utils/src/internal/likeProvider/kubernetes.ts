import type { LikeProvider } from "./model.ts"

const issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

const document = {
  issuer,
  jwks_uri: `${issuer}/keys`,
  authorization_endpoint: "urn:kubernetes:programmatic_authorization",
  response_types_supported: ["id_token"],
  subject_types_supported: ["public"],
  claims_supported: ["sub", "iss"],
  id_token_signing_alg_values_supported: ["RS256"]
}

const pod = {
  iss: issuer,
  sub: "system:serviceaccount:notes:worker",
  nbf: 1_700_000_000,
  jti: "ea28ed49-0000-4000-8000-1234567890ab",
  "kubernetes.io": {
    namespace: "notes",
    pod: { name: "worker-0", uid: "5e0bd49b" },
    serviceaccount: { name: "worker", uid: "14ee3fa4" }
  }
}

export const kubernetes: LikeProvider = {
  name: "kubernetes",
  parameters: { url: issuer },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  tokens: (resource) => ({
    access: { header: {}, claims: { ...pod, aud: [resource] } },
    otherApi: { header: {}, claims: { ...pod, aud: ["https://kubernetes.default.svc"] } }
  }),
  expected: { subject: "system:serviceaccount:notes:worker", clientId: undefined, scopes: [], roles: [] },
  evidence: "documentation"
}
