// Exports

export declare class UnknownPreset extends UnknownPreset_base {
    get message(): string;
}

export declare const layer: Layer.Layer<never>;

export declare const load: (name: string) => Effect.Effect<Constructor, UnknownPreset>;

export declare const loadAll: Effect.Effect<ReadonlyArray<Definition>>;

export declare const names: ReadonlyArray<Name>;

export type Name = keyof typeof modules;

// Types that the exports name

// presets/internal/modules
export declare const modules: {
    readonly adfs: () => Promise<typeof import("../Adfs.ts")>;
    readonly auth0: () => Promise<typeof import("../Auth0.ts")>;
    readonly authelia: () => Promise<typeof import("../Authelia.ts")>;
    readonly authentik: () => Promise<typeof import("../Authentik.ts")>;
    readonly "azure-b2c": () => Promise<typeof import("../AzureB2c.ts")>;
    readonly "better-auth": () => Promise<typeof import("../BetterAuth.ts")>;
    readonly casdoor: () => Promise<typeof import("../Casdoor.ts")>;
    readonly clerk: () => Promise<typeof import("../Clerk.ts")>;
    readonly "cloudflare-access": () => Promise<typeof import("../CloudflareAccess.ts")>;
    readonly cognito: () => Promise<typeof import("../Cognito.ts")>;
    readonly descope: () => Promise<typeof import("../Descope.ts")>;
    readonly duende: () => Promise<typeof import("../Duende.ts")>;
    readonly entra: () => Promise<typeof import("../Entra.ts")>;
    readonly "entra-external": () => Promise<typeof import("../EntraExternal.ts")>;
    readonly "entra-multi-tenant": () => Promise<typeof import("../EntraMultiTenant.ts")>;
    readonly "entra-v1": () => Promise<typeof import("../EntraV1.ts")>;
    readonly frontegg: () => Promise<typeof import("../Frontegg.ts")>;
    readonly fusionauth: () => Promise<typeof import("../Fusionauth.ts")>;
    readonly github: () => Promise<typeof import("../Github.ts")>;
    readonly "github-actions": () => Promise<typeof import("../GithubActions.ts")>;
    readonly gitlab: () => Promise<typeof import("../Gitlab.ts")>;
    readonly google: () => Promise<typeof import("../Google.ts")>;
    readonly "ibm-verify": () => Promise<typeof import("../IbmVerify.ts")>;
    readonly keycloak: () => Promise<typeof import("../Keycloak.ts")>;
    readonly kinde: () => Promise<typeof import("../Kinde.ts")>;
    readonly kubernetes: () => Promise<typeof import("../Kubernetes.ts")>;
    readonly logto: () => Promise<typeof import("../Logto.ts")>;
    readonly "oidc-provider": () => Promise<typeof import("../OidcProvider.ts")>;
    readonly okta: () => Promise<typeof import("../Okta.ts")>;
    readonly "okta-org": () => Promise<typeof import("../OktaOrg.ts")>;
    readonly openiddict: () => Promise<typeof import("../Openiddict.ts")>;
    readonly oracle: () => Promise<typeof import("../Oracle.ts")>;
    readonly ory: () => Promise<typeof import("../Ory.ts")>;
    readonly pingfederate: () => Promise<typeof import("../Pingfederate.ts")>;
    readonly pingone: () => Promise<typeof import("../Pingone.ts")>;
    readonly propelauth: () => Promise<typeof import("../Propelauth.ts")>;
    readonly salesforce: () => Promise<typeof import("../Salesforce.ts")>;
    readonly "sap-ias": () => Promise<typeof import("../SapIas.ts")>;
    readonly scalekit: () => Promise<typeof import("../Scalekit.ts")>;
    readonly slack: () => Promise<typeof import("../Slack.ts")>;
    readonly stytch: () => Promise<typeof import("../Stytch.ts")>;
    readonly supabase: () => Promise<typeof import("../Supabase.ts")>;
    readonly workos: () => Promise<typeof import("../Workos.ts")>;
    readonly wso2: () => Promise<typeof import("../Wso2.ts")>;
    readonly zitadel: () => Promise<typeof import("../Zitadel.ts")>;
};
