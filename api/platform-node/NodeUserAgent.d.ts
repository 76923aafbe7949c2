// Exports

export declare const layer: (options?: BrowserOptions) => Layer.Layer<UserAgent>;

export declare const layerPrint: (options?: Options) => Layer.Layer<UserAgent>;

export declare const openBrowser: (url: URL) => Effect.Effect<void, UserAgentFailed>;

export declare const printUrl: (url: URL) => Effect.Effect<void>;

export interface BrowserOptions extends Options {
    readonly openPage?: ((url: URL) => Effect.Effect<void, UserAgentFailed>) | undefined;
}

export interface Options {
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly timeout?: Duration.Input | undefined;
}
