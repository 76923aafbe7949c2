// Exports

export declare const ClientVerdict: Schema.Struct<{
    readonly id: Schema.String;
    readonly name: Schema.String;
    readonly versions: Schema.String;
    readonly verdict: Schema.Literals<readonly [
        "works",
        "limited",
        "fails",
        "unknown"
    ]>;
    readonly step: Schema.optionalKey<Schema.Struct<{
        readonly number: Schema.Int;
        readonly name: Schema.Literals<readonly [
            "reach",
            "challenge",
            "resource",
            "discovery",
            "registration",
            "authorization",
            "token",
            "call"
        ]>;
        readonly title: Schema.String;
    }>>;
    readonly finding: Schema.optionalKey<Schema.String>;
    readonly confidence: Schema.Literals<readonly [
        "code",
        "documented",
        "reported",
        "inferred",
        "unknown"
    ]>;
}>;

export declare const Finding: Schema.Struct<{
    readonly id: Schema.String;
    readonly title: Schema.String;
    readonly severity: Schema.Literals<readonly [
        "error",
        "warning",
        "note"
    ]>;
    readonly isHint: Schema.Boolean;
    readonly actor: Schema.Literals<readonly [
        "server",
        "provider",
        "client",
        "operator"
    ]>;
    readonly step: Schema.Literals<readonly [
        "reach",
        "challenge",
        "resource",
        "discovery",
        "registration",
        "authorization",
        "token",
        "call"
    ]>;
    readonly seen: Schema.String;
    readonly requests: Schema.$Array<Schema.Int>;
    readonly clients: Schema.$Array<Schema.String>;
    readonly source: Schema.String;
    readonly date: Schema.String;
    readonly confidence: Schema.Literals<readonly [
        "code",
        "documented",
        "reported",
        "inferred"
    ]>;
    readonly fix: Schema.Struct<{
        readonly words: Schema.String;
        readonly library: Schema.optionalKey<Schema.Struct<{
            readonly uses: Schema.String;
            readonly code: Schema.String;
        }>>;
    }>;
}>;

export declare const Fix: Schema.Struct<{
    readonly words: Schema.String;
    readonly library: Schema.optionalKey<Schema.Struct<{
        readonly uses: Schema.String;
        readonly code: Schema.String;
    }>>;
}>;

export declare const ProviderFound: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly location: Schema.optionalKey<Schema.String>;
    readonly product: Schema.optionalKey<Schema.Struct<{
        readonly preset: Schema.String;
        readonly title: Schema.String;
        readonly confidence: Schema.Literals<readonly [
            "certain",
            "likely"
        ]>;
        readonly code: Schema.String;
    }>>;
}>;

export declare const Report: Schema.Struct<{
    readonly version: Schema.Literal<1>;
    readonly target: Schema.String;
    readonly kind: Schema.Literals<readonly [
        "resource",
        "issuer"
    ]>;
    readonly verdict: Schema.Literals<readonly [
        "healthy",
        "faulty",
        "unreachable"
    ]>;
    readonly requests: Schema.$Array<Schema.Struct<{
        readonly id: Schema.Int;
        readonly purpose: Schema.String;
        readonly method: Schema.String;
        readonly url: Schema.String;
        readonly answer: Schema.String;
        readonly duration: Schema.Finite;
    }>>;
    readonly providers: Schema.$Array<Schema.Struct<{
        readonly issuer: Schema.String;
        readonly location: Schema.optionalKey<Schema.String>;
        readonly product: Schema.optionalKey<Schema.Struct<{
            readonly preset: Schema.String;
            readonly title: Schema.String;
            readonly confidence: Schema.Literals<readonly [
                "certain",
                "likely"
            ]>;
            readonly code: Schema.String;
        }>>;
    }>>;
    readonly findings: Schema.$Array<Schema.Struct<{
        readonly id: Schema.String;
        readonly title: Schema.String;
        readonly severity: Schema.Literals<readonly [
            "error",
            "warning",
            "note"
        ]>;
        readonly isHint: Schema.Boolean;
        readonly actor: Schema.Literals<readonly [
            "server",
            "provider",
            "client",
            "operator"
        ]>;
        readonly step: Schema.Literals<readonly [
            "reach",
            "challenge",
            "resource",
            "discovery",
            "registration",
            "authorization",
            "token",
            "call"
        ]>;
        readonly seen: Schema.String;
        readonly requests: Schema.$Array<Schema.Int>;
        readonly clients: Schema.$Array<Schema.String>;
        readonly source: Schema.String;
        readonly date: Schema.String;
        readonly confidence: Schema.Literals<readonly [
            "code",
            "documented",
            "reported",
            "inferred"
        ]>;
        readonly fix: Schema.Struct<{
            readonly words: Schema.String;
            readonly library: Schema.optionalKey<Schema.Struct<{
                readonly uses: Schema.String;
                readonly code: Schema.String;
            }>>;
        }>;
    }>>;
    readonly holds: Schema.$Array<Schema.String>;
    readonly unjudged: Schema.$Array<Schema.Struct<{
        readonly id: Schema.String;
        readonly title: Schema.String;
        readonly needs: Schema.Literals<readonly [
            "login",
            "token",
            "client-id",
            "registration"
        ]>;
    }>>;
    readonly clients: Schema.$Array<Schema.Struct<{
        readonly id: Schema.String;
        readonly name: Schema.String;
        readonly versions: Schema.String;
        readonly verdict: Schema.Literals<readonly [
            "works",
            "limited",
            "fails",
            "unknown"
        ]>;
        readonly step: Schema.optionalKey<Schema.Struct<{
            readonly number: Schema.Int;
            readonly name: Schema.Literals<readonly [
                "reach",
                "challenge",
                "resource",
                "discovery",
                "registration",
                "authorization",
                "token",
                "call"
            ]>;
            readonly title: Schema.String;
        }>>;
        readonly finding: Schema.optionalKey<Schema.String>;
        readonly confidence: Schema.Literals<readonly [
            "code",
            "documented",
            "reported",
            "inferred",
            "unknown"
        ]>;
    }>>;
}>;

export declare const Request: Schema.Struct<{
    readonly id: Schema.Int;
    readonly purpose: Schema.String;
    readonly method: Schema.String;
    readonly url: Schema.String;
    readonly answer: Schema.String;
    readonly duration: Schema.Finite;
}>;

export declare const exitCode: ({ verdict }: Pick<Report, "verdict">) => 0 | 1 | 2;

export declare const isFailure: ({ isHint, severity }: Pick<Finding, "isHint" | "severity">) => boolean;

export type ClientVerdict = typeof ClientVerdict.Type;

export type Finding = typeof Finding.Type;

export type Report = typeof Report.Type;
