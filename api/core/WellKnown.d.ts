// Exports

export declare const candidates: (issuer: Issuer.Issuer) => ReadonlyArray<string>;

export declare const issuersOf: (url: string) => ReadonlyArray<{
    readonly form: Form;
    readonly issuer: Issuer.Issuer;
}>;

export declare const leadsTo: (issuer: Issuer.Issuer, url: string) => boolean;

export declare const oauthAuthorizationServer: (issuer: Issuer.Issuer) => string;

export declare const oauthAuthorizationServerAppended: (issuer: Issuer.Issuer) => string;

export declare const ofForm: (issuer: Issuer.Issuer, form: Form) => string;

export declare const openidConfiguration: (issuer: Issuer.Issuer) => string;

export declare const openidConfigurationInserted: (issuer: Issuer.Issuer) => string;

export declare const protectedResource: (resource: ResourceIdentifier.ResourceIdentifier) => string;

export declare const protectedResourceCandidates: (resource: ResourceIdentifier.ResourceIdentifier) => ReadonlyArray<string>;

export declare const protectedResourceRoot: (resource: ResourceIdentifier.ResourceIdentifier) => string;

export type Form = "oauth-authorization-server" | "openid-configuration" | "openid-configuration-inserted" | "oauth-authorization-server-appended";
