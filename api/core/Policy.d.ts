// Exports

export declare const allOf: <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P) => Policy<RequirementsOf<P>>;

export declare const allows: <R>(policy: Policy<R>) => Effect.Effect<boolean, VerificationUnavailable, R | AuthInfo>;

export declare const anonymous: Policy;

export declare const anyOf: <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P) => Policy<RequirementsOf<P>>;

export declare const authenticated: Policy;

export declare const byOperation: <R>(policyOf: (operation: Operation) => Policy<R>, label?: string) => Policy<R>;

export declare const byParameters: <A, R>(schema: Schema.ConstraintDecoder<A>, policyOf: (parameters: A, operation: Operation) => Policy<R>, label?: string) => Policy<R>;

export declare const check: <R>(effect: CheckResult<R> | ((operation: Operation) => CheckResult<R>), label?: string) => Policy<R>;

export declare const checkArguments: <A, RD, R>(schema: Schema.ConstraintDecoder<A, RD>, run: (decoded: A, operation: Operation) => CheckResult<R>, label?: string) => Policy<R | RD>;

export declare const claim: <A>(schema: Schema.ConstraintDecoder<A>, predicate?: (claims: A) => boolean, label?: string) => Policy;

export declare const evaluate: {
    (caller: Caller, options?: EvaluateOptions): <R>(policy: Policy<R>) => Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>>;
    <R>(policy: Policy<R>, caller: Caller, options?: EvaluateOptions): Effect.Effect<Decision, VerificationUnavailable, Exclude<R, AuthInfo>>;
};

export declare const guard: {
    <R>(policy: Policy<R>): <A, E, RIn>(self: Layer.Layer<A, E, RIn>) => Layer.Layer<A, E, GuardRequirements<RIn, R>>;
    <A, E, RIn, R>(self: Layer.Layer<A, E, RIn>, policy: Policy<R>): Layer.Layer<A, E, GuardRequirements<RIn, R>>;
};

export declare const not: <R>(part: Policy<R>) => Policy<R>;

export declare const permission: (permission: string) => Policy;

export declare const require: <R>(policy: Policy<R>) => Effect.Effect<void, never, R | AuthInfo>;

export declare const role: (role: string, options?: {
    readonly at?: ReadonlyArray<RoleClaim> | undefined;
}) => Policy;

export declare const scopes: <const S extends ReadonlyArray<string>>(...scopes: NonEmpty<S>) => Policy;

export declare const scopesOf: (policy: Any) => ReadonlyArray<string>;

export declare const tool: {
    <R>(policy: Policy<R>): <T extends Tool.Any>(self: T) => GuardedTool<T, R>;
    <T extends Tool.Any, R>(self: T, policy: Policy<R>): GuardedTool<T, R>;
};

export interface ClaimForm {
    readonly path: ClaimPath;
    readonly separator?: string | undefined;
    readonly keys?: boolean | undefined;
    readonly member?: string | undefined;
    readonly unless?: string | undefined;
}

export interface Decision {
    readonly permitted: boolean;
    readonly refusal: Refusal | undefined;
    readonly trace: Trace;
}

export interface EvaluateOptions {
    readonly hierarchy?: ScopeHierarchy | undefined;
    readonly operation?: Operation | undefined;
}

export interface Needs<out R> {
    readonly _: unique symbol;
    readonly needs: R;
}

export interface Operation {
    readonly method: string;
    readonly target: string;
    readonly template?: string | undefined;
    readonly parameters?: Readonly<Record<string, string>> | undefined;
    readonly arguments: unknown;
    readonly listing: boolean;
}

export interface Trace {
    readonly policy: string;
    readonly outcome: PolicyOutcome;
    readonly missing: ReadonlyArray<string>;
    readonly parts: ReadonlyArray<Trace>;
}

export type ClaimPath = readonly [
    string,
    ...ReadonlyArray<string>
];

export type GuardRequirements<RIn, R> = RIn | McpServer.McpServer | McpServer.McpRequest<"Requires", AuthInfo> | Exclude<R, AuthInfo>;

export type GuardedTool<T extends Tool.Any, R> = T extends Tool.Tool<infer Name, infer Config, infer Requirements> ? Tool.Tool<Name, Config, Requirements | AuthInfo | Needs<Exclude<R, AuthInfo>>> : never;

export type Policy<R = never> = Anonymous | Authenticated | Scopes | Role | Claim | Check<R> | ByOperation<R> | AllOf<R> | AnyOf<R> | Not<R>;

export type PolicyOutcome = "yes" | "no" | "unknown";

export type Refusal = MissingCredentials | InsufficientScope | AccessDenied;

export type RoleClaim = ClaimPath | ClaimForm;

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
export type Any = Policy<unknown>;

// policy/internal/model
export type Caller = AuthInfo["Service"];

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
