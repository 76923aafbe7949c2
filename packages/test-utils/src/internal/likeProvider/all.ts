import { adfs } from "./adfs.ts"
import { auth0 } from "./auth0.ts"
import { authelia } from "./authelia.ts"
import { authentik } from "./authentik.ts"
import { azureB2c } from "./azureB2c.ts"
import { betterAuth } from "./betterAuth.ts"
import { casdoor } from "./casdoor.ts"
import { clerk } from "./clerk.ts"
import { cloudflareAccess } from "./cloudflareAccess.ts"
import { cognito } from "./cognito.ts"
import { descope } from "./descope.ts"
import { duende } from "./duende.ts"
import { entra } from "./entra.ts"
import { entraExternal } from "./entraExternal.ts"
import { entraMultiTenant } from "./entraMultiTenant.ts"
import { entraV1 } from "./entraV1.ts"
import { frontegg } from "./frontegg.ts"
import { fusionauth } from "./fusionauth.ts"
import { github } from "./github.ts"
import { githubActions } from "./githubActions.ts"
import { gitlab } from "./gitlab.ts"
import { google } from "./google.ts"
import { ibmVerify } from "./ibmVerify.ts"
import { keycloak } from "./keycloak.ts"
import { kinde } from "./kinde.ts"
import { kubernetes } from "./kubernetes.ts"
import { logto } from "./logto.ts"
import type { LikeProvider } from "./model.ts"
import { oidcProvider } from "./oidcProvider.ts"
import { okta } from "./okta.ts"
import { openiddict } from "./openiddict.ts"
import { oracle } from "./oracle.ts"
import { ory } from "./ory.ts"
import { pingfederate } from "./pingfederate.ts"
import { pingone } from "./pingone.ts"
import { propelauth } from "./propelauth.ts"
import { salesforce } from "./salesforce.ts"
import { sapIas } from "./sapIas.ts"
import { scalekit } from "./scalekit.ts"
import { stytch } from "./stytch.ts"
import { supabase } from "./supabase.ts"
import { workos } from "./workos.ts"
import { wso2 } from "./wso2.ts"
import { zitadel } from "./zitadel.ts"

/** All fixtures, by the names of their presets. */
export const all = {
  "adfs": adfs,
  "auth0": auth0,
  "authelia": authelia,
  "authentik": authentik,
  "azure-b2c": azureB2c,
  "better-auth": betterAuth,
  "casdoor": casdoor,
  "clerk": clerk,
  "cloudflare-access": cloudflareAccess,
  "cognito": cognito,
  "descope": descope,
  "duende": duende,
  "entra": entra,
  "entra-external": entraExternal,
  "entra-multi-tenant": entraMultiTenant,
  "entra-v1": entraV1,
  "frontegg": frontegg,
  "fusionauth": fusionauth,
  "github": github,
  "github-actions": githubActions,
  "gitlab": gitlab,
  "google": google,
  "ibm-verify": ibmVerify,
  "keycloak": keycloak,
  "kinde": kinde,
  "kubernetes": kubernetes,
  "logto": logto,
  "oidc-provider": oidcProvider,
  "okta": okta,
  "openiddict": openiddict,
  "oracle": oracle,
  "ory": ory,
  "pingfederate": pingfederate,
  "pingone": pingone,
  "propelauth": propelauth,
  "salesforce": salesforce,
  "sap-ias": sapIas,
  "scalekit": scalekit,
  "stytch": stytch,
  "supabase": supabase,
  "workos": workos,
  "wso2": wso2,
  "zitadel": zitadel
} as const satisfies Readonly<Record<string, LikeProvider>>

/** The name of a fixture. */
export type Name = keyof typeof all
