// Exports

export declare const layer: Layer.Layer<HttpClient.HttpClient>;

export declare const layerNoDns: (options?: Options) => Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy, Dns.Dns>;

export declare const layerWith: (options: Options) => Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy>;

export interface Options {
    readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined;
    readonly connectionsPerOrigin?: number | undefined;
    readonly connectTimeout?: Duration.Input | undefined;
}
