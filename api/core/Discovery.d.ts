// Exports

export declare const discover: <E, R>(strategy: Strategy<E, R>, issuer: string, options?: SearchOptions) => Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed<E>, R>;

export declare const fetchServerConfig: <R = never>(issuer: string, options?: FetchOptions<R>) => Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | R>;

export declare const fetchServerConfigByWellKnownUrl: <R = never>(url: string, options?: FetchByUrlOptions<R>) => Effect.Effect<ServerConfig, DiscoveryFailed, HttpClient.HttpClient | R>;

export declare const firstOf: <const S extends ReadonlyArray<Any>>(...strategies: S) => Joined<S>;

export declare const fromEffect: <E, R>(name: string, load: (issuer: Issuer.Issuer) => Effect.Effect<object | undefined, E, R>, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy<E, R>;

export declare const fromUrls: (name: string, urls: (issuer: Issuer.Issuer) => ReadonlyArray<string>, options?: UrlOptions) => Strategy;

export declare const isStrategy: (value: unknown) => value is Strategy<unknown, unknown>;

export declare const manual: (metadata: Metadata.AuthorizationServerMetadata, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy<never, never>;

export declare const mapRequest: {
    (f: RequestMap): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, f: RequestMap): Strategy<E, R>;
};

export declare const mcp: Strategy;

export declare const oauth: Strategy;

export declare const oauthAppended: Strategy;

export declare const oidc: Strategy;

export declare const oidcInserted: Strategy;

export declare const orElse: {
    <E2, R2>(that: Strategy<E2, R2>): <E, R>(self: Strategy<E, R>) => Strategy<E | E2, R | R2>;
    <E, R, E2, R2>(self: Strategy<E, R>, that: Strategy<E2, R2>): Strategy<E | E2, R | R2>;
};

export declare const race: <const S extends ReadonlyArray<Any>>(strategies: S, options?: {
    readonly delay?: Duration.Input | undefined;
}) => Joined<S>;

export declare const retry: {
    (options: RetryOptions): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, options: RetryOptions): Strategy<E, R>;
};

export declare const search: <E, R>(strategy: Strategy<E, R>, issuer: string, options?: SearchOptions) => Effect.Effect<Search<E>, Issuer.InvalidIssuer, R>;

export declare const strategyOf: <R = never>(options?: FetchOptions<R>, from?: Strategy) => Strategy<never, HttpClient.HttpClient | R>;

export declare const timeout: {
    (duration: Duration.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, duration: Duration.Input): Strategy<E, R>;
};

export declare const transpile: {
    <R2 = never>(transpileData: Transpiler.TranspileData<R2>): <E, R>(self: Strategy<E, R>) => Strategy<E, R | R2>;
    <E, R, R2 = never>(self: Strategy<E, R>, transpileData: Transpiler.TranspileData<R2>): Strategy<E, R | R2>;
};

export declare const unsafeInternalUrl: (url: string, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy;

export declare const validate: {
    (options?: Validation.Options): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, options?: Validation.Options): Strategy<E, R>;
};

export declare const wellKnownUrl: (url: string, expectedIssuer?: string, options?: UrlOptions) => Strategy;

export declare const withHeaders: {
    (headers: Headers.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, headers: Headers.Input): Strategy<E, R>;
};

export declare const withIssuerPolicy: {
    (policy: IssuerPolicy.IssuerPolicy): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, policy: IssuerPolicy.IssuerPolicy): Strategy<E, R>;
};

export interface FetchByUrlOptions<R = never> extends Omit<FetchOptions<R>, "issuerPolicy" | "mergeDocuments"> {
    readonly expectedIssuer?: string | undefined;
}

export interface FetchOptions<R = never> extends SearchOptions {
    readonly type?: ServerType | "auto" | undefined;
    readonly transpileData?: Transpiler.TranspileData<R> | undefined;
    readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined;
    readonly validation?: Validation.Options | undefined;
}

export interface RetryOptions {
    readonly times: number;
    readonly delay?: Duration.Input | undefined;
}

export interface SearchOptions {
    readonly purpose?: Purpose.Purpose | undefined;
    readonly mergeDocuments?: boolean | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}

export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>;
}

export interface UrlOptions {
    readonly type?: ServerType | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}

export type Error<S> = S extends Strategy<infer E, infer _R> ? E : never;

export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;

export type Search<E = never> = Engine.Search<E>;

export type Services<S> = S extends Strategy<infer _E, infer R> ? R : never;

// Types that the exports name

// discovery/internal/search
export interface Search<out E> {
    readonly attempts: ReadonlyArray<Attempt<E>>;
    readonly config: Option.Option<ServerConfig>;
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
