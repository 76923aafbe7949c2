// Written by `pnpm codegen` from the modules of presets.
/** Imports the module of a preset, by the name of the preset. */
export const modules = {
  "adfs": () => import("../Adfs.ts"),
  "auth0": () => import("../Auth0.ts"),
  "azure-b2c": () => import("../AzureB2c.ts"),
  "better-auth": () => import("../BetterAuth.ts"),
  "clerk": () => import("../Clerk.ts"),
  "cognito": () => import("../Cognito.ts"),
  "descope": () => import("../Descope.ts"),
  "entra": () => import("../Entra.ts"),
  "entra-external": () => import("../EntraExternal.ts"),
  "entra-multi-tenant": () => import("../EntraMultiTenant.ts"),
  "entra-v1": () => import("../EntraV1.ts"),
  "keycloak": () => import("../Keycloak.ts"),
  "okta": () => import("../Okta.ts"),
  "okta-org": () => import("../OktaOrg.ts"),
  "supabase": () => import("../Supabase.ts"),
  "workos": () => import("../Workos.ts")
} as const
