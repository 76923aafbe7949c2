// Exports

// exported as middleware
export declare const gate: typeof middleware;

export declare class DevelopmentInProduction extends DevelopmentInProduction_base {
    get message(): string;
}

export declare class McpAuth extends McpAuth_base {
}

export declare const development: Layer.Layer<never, DevelopmentInProduction | Config.ConfigError>;

export declare const layer: <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>) => Layer.Layer<McpAuth, BuildError | E, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient>;

export declare const layerFromConfig: <E = never, R = never, RV = HttpClient.HttpClient>(overrides?: Partial<Options<E, R, RV>>) => Layer.Layer<McpAuth, BuildError | E | Issuer.InvalidIssuer | Config.ConfigError | DevelopmentInProduction, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient>;

export declare const layerMetadata: Layer.Layer<never, InvalidOptions, McpAuth | HttpRouter.HttpRouter>;

export declare const layerStdio: <S = never>(user: StdioUser, options?: StdioOptions) => Layer.Layer<Provided<S>, InvalidOptions | InvalidScopeHierarchy, McpServer.McpServer | S>;

export declare const legacyAuthorizationServerMetadata: (options?: LegacyOptions) => Layer.Layer<never, InvalidOptions | VerificationUnavailable, McpAuth | HttpRouter.HttpRouter>;

export declare function protect(): <A, E, R>(self: Layer.Layer<A, E, R>) => Layer.Layer<A, E | InvalidOptions, Requirements<A, R> | McpAuth>;

export declare function protect<E1 = never, R1 = never, RV = HttpClient.HttpClient>(options: Options<E1, R1, RV>): <A, E, R>(self: Layer.Layer<A, E, R>) => Layer.Layer<A, E | BuildError | E1, Requirements<A, R> | HttpClient.HttpClient | Exclude<R1 | RV, Scope.Scope>>;

export interface LegacyOptions {
    readonly server?: string | undefined;
    readonly issuer?: "provider" | "resource" | undefined;
}

export type BuildError = InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier | TokenVerifier.InvalidVerifier | InvalidScopeHierarchy;

export type StdioOptions = Pick<Options, "policy" | "scopeHierarchy" | "visibility">;

export type StdioUser = Partial<AuthInfo["Service"]> & Pick<AuthInfo["Service"], "subject" | "scopes">;

// Types that the exports name

// policy/internal/enforce
export interface Needs<out R> {
    readonly _: unique symbol;
    readonly needs: R;
}

// server/internal/development
declare const DevelopmentInProduction_base: Schema.Class<DevelopmentInProduction, Schema.TaggedStruct<"DevelopmentInProduction", {
    readonly nodeEnv: Schema.String;
}>, import("effect/Cause").YieldableError>;

// server/internal/gate
declare const middleware: HttpRouter.Middleware<{
    provides: AuthInfo;
    handles: never;
    error: never;
    requires: never;
    layerError: never;
    layerRequires: import("./service.ts").McpAuth;
}>;

// server/internal/layerStdio
type Provided<S> = McpServer.McpRequest<"Requires", AuthInfo> | McpServer.McpRequest<"Requires", Policy.Needs<S>>;

// server/internal/service
declare const McpAuth_base: Context.ServiceClass<McpAuth, "@effect-mcp-auth/core/server/internal/service/McpAuth", {
    readonly resource: ResourceIdentifier.ResourceIdentifier;
    readonly metadata: Effect.Effect<ProtectedResourceMetadata>;
    readonly metadataUrl: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
    readonly authenticate: Authenticate;
    readonly refuse: (error: AuthError, request: HttpServerRequest.HttpServerRequest) => HttpServerResponse.HttpServerResponse;
}>;

// server/internal/service
export type Authenticate = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<AuthInfo["Service"], AuthError>;
