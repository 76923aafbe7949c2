// Exports

export declare class InvalidServerConfig extends InvalidServerConfig_base {
    get message(): string;
}

export declare const Finding: Schema.Struct<{
    readonly code: Schema.String;
    readonly message: Schema.String;
    readonly advice: Schema.String;
    readonly reference: Schema.String;
}>;

export declare const NotApplicable: Schema.Struct<{
    readonly code: Schema.String;
    readonly message: Schema.String;
}>;

export declare const Report: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly revision: Schema.Literals<readonly [
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28"
    ]>;
    readonly errors: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
        readonly advice: Schema.String;
        readonly reference: Schema.String;
    }>>;
    readonly warnings: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
        readonly advice: Schema.String;
        readonly reference: Schema.String;
    }>>;
    readonly successes: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
    }>>;
    readonly notApplicable: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
    }>>;
}>;

export declare const Revision: Schema.Literals<readonly [
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    "2026-07-28"
]>;

export declare const Success: Schema.Struct<{
    readonly code: Schema.String;
    readonly message: Schema.String;
}>;

export declare const latestRevision: Revision;

export declare const rule: (rule: Rule) => Rule;

export declare const rules: ReadonlyArray<Rule>;

export declare const validate: (subject: Subject, options?: Options) => Report;

export declare const validateServerConfig: (subject: Subject, options?: Options) => Effect.Effect<Report, InvalidServerConfig>;

export declare const without: (rules: ReadonlyArray<Rule>, codes: ReadonlyArray<string>) => ReadonlyArray<Rule>;

export interface Options {
    readonly revision?: Revision | undefined;
    readonly rules?: ReadonlyArray<Rule> | undefined;
}

export interface Rule {
    readonly code: string;
    readonly severity: "error" | "warning";
    readonly since: Revision;
    readonly reference: string | ((revision: Revision) => string);
    readonly holds: string;
    readonly advice: string;
    readonly check: (subject: Subject, revision: Revision) => Verdict;
}

export interface Subject {
    readonly type: ServerType;
    readonly metadata: AuthorizationServerMetadata;
}

export type Report = typeof Report.Type;

export type Revision = RevisionType;

// Types that the exports name

// discovery/internal/rules/rule
export type Revision = "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28";

// discovery/internal/rules/rule
type Verdict = "holds" | "not-applicable" | (string & {});
