// Exports

export declare class InvalidVerifier extends InvalidVerifier_base {
    get message(): string;
}

export declare const apiKeys: <E = never, R = never>({ issuer, keys, prefix }: ApiKeyOptions<E, R>) => Method<R>;

export declare const custom: <E, R>(verify: (token: Redacted.Redacted, request: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress"> | undefined) => Effect.Effect<object | undefined, E, R>, options?: CustomOptions) => Method<R>;

export declare const firstOf: <const M extends readonly [
    Method<unknown>,
    ...ReadonlyArray<Method<unknown>>
]>(...methods: M) => Method<Services<M>>;

export declare const introspection: (options: IntrospectionOptions) => Method;

export declare const jwt: (options?: JwtOptions) => Method;

export interface AccessTokenMark {
    readonly claim: string;
    readonly equals?: string | undefined;
}

export interface ApiKeyOptions<out E = never, out R = never> {
    readonly keys: ReadonlyArray<ApiKey.ApiKey> | ((hash: string) => Effect.Effect<ApiKey.ApiKey | undefined, E, R>);
    readonly prefix?: string | undefined;
    readonly issuer?: string | undefined;
}

export interface ClaimForm {
    readonly path: ClaimPath;
    readonly separator?: string | undefined;
    readonly keys?: boolean | undefined;
    readonly member?: string | undefined;
    readonly unless?: string | undefined;
}

export interface ClaimOptions {
    readonly audience?: AudiencePolicy.AudiencePolicy | undefined;
    readonly clockTolerance?: Duration.Input | undefined;
    readonly acceptWithoutExpiry?: boolean | undefined;
    readonly accessTokenMark?: AccessTokenMark | undefined;
    readonly scopeClaims?: readonly [
        ScopeClaim,
        ...ReadonlyArray<ScopeClaim>
    ] | undefined;
    readonly roleClaims?: readonly [
        RoleClaim,
        ...ReadonlyArray<RoleClaim>
    ] | undefined;
    readonly subjectClaim?: string | ClaimPath | undefined;
    readonly clientClaim?: string | ClaimPath | undefined;
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
    readonly make: (trust: Trust) => Effect.Effect<VerifyToken, InvalidVerifier, R | Scope.Scope>;
    readonly refusesOtherIssuers?: boolean | undefined;
    readonly needsAuthorizationServer?: boolean | undefined;
    readonly looksUpIssuers?: boolean | undefined;
    readonly prefix?: string | undefined;
    readonly methods?: ReadonlyArray<Method<R>> | undefined;
}

export interface Trust {
    readonly resource: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
}

export type ClaimPath = readonly [
    string,
    ...ReadonlyArray<string>
];

export type RoleClaim = ClaimPath | ClaimForm;

export type ScopeClaim = string | ClaimForm;

export type VerifyToken = (token: Redacted.Redacted, request?: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">) => Effect.Effect<AuthInfo["Service"], TokenError>;

// Types that the exports name

// token/internal/accessToken
export type TypPolicy = "loose" | "rfc9068";
