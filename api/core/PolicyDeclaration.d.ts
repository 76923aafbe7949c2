// Exports

export declare const PolicyDeclaration: Schema.decodeTo<Schema.toType<Schema.Codec<PolicyDeclaration, PolicyDeclaration, never, never>>, Schema.Codec<Schema.Json, Schema.Json, never, never>, never, never>;

export declare const toPolicy: (declared: PolicyDeclaration) => Policy.Policy;

export type PolicyDeclaration = "anonymous" | "authenticated" | {
    readonly scopes: readonly [
        string,
        ...ReadonlyArray<string>
    ];
} | {
    readonly role: string;
    readonly at?: ReadonlyArray<ClaimPath | DeclaredForm>;
} | {
    readonly permission: string;
} | {
    readonly claim: ClaimPath;
    readonly equals: Schema.Json;
} | {
    readonly allOf: ReadonlyArray<PolicyDeclaration>;
} | {
    readonly anyOf: ReadonlyArray<PolicyDeclaration>;
} | {
    readonly not: PolicyDeclaration;
};

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
