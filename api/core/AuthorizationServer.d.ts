// Exports

export declare const discover: <R = never>(issuer: string, options?: Options<R>) => Effect.Effect<AuthorizationServer<DiscoveryFailed>, Issuer.InvalidIssuer, HttpClient.HttpClient | R | Scope.Scope>;

export declare const discoverByUrl: <R = never>(url: string, options: ByUrlOptions<R> & {
    readonly expectedIssuer: string;
}) => Effect.Effect<AuthorizationServer<DiscoveryFailed>, Issuer.InvalidIssuer, HttpClient.HttpClient | R | Scope.Scope>;

export declare const fetch: <R = never>(issuer: string, options?: Options<R>) => Effect.Effect<AuthorizationServer<DiscoveryFailed>, Issuer.InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | R | Scope.Scope>;

export declare const fetchByUrl: <R = never>(url: string, options?: ByUrlOptions<R> | undefined) => Effect.Effect<AuthorizationServer<DiscoveryFailed<never>>, DiscoveryFailed<never> | Issuer.InvalidIssuer, R | HttpClient.HttpClient | Scope.Scope>;

export declare const fromStrategy: <E, R>(strategy: Discovery.Strategy<E, R>, issuer: string, options?: StrategyOptions) => Effect.Effect<AuthorizationServer<DiscoveryFailed<E>>, Issuer.InvalidIssuer, R | Scope.Scope>;

export declare const issues: <E>(server: AuthorizationServer<E>, config: ServerConfig, iss: string, claims?: Schema.JsonObject) => boolean;

export declare const make: <E = never, R = never>(known: KnownServer<E, R>, options?: Discovery.SearchOptions & TokenIssuerOptions & InternalUrlOptions) => Effect.Effect<AuthorizationServer<E>, Issuer.InvalidIssuer | DiscoveryFailed, R>;

export declare const mayIssue: <E>({ issuer, issuerPolicy, tokenIssuers }: AuthorizationServer<E>, iss: string, claims?: Schema.JsonObject) => boolean;

export interface AuthorizationServer<out E = DiscoveryFailed<unknown>> {
    readonly [TypeId]: MetadataSource<E>;
    readonly issuer: Issuer.Issuer;
    readonly issuerPolicy: IssuerPolicy.IssuerPolicy;
    readonly tokenIssuers?: TokenIssuers | undefined;
    readonly unsafeInternalUrls?: UnsafeInternalUrls | undefined;
    readonly config: Effect.Effect<ServerConfig, E>;
}

export interface ByUrlOptions<R = never> extends Discovery.FetchByUrlOptions<R>, CacheOptions, TokenIssuerOptions, InternalUrlOptions {
}

export interface CacheOptions {
    readonly lifetime?: Duration.Input | undefined;
    readonly staleFor?: Duration.Input | undefined;
}

export interface InternalUrlOptions {
    readonly unsafeInternalUrls?: UnsafeInternalUrls | undefined;
}

export interface KeySetDocument {
    readonly keys: ReadonlyArray<Schema.JsonObject>;
}

export interface KnownServer<E = never, R = never> {
    readonly type: ServerType;
    readonly metadata: AuthorizationServerMetadata;
    readonly keys?: KeySetDocument | Effect.Effect<KeySetDocument, E, R> | undefined;
}

export interface Options<R = never> extends Discovery.FetchOptions<R>, CacheOptions, TokenIssuerOptions {
    readonly unsafeInternalUrls?: (UnsafeInternalUrls & {
        readonly metadata?: string | undefined;
    }) | undefined;
}

export interface StrategyOptions extends Discovery.SearchOptions, CacheOptions, TokenIssuerOptions, InternalUrlOptions {
    readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined;
}

export interface TokenIssuerOptions {
    readonly tokenIssuers?: TokenIssuers | undefined;
}

export interface UnsafeInternalUrls {
    readonly jwks?: string | undefined;
    readonly introspection?: string | undefined;
}

export type TokenIssuers = readonly [
    string,
    ...ReadonlyArray<string>
];

// Types that the exports name

// discovery/internal/metadataSource
export declare const TypeId: "~effect-mcp-auth/AuthorizationServer";

// discovery/internal/metadataSource
export interface MetadataSource<out E> {
    readonly isEager: boolean;
    readonly config: Effect.Effect<ServerConfig, E>;
    readonly peek: (now: number) => ServerConfig | undefined;
    readonly pause: (now: number) => number;
    readonly declarePurpose: (purpose: Purpose.Purpose) => Effect.Effect<void, E | IncompleteMetadata>;
    readonly keys: Effect.Effect<Schema.JsonObject, E> | undefined;
}

// discovery/internal/strategy
export declare const TypeId: "~effect-mcp-auth/Strategy";

// discovery/internal/strategy
export interface Candidate<out E, out R> {
    readonly kind: string;
    readonly location: string;
    readonly identity: unknown;
    readonly type: ServerType;
    readonly policy: IssuerPolicy.IssuerPolicy;
    readonly transpiler: Transpiler.Transpiler<R>;
    readonly validations: ReadonlyArray<Validation.Options>;
    readonly limits: Partial<Limits>;
    readonly mapRequest: LoadSettings["mapRequest"];
    readonly load: (settings: LoadSettings) => Effect.Effect<Loaded, AttemptError<E>, R>;
}

// discovery/internal/strategy
export interface Step<out E, out R> {
    readonly candidates: ReadonlyArray<Candidate<E, R>>;
    readonly hedge?: Duration.Duration;
}

// discovery/internal/strategy
export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>;
}

// discovery/internal/strategy
type LoadSettings = Omit<FetchSettings, "allowInsecureLoopback" | "asked" | "shape">;

// fetch/internal/documentBody
export type Shape = (value: unknown) => Result.Result<Schema.JsonObject, NotMetadata["reason"]>;

// fetch/internal/exchange
export type Asked = "metadata" | "keys" | "introspection" | "token" | "registration" | "revocation";

// fetch/internal/fetchDocument
export interface FetchSettings {
    readonly limits: Limits;
    readonly mapRequest: RequestMap;
    readonly allowInsecureLoopback: boolean;
    readonly shape: Shape;
    readonly asked: Extract<Asked, "metadata" | "keys">;
}

// fetch/internal/fetchDocument
export interface Loaded {
    readonly document: Schema.JsonObject;
    readonly freshFor: Option.Option<Duration.Duration>;
    readonly age?: Duration.Duration;
    readonly oddContentType: Option.Option<string>;
}

// fetch/internal/fetchDocument
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;
