// Exports

export declare class InvalidVerifier extends InvalidVerifier_base {
    get message(): string;
}

export declare class TokenVerifier extends TokenVerifier_base {
}

export declare const custom: <E, R>(verify: (token: Redacted.Redacted) => Effect.Effect<object | undefined, E, R>, options?: CustomOptions) => Method<R>;

export declare const firstOf: <const M extends readonly [
    Method<unknown>,
    ...ReadonlyArray<Method<unknown>>
]>(...methods: M) => Method<Services<M>>;

export declare const introspection: (options: IntrospectionOptions) => Method;

export declare const jwt: (options?: JwtOptions) => Method;

export declare const layer: <R>(method: Method<R>, trust: Trust) => Layer.Layer<TokenVerifier, InvalidVerifier, R>;

export interface AccessTokenMark {
    readonly claim: string;
    readonly equals?: string | undefined;
}

export interface ClaimOptions {
    readonly audience?: AudiencePolicy.AudiencePolicy | undefined;
    readonly clockTolerance?: Duration.Input | undefined;
    readonly acceptWithoutExpiry?: boolean | undefined;
    readonly accessTokenMark?: AccessTokenMark | undefined;
    readonly scopeClaims?: readonly [
        string,
        ...ReadonlyArray<string>
    ] | undefined;
    readonly subjectClaim?: string | undefined;
}

export interface CustomOptions extends ClaimOptions {
    readonly handles?: ((token: string) => boolean) | undefined;
}

export interface IntrospectionOptions extends ClaimOptions {
    readonly authentication: ClientAuthentication;
    readonly issuer?: string | undefined;
    readonly cacheFor?: Duration.Input | undefined;
    readonly concurrency?: number | undefined;
    readonly queueSize?: number | undefined;
    readonly queueTimeout?: Duration.Input | undefined;
}

export interface JwtOptions extends ClaimOptions, JwkSet.Options {
    readonly typ?: TypPolicy | undefined;
    readonly remember?: number | undefined;
}

export interface Method<out R = HttpClient.HttpClient> {
    readonly name: string;
    readonly handles: (token: string) => boolean;
    readonly make: (trust: Trust) => Effect.Effect<Verify, InvalidVerifier, R | Scope.Scope>;
}

export interface Trust {
    readonly resource: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
}

export type Verify = (token: Redacted.Redacted, request?: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">) => Effect.Effect<AuthInfo["Service"], TokenError>;

// Types that the exports name

// token/internal/accessToken
export type TypPolicy = "loose" | "rfc9068";
