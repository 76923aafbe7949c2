// Exports

export declare const allowOrigins: (origins: ReadonlyArray<string>) => HintPolicy;

export declare const covers: ResourceMatch;

export declare const exact: ResourceMatch;

export declare const find: (server: string, hint?: string | undefined, options?: Options | undefined) => Effect.Effect<Option.Option<{
    readonly additionalParameters?: {
        readonly [x: string]: Schema.Json;
    };
    readonly resource: string;
    readonly authorizationServers?: readonly [
        string,
        ...string[]
    ];
    readonly jwksUri?: string;
    readonly scopesSupported?: readonly string[];
    readonly bearerMethodsSupported?: readonly string[];
    readonly resourceSigningAlgValuesSupported?: readonly string[];
    readonly resourceName?: string;
    readonly resourceDocumentation?: string;
    readonly resourcePolicyUri?: string;
    readonly resourceTosUri?: string;
    readonly tlsClientCertificateBoundAccessTokens?: boolean;
    readonly authorizationDetailsTypesSupported?: readonly string[];
    readonly dpopSigningAlgValuesSupported?: readonly string[];
    readonly dpopBoundAccessTokensRequired?: boolean;
    readonly signedMetadata?: string;
}>, ResourceRefused, HttpClient.HttpClient>;

export declare const sameOrigin: HintPolicy;

export interface Options {
    readonly resourceMatch?: ResourceMatch | undefined;
    readonly hintPolicy?: HintPolicy | undefined;
}

export type HintPolicy = (hint: URL, server: URL) => boolean;

export type ResourceMatch = (resource: string, server: string) => boolean;
