import type { ClaimPath } from "./model.ts"

/** Where roles stand if nobody says otherwise: Keycloak, Entra ID, Amazon Cognito, Auth0. */
export const rolePaths: ReadonlyArray<ClaimPath> = [
  ["realm_access", "roles"],
  ["roles"],
  ["cognito:groups"],
  ["permissions"]
]
