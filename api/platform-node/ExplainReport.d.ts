// Exports

export declare const Caller: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly subject: Schema.optionalKey<Schema.String>;
    readonly clientId: Schema.optionalKey<Schema.String>;
    readonly scopes: Schema.$Array<Schema.String>;
    readonly audience: Schema.$Array<Schema.String>;
    readonly expiresAt: Schema.optionalKey<Schema.Number>;
}>;

export declare const ExplainReport: Schema.Struct<{
    readonly version: Schema.Literal<1>;
    readonly verdict: Schema.Literals<readonly [
        "permitted",
        "refused",
        "unavailable"
    ]>;
    readonly policy: Schema.String;
    readonly caller: Schema.optionalKey<Schema.Struct<{
        readonly issuer: Schema.String;
        readonly subject: Schema.optionalKey<Schema.String>;
        readonly clientId: Schema.optionalKey<Schema.String>;
        readonly scopes: Schema.$Array<Schema.String>;
        readonly audience: Schema.$Array<Schema.String>;
        readonly expiresAt: Schema.optionalKey<Schema.Number>;
    }>>;
    readonly trace: Schema.optionalKey<Schema.Codec<Trace, Trace, never, never>>;
    readonly answer: Schema.optionalKey<Schema.Struct<{
        readonly status: Schema.Int;
        readonly challenge: Schema.optionalKey<Schema.String>;
        readonly reason: Schema.String;
    }>>;
}>;

export declare const Trace: Schema.Codec<Trace>;

export declare const exitCode: ({ verdict }: ExplainReport) => 0 | 1 | 2;

export interface Trace {
    readonly policy: string;
    readonly outcome: "yes" | "no" | "unknown";
    readonly missing: ReadonlyArray<string>;
    readonly parts: ReadonlyArray<Trace>;
}

export type ExplainReport = typeof ExplainReport.Type;
