import type { ClaimPath } from "./model.ts"

/** Where roles stand if nobody says otherwise: Keycloak, Entra ID, Amazon Cognito, Auth0. */
export const rolePaths: ReadonlyArray<ClaimPath> = [
  ["realm_access", "roles"],
  ["roles"],
  ["cognito:groups"],
  ["permissions"]
]

/** The claim of permissions at Auth0, WorkOS, Kinde and others. */
export const permissionPaths: ReadonlyArray<ClaimPath> = [["permissions"]]
