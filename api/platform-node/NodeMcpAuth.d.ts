// Exports

export declare const layer: Layer.Layer<HttpClient.HttpClient>;

export declare const layerNoDns: (options?: Options) => Layer.Layer<HttpClient.HttpClient, InvalidOption, Dns.Dns>;

export declare const layerWith: (options: Options) => Layer.Layer<HttpClient.HttpClient, InvalidOption>;

export interface Options extends TlsOptions {
    readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined;
    readonly connectionsPerOrigin?: number | undefined;
    readonly connectTimeout?: Duration.Input | undefined;
    readonly proxy?: "environment" | (string & {}) | ForwardProxy.Options | undefined;
    readonly origins?: Readonly<Record<string, TlsOptions>> | undefined;
}

export type InvalidOption = AddressPolicy.InvalidAddressPolicy | ForwardProxy.InvalidProxy | InvalidTlsOptions;
