// Exports

export declare class InvalidOptions extends InvalidOptions_base {
    get message(): string;
}

export interface FailureLimit {
    readonly limit: number;
    readonly window: Duration.Input;
    readonly countUnknownClientsTogether?: boolean | undefined;
}

export interface MaxBodySize {
    readonly authenticated?: ByteSize.Input | undefined;
    readonly anonymous?: ByteSize.Input | undefined;
}

export interface Options<E = never, R = never, RV = HttpClient.HttpClient> {
    readonly resource: string;
    readonly resourceAliases?: ReadonlyArray<string> | undefined;
    readonly authorizationServers: ReadonlyArray<TrustedServer<E, R, RV>>;
    readonly scopesSupported?: ReadonlyArray<string> | undefined;
    readonly loginScopes?: ReadonlyArray<string> | undefined;
    readonly requiredScopes?: ReadonlyArray<string> | undefined;
    readonly policy?: Policy | undefined;
    readonly scopeHierarchy?: ScopeHierarchy | Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy> | undefined;
    readonly visibility?: Visibility | undefined;
    readonly challengeScopes?: "minimal" | "union" | undefined;
    readonly scopeRequestForm?: ((scope: string) => string) | undefined;
    readonly anonymousLists?: boolean | undefined;
    readonly openAiTools?: boolean | undefined;
    readonly verifier?: TokenVerifier.Method<RV> | undefined;
    readonly tokenHeaders?: ReadonlyArray<string> | undefined;
    readonly metadata?: Partial<Omit<ProtectedResourceMetadata, "resource">> | undefined;
    readonly allowedOrigins?: ReadonlyArray<string> | undefined;
    readonly failureLimit?: FailureLimit | undefined;
    readonly maxAnswerDuration?: Duration.Input | undefined;
    readonly maxBodySize?: MaxBodySize | undefined;
    readonly sessionLimits?: SessionLimits | undefined;
    readonly showErrorDetails?: boolean | undefined;
    readonly requestStateSecret?: Redacted.Redacted | ReadonlyArray<Redacted.Redacted> | undefined;
    readonly requestStateLifetime?: Duration.Input | undefined;
    readonly servedPath?: string | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}

export interface ServerWithVerifier<E, R, RV = HttpClient.HttpClient> {
    readonly authorizationServer: AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R>;
    readonly verifier: TokenVerifier.Method<RV>;
    readonly scopeRequestForm?: ((scope: string) => string) | undefined;
}

export interface SessionLimits {
    readonly anonymous?: number | undefined;
    readonly anonymousIdle?: Duration.Input | undefined;
    readonly perPrincipal?: number | undefined;
    readonly idle?: Duration.Input | undefined;
}

export type TrustedServer<E, R, RV = HttpClient.HttpClient> = AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R> | ServerWithVerifier<E, R, RV>;

export type Visibility = "permitted" | "locked" | "concealed";

// Types that the exports name

// policy/internal/model
declare const TypeId = "~effect-mcp-auth/Policy";

// policy/internal/model
export interface Check<out R> extends Common {
    readonly _tag: "Check";
    readonly label: string;
    readonly needsOperation: boolean;
    readonly run: (operation: Operation) => Effect.Effect<boolean, VerificationUnavailable, R>;
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
    readonly paths: ReadonlyArray<RoleClaim>;
}

// policy/internal/model
export interface Scopes extends Common {
    readonly _tag: "Scopes";
    readonly scopes: ReadonlyArray<string>;
}

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
    readonly [TypeId]: typeof TypeId;
    readonly toString: () => string;
}

// policy/internal/model
interface Not<out R> extends Common {
    readonly _tag: "Not";
    readonly part: Policy<R>;
}

// token/internal/claimWords
export interface ClaimForm {
    readonly path: ClaimPath;
    readonly separator?: string | undefined;
    readonly keys?: boolean | undefined;
    readonly member?: string | undefined;
    readonly unless?: string | undefined;
}

// token/internal/claimWords
export type ClaimPath = readonly [
    string,
    ...ReadonlyArray<string>
];

// token/internal/claimWords
export type RoleClaim = ClaimPath | ClaimForm;
