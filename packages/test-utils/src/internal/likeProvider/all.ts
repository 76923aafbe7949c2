import { adfs } from "./adfs.ts"
import { auth0 } from "./auth0.ts"
import { azureB2c } from "./azureB2c.ts"
import { betterAuth } from "./betterAuth.ts"
import { clerk } from "./clerk.ts"
import { cognito } from "./cognito.ts"
import { descope } from "./descope.ts"
import { entra } from "./entra.ts"
import { entraExternal } from "./entraExternal.ts"
import { entraMultiTenant } from "./entraMultiTenant.ts"
import { entraV1 } from "./entraV1.ts"
import { keycloak } from "./keycloak.ts"
import type { LikeProvider } from "./model.ts"
import { okta } from "./okta.ts"
import { supabase } from "./supabase.ts"
import { workos } from "./workos.ts"

/** All fixtures, by the names of their presets. */
export const all = {
  "adfs": adfs,
  "auth0": auth0,
  "azure-b2c": azureB2c,
  "better-auth": betterAuth,
  "clerk": clerk,
  "cognito": cognito,
  "descope": descope,
  "entra": entra,
  "entra-external": entraExternal,
  "entra-multi-tenant": entraMultiTenant,
  "entra-v1": entraV1,
  "keycloak": keycloak,
  "okta": okta,
  "supabase": supabase,
  "workos": workos
} as const satisfies Readonly<Record<string, LikeProvider>>

/** The name of a fixture. */
export type Name = keyof typeof all
