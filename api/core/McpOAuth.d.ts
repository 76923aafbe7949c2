// Exports

export declare class InvalidOptions extends InvalidOptions_base {
    get message(): string;
}

export declare class McpOAuth extends McpOAuth_base {
}

export declare const errorOf: (error: unknown) => OAuthClientError.OAuthClientError | undefined;

export declare const layer: {
    <R = never>(options: Options<R> & {
        readonly interactive: "never";
    }): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions, HttpClient.HttpClient | CredentialStore | Exclude<R, UserAgent>>;
    <R = never>(options: Options<R>): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions, HttpClient.HttpClient | CredentialStore | R>;
};

export declare const layerFromConfig: {
    <R = never>(overrides: Partial<Options<R>> & {
        readonly interactive: "never";
    }): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions | Config.ConfigError, HttpClient.HttpClient | CredentialStore | Exclude<R, UserAgent>>;
    <R = never>(overrides?: Partial<Options<R>>): Layer.Layer<McpOAuth | HttpClient.HttpClient, InvalidOptions | Config.ConfigError, HttpClient.HttpClient | CredentialStore | UserAgent | R>;
};

export declare const layerMcpClient: <R = never>(options: McpClientOptions<R>) => Layer.Layer<McpClient.McpClient | McpOAuth, InvalidOptions | OAuthClientError.OAuthClientError | McpClientError, HttpClient.HttpClient | CredentialStore | R>;

export interface McpClientOptions<R = never> extends Options<R>, Omit<Parameters<typeof McpClient.layerHttp>[0], "url" | "headers"> {
}

export interface Options<R = never> {
    readonly server: string;
    readonly grant: Grant<R>;
    readonly interactive?: "when-needed" | "never" | undefined;
    readonly scopes?: ReadonlyArray<string> | ((asked: ScopesAsked) => ReadonlyArray<string>) | undefined;
    readonly stepUp?: StepUpOptions | undefined;
    readonly dpop?: "when-asked" | "always" | "never" | undefined;
    readonly resourceMatch?: ResourceMatch | undefined;
    readonly hintPolicy?: HintPolicy | undefined;
    readonly discovery?: Omit<Discovery.FetchOptions, "purpose" | "type"> | undefined;
    readonly legacy?: boolean | undefined;
    readonly loginTimeout?: Duration.Input | undefined;
    readonly refreshAhead?: Duration.Input | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}

export interface Shape {
    readonly client: HttpClient.HttpClient;
    readonly tokens: Effect.Effect<Option.Option<Tokens>, StoreFailed>;
    readonly authorize: Effect.Effect<Tokens, OAuthClientError.OAuthClientError>;
    readonly logout: Effect.Effect<{
        readonly revoked: boolean;
    }, StoreFailed>;
    readonly events: Stream.Stream<OAuthEvent>;
}

export interface StepUpOptions {
    readonly attempts?: number | undefined;
    readonly approve?: ((scopes: ReadonlyArray<string>) => Effect.Effect<boolean>) | undefined;
}

// Types that the exports name

// client/internal/settings
export interface ScopesAsked {
    readonly challenged: ReadonlyArray<string> | undefined;
    readonly supported: ReadonlyArray<string> | undefined;
}
