// Exports

export declare class TestProvider extends TestProvider_base {
}

export declare const layer: (options?: Options) => Layer.Layer<TestProvider | HttpClient.HttpClient>;

export declare const makeNetwork: (...options: ReadonlyArray<Options>) => Effect.Effect<{
    readonly providers: ReadonlyArray<TestProvider["Service"]>;
    readonly client: HttpClient.HttpClient;
}>;

export interface MintOptions extends OpaqueOptions {
    readonly algorithm?: Algorithm | undefined;
    readonly header?: Schema.JsonObject | undefined;
    readonly forged?: boolean | undefined;
}

export interface OpaqueOptions {
    readonly claims?: Changes | undefined;
    readonly expiresIn?: number | undefined;
}

export interface Options {
    readonly issuer?: string | undefined;
    readonly serves?: ReadonlyArray<WellKnown.Form> | undefined;
    readonly metadata?: Changes | undefined;
    readonly metadataAt?: {
        readonly [Form in WellKnown.Form]?: Changes;
    } | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly introspectsJwts?: boolean | undefined;
}

export interface Request {
    readonly method: string;
    readonly url: string;
    readonly endpoint: Endpoint | "unknown";
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
    readonly at: number;
}

export type Algorithm = "RS256" | "ES256" | "EdDSA";

export type Endpoint = "metadata" | WellKnown.Form | "jwks" | "introspection";

// Types that the exports name

// internal/testProvider/document
export type Changes = {
    readonly [member: string]: Schema.Json | undefined;
};
