// Exports

export declare const adfs: Provider;

export declare const all: ReadonlyArray<Provider>;

export declare const auth0: Provider;

export declare const authentik: Provider;

export declare const azureB2C: Provider;

export declare const box: Provider;

export declare const clerk: Provider;

export declare const cognito: Provider;

export declare const descope: Provider;

export declare const entraCommon: Provider;

export declare const entraV1: Provider;

export declare const entraV2: Provider;

export declare const facebook: Provider;

export declare const fetchOptions: ({ endpoints, issuerPolicy, repairs }: Provider) => FetchOptions;

export declare const firebase: Provider;

export declare const github: Provider;

export declare const gitlab: Provider;

export declare const google: Provider;

export declare const intuit: Provider;

export declare const keycloak: Provider;

export declare const layer: (provider: Provider) => Layer.Layer<HttpClient.HttpClient>;

export declare const logto: Provider;

export declare const oktaCustom: Provider;

export declare const oktaOrg: Provider;

export declare const ory: Provider;

export declare const pingOne: Provider;

export declare const salesforce: Provider;

export declare const slack: Provider;

export declare const strategy: (provider: Provider) => Discovery.Strategy;

export declare const supabase: Provider;

export declare const workos: Provider;

export interface Document {
    readonly url: string;
    readonly form: WellKnown.Form | "other";
    readonly json: Schema.JsonObject;
    readonly errors: ReadonlyArray<string>;
}

export interface FetchOptions extends Discovery.FetchOptions {
    readonly issuerPolicy: IssuerPolicy.IssuerPolicy;
    readonly transpileData: Transpiler.Transpiler;
}

export interface Provider {
    readonly name: string;
    readonly issuer: string;
    readonly documents: readonly [
        Document,
        ...ReadonlyArray<Document>
    ];
    readonly source: string;
    readonly date: string;
    readonly issuerPolicy: Policy;
    readonly repairs: ReadonlyArray<RepairName>;
    readonly endpoints?: {
        readonly [E in Repairs.Endpoint]?: string;
    };
    readonly unaided: "Found" | "IssuerMismatch" | "Miss";
    readonly beyondRepair: ReadonlyArray<string>;
}

export type Policy = {
    readonly _tag: "exact";
} | {
    readonly _tag: "rootSlash";
} | {
    readonly _tag: "expected";
    readonly issuer: string;
} | {
    readonly _tag: "template";
    readonly template: string;
};

export type RepairName = "pkce" | "nulls" | "empty-arrays" | "response-types";
