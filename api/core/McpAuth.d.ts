// Exports

// exported as middleware
export declare const gate: typeof middleware;

export declare class McpAuth extends McpAuth_base {
}

export declare const layer: <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>) => Layer.Layer<McpAuth, BuildError | E, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient>;

export declare const layerFromConfig: <E = never, R = never, RV = HttpClient.HttpClient>(overrides?: Partial<Options<E, R, RV>>) => Layer.Layer<McpAuth, BuildError | E | Issuer.InvalidIssuer | Config.ConfigError, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient>;

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

// policy/internal/access
export type Visibility = "permitted" | "locked" | "concealed";

// policy/internal/enforce
export interface Needs<out R> {
    readonly _: unique symbol;
    readonly needs: R;
}

// policy/internal/model
export interface Check<out R> extends Common {
    readonly _tag: "Check";
    readonly label: string;
    readonly ofOperation: boolean;
    readonly judge: (operation: Operation) => Effect.Effect<boolean, VerificationUnavailable, R>;
}

// policy/internal/model
export interface Operation {
    readonly method: string;
    readonly target: string;
    readonly template?: string | undefined;
    readonly parameters?: Readonly<Record<string, string>> | undefined;
    readonly arguments: unknown;
    readonly listing: boolean;
}

// policy/internal/model
export interface Role extends Common {
    readonly _tag: "Role";
    readonly role: string;
    readonly paths: ReadonlyArray<ClaimPath>;
}

// policy/internal/model
export interface Scopes extends Common {
    readonly _tag: "Scopes";
    readonly scopes: ReadonlyArray<string>;
}

// policy/internal/model
export type ClaimPath = readonly [
    string,
    ...ReadonlyArray<string>
];

// policy/internal/model
export type Policy<R = never> = Anonymous | Authenticated | Scopes | Role | Claim | Check<R> | ByOperation<R> | AllOf<R> | AnyOf<R> | Not<R>;

// policy/internal/model
interface AllOf<out R> extends Common {
    readonly _tag: "AllOf";
    readonly parts: ReadonlyArray<Policy<R>>;
}

// policy/internal/model
interface Anonymous extends Common {
    readonly _tag: "Anonymous";
}

// policy/internal/model
interface AnyOf<out R> extends Common {
    readonly _tag: "AnyOf";
    readonly parts: ReadonlyArray<Policy<R>>;
}

// policy/internal/model
interface Authenticated extends Common {
    readonly _tag: "Authenticated";
}

// policy/internal/model
interface ByOperation<out R> extends Common {
    readonly _tag: "ByOperation";
    readonly label: string;
    readonly policyOf: (operation: Operation) => Policy<R>;
}

// policy/internal/model
interface Claim extends Common {
    readonly _tag: "Claim";
    readonly label: string;
    readonly holds: (claims: Schema.JsonObject) => boolean;
}

// policy/internal/model
interface Common extends Pipeable.Pipeable {
    readonly toString: () => string;
}

// policy/internal/model
interface Not<out R> extends Common {
    readonly _tag: "Not";
    readonly part: Policy<R>;
}

// server/internal/availability
export interface Availability {
    readonly problem: () => ServerUnavailable | undefined;
    readonly open: Effect.Effect<void, never, Scope.Scope>;
}

// server/internal/bodyLimit
export interface BodyLimit {
    readonly size: ByteSize.ByteSize;
    readonly bytes: number;
}

// server/internal/bodyLimit
export interface BodyLimits {
    readonly authenticated: BodyLimit;
    readonly anonymous: BodyLimit;
}

// server/internal/gate
declare const middleware: HttpRouter.Middleware<{
    provides: AuthInfo;
    handles: never;
    error: never;
    requires: never;
    layerError: never;
    layerRequires: McpAuth;
}>;

// server/internal/layerStdio
type Provided<S> = McpServer.McpRequest<"Requires", AuthInfo> | McpServer.McpRequest<"Requires", Policy.Needs<S>>;

// server/internal/requestState
export interface RequestStateOptions {
    readonly resource: string;
    readonly secrets: ReadonlyArray<Redacted.Redacted>;
    readonly lifetime: Duration.Input;
}

// server/internal/service
declare const McpAuth_base: Context.ServiceClass<McpAuth, "@effect-mcp-auth/core/server/internal/service/McpAuth", {
    readonly resource: ResourceIdentifier.ResourceIdentifier;
    readonly metadata: Effect.Effect<ProtectedResourceMetadata>;
    readonly metadataUrl: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
    readonly authenticate: Authenticate;
    readonly unavailable: Availability["problem"];
    readonly refuse: (error: AuthError, request: HttpServerRequest.HttpServerRequest) => HttpServerResponse.HttpServerResponse;
    readonly answer: (error: AuthError) => Challenge.Answer;
    readonly advertise: (scopes: () => ReadonlyArray<string>) => Effect.Effect<void>;
    readonly terms: Terms;
    readonly servedPath: string;
    readonly bodyLimits: BodyLimits;
    readonly sessionBounds: SessionBounds;
    readonly allowedOrigins: ReadonlyArray<string>;
    readonly maxAnswerDuration: Duration.Duration;
    readonly requestStates: RequestStateOptions;
}>;

// server/internal/service
export interface Terms {
    readonly policy: Policy;
    readonly hierarchy: ScopeHierarchy;
    readonly visibility: Visibility;
    readonly anonymousLists: boolean;
}

// server/internal/service
export type Authenticate = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<AuthInfo["Service"], AuthError>;

// server/internal/sessionBounds
export interface SessionBounds {
    readonly anonymous: Bounds;
    readonly authenticated: Bounds;
}

// server/internal/sessionStore
export interface Bounds {
    readonly total: number;
    readonly perOwner: number;
    readonly idle: number;
}
