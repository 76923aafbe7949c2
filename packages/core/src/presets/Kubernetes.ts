/**
 * Preset for Kubernetes service accounts.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url(
    "The issuer of the cluster, from `kubectl get --raw /.well-known/openid-configuration`",
    "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  )
}

/**
 * The tokens of service accounts of a Kubernetes cluster, for programs that run in it. A pod requests a token for the
 * resource by a projected volume, or by the TokenRequest API.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "kubernetes",
  title: "Kubernetes service accounts",
  parameters,
  settings: ({ url }) => ({
    issuer: url,
    type: "oidc",
    verification: { method: "jwt", options: { accessTokenMark: { claim: "kubernetes.io" } } }
  }),
  facts: {
    tokens: "A JWT for a service account, with the audience that the pod requested. It has no scope and no client.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Mount a projected volume with a `serviceAccountToken`, and set its `audience` to the URL of the MCP server.",
      "Make the metadata and keys of the cluster reachable for the MCP server. The keys of EKS and GKE are public.",
      "In the cluster, allow anonymous requests for them by the role `system:service-account-issuer-discovery`.",
      "Write a policy that names service accounts, by the subject `system:serviceaccount:<namespace>:<name>`."
    ],
    clients: "Only programs in the cluster call. No user can log in.",
    limits: [
      "Tokens have no scopes. `requiredScopes` and `Policy.scopes` refuse all of them.",
      "Every pod can request a token for every audience. So policies must name the service accounts that may call.",
      "Legacy tokens from secrets never expire and have no audience. They are refused.",
      "The metadata of the API server itself needs a token and the CA of the cluster. Configure an HTTP client for it."
    ],
    overrides: [],
    sources: [
      {
        fact: "The audience is that of the request. The default is the API server.",
        source: "https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The subject is system:serviceaccount:namespace:name, and the claim kubernetes.io names the pod.",
        source: "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "EKS publishes the authorization endpoint urn:kubernetes:programmatic_authorization.",
        source: "https://docs.aws.amazon.com/eks/latest/userguide/irsa-fetch-keys.html",
        date: "2026-11",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, jwks_uri }) => {
    if (authorization_endpoint === "urn:kubernetes:programmatic_authorization") return "certain"
    return typeof jwks_uri === "string" && jwks_uri.endsWith("/openid/v1/jwks") ? "likely" : undefined
  }
})
