// Exports

export declare const logIn: <R = never>(options: Options<R>) => Effect.Effect<LoggedIn, OAuthClientError, HttpClient.HttpClient | UserAgent | R>;

export interface LoggedIn {
    readonly clientId: string;
    readonly accessToken: Redacted.Redacted;
    readonly refreshToken: Redacted.Redacted | undefined;
    readonly expiresAt: number | undefined;
    readonly scopes: ReadonlyArray<string>;
}

export interface Options<R = never> {
    readonly issuer: string;
    readonly registration: ClientRegistration<R>;
    readonly resource?: string | undefined;
    readonly scopes?: ReadonlyArray<string> | undefined;
    readonly discovery?: Omit<Discovery.FetchOptions, "purpose"> | undefined;
    readonly timeout?: Duration.Input | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}
