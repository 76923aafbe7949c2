// Exports

export declare const Attempt: Schema.Struct<{
    readonly kind: Schema.String;
    readonly location: Schema.String;
    readonly outcome: Schema.Literals<readonly [
        "Found",
        "Miss",
        "Transient",
        "Incomplete",
        "Refused"
    ]>;
    readonly error: Schema.optionalKey<Schema.Struct<{
        readonly tag: Schema.String;
        readonly message: Schema.String;
    }>>;
}>;

export declare const CheckReport: Schema.Struct<{
    readonly version: Schema.Literal<1>;
    readonly asked: Schema.String;
    readonly preset: Schema.optionalKey<Schema.String>;
    readonly verdict: Schema.Literals<readonly [
        "valid",
        "invalid",
        "unavailable"
    ]>;
    readonly attempts: Schema.$Array<Schema.Struct<{
        readonly kind: Schema.String;
        readonly location: Schema.String;
        readonly outcome: Schema.Literals<readonly [
            "Found",
            "Miss",
            "Transient",
            "Incomplete",
            "Refused"
        ]>;
        readonly error: Schema.optionalKey<Schema.Struct<{
            readonly tag: Schema.String;
            readonly message: Schema.String;
        }>>;
    }>>;
    readonly found: Schema.optionalKey<Schema.Struct<{
        readonly type: Schema.Literals<readonly [
            "oauth",
            "oidc"
        ]>;
        readonly issuer: Schema.String;
        readonly locations: Schema.$Array<Schema.String>;
        readonly repairs: Schema.$Array<Schema.Struct<{
            readonly name: Schema.String;
            readonly reason: Schema.String;
            readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
        }>>;
        readonly oddities: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly message: Schema.String;
        }>>;
        readonly report: Schema.Struct<{
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
        readonly keys: Schema.optionalKey<Schema.Struct<{
            readonly url: Schema.String;
            readonly error: Schema.optionalKey<Schema.String>;
            readonly usable: Schema.$Array<Schema.Struct<{
                readonly kid: Schema.NullOr<Schema.String>;
                readonly algorithms: Schema.$Array<Schema.String>;
                readonly issuer: Schema.optionalKey<Schema.String>;
            }>>;
            readonly passedOver: Schema.$Array<Schema.Struct<{
                readonly kid: Schema.NullOr<Schema.String>;
                readonly reason: Schema.String;
            }>>;
        }>>;
    }>>;
    readonly hint: Schema.optionalKey<Schema.Struct<{
        readonly code: Schema.Literals<readonly [
            "discovery-url",
            "protected-resource"
        ]>;
        readonly message: Schema.String;
        readonly issuers: Schema.$Array<Schema.String>;
    }>>;
    readonly suggestions: Schema.optionalKey<Schema.$Array<Schema.Struct<{
        readonly preset: Schema.String;
        readonly title: Schema.String;
        readonly confidence: Schema.Literals<readonly [
            "certain",
            "likely"
        ]>;
        readonly parameters: Schema.$Array<Schema.Struct<{
            readonly name: Schema.String;
            readonly description: Schema.String;
            readonly example: Schema.String;
            readonly isOptional: Schema.Boolean;
            readonly isSecret: Schema.Boolean;
        }>>;
    }>>>;
}>;

export declare const Found: Schema.Struct<{
    readonly type: Schema.Literals<readonly [
        "oauth",
        "oidc"
    ]>;
    readonly issuer: Schema.String;
    readonly locations: Schema.$Array<Schema.String>;
    readonly repairs: Schema.$Array<Schema.Struct<{
        readonly name: Schema.String;
        readonly reason: Schema.String;
        readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
    }>>;
    readonly oddities: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
    }>>;
    readonly report: Schema.Struct<{
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
    readonly keys: Schema.optionalKey<Schema.Struct<{
        readonly url: Schema.String;
        readonly error: Schema.optionalKey<Schema.String>;
        readonly usable: Schema.$Array<Schema.Struct<{
            readonly kid: Schema.NullOr<Schema.String>;
            readonly algorithms: Schema.$Array<Schema.String>;
            readonly issuer: Schema.optionalKey<Schema.String>;
        }>>;
        readonly passedOver: Schema.$Array<Schema.Struct<{
            readonly kid: Schema.NullOr<Schema.String>;
            readonly reason: Schema.String;
        }>>;
    }>>;
}>;

export declare const Hint: Schema.Struct<{
    readonly code: Schema.Literals<readonly [
        "discovery-url",
        "protected-resource"
    ]>;
    readonly message: Schema.String;
    readonly issuers: Schema.$Array<Schema.String>;
}>;

export declare const Repair: Schema.Struct<{
    readonly name: Schema.String;
    readonly reason: Schema.String;
    readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
}>;

export declare const Suggestion: Schema.Struct<{
    readonly preset: Schema.String;
    readonly title: Schema.String;
    readonly confidence: Schema.Literals<readonly [
        "certain",
        "likely"
    ]>;
    readonly parameters: Schema.$Array<Schema.Struct<{
        readonly name: Schema.String;
        readonly description: Schema.String;
        readonly example: Schema.String;
        readonly isOptional: Schema.Boolean;
        readonly isSecret: Schema.Boolean;
    }>>;
}>;

export declare const exitCode: ({ verdict }: CheckReport) => 0 | 1 | 2;

export type CheckReport = typeof CheckReport.Type;
