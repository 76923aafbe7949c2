// Exports

export interface Answer {
    readonly _tag: "Answer";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Body;
}

export interface ChallengeSeen {
    readonly exchange: Exchange;
    readonly header: string;
    readonly challenges: ReadonlyArray<WwwAuthenticate.Challenge>;
    readonly bearer: WwwAuthenticate.Challenge | undefined;
}

export interface Evidence {
    readonly target: string;
    readonly kind: "issuer" | "resource";
    readonly exchanges: ReadonlyArray<Exchange>;
    readonly server: McpServerSeen | undefined;
    readonly providers: ReadonlyArray<Provider>;
}

export interface Exchange {
    readonly id: number;
    readonly purpose: string;
    readonly method: "GET" | "HEAD" | "OPTIONS" | "POST";
    readonly url: string;
    readonly result: Answer | Failure;
    readonly duration: number;
    readonly clockOffset: number | undefined;
}

export interface Failure {
    readonly _tag: "Failure";
    readonly reason: "address" | "connection" | "dns" | "limit" | "timeout" | "tls" | "url";
    readonly detail: string;
}

export interface Fetched {
    readonly place: "fallback" | "hint" | "oauth" | "oidc" | "oidc-inserted" | "path" | "root";
    readonly url: string;
    readonly exchanges: readonly [
        Exchange,
        ...ReadonlyArray<Exchange>
    ];
    readonly document: Schema.JsonObject | undefined;
}

export interface Keys {
    readonly exchange: Exchange;
    readonly document: {
        readonly keys: ReadonlyArray<Schema.JsonObject>;
    } | undefined;
    readonly set: {
        readonly usable: number;
        readonly unusable: ReadonlyArray<UnusableKey>;
    } | undefined;
}

export interface McpServerSeen {
    readonly posts: ReadonlyArray<{
        readonly revision: string;
        readonly exchange: Exchange;
    }>;
    readonly head: Exchange;
    readonly get: Exchange;
    readonly preflight: Exchange;
    readonly fromPage: Exchange;
    readonly challenge: ChallengeSeen | undefined;
    readonly metadata: ReadonlyArray<Fetched>;
    readonly used: (Fetched & {
        readonly document: Schema.JsonObject;
    }) | undefined;
    readonly otherHost: Exchange | undefined;
    readonly otherHostName: string;
    readonly unknown: ReadonlyArray<Exchange>;
    readonly originProvider: Fetched | undefined;
    readonly token: TokenSeen | undefined;
}

export interface Product {
    readonly preset: string;
    readonly title: string;
    readonly confidence: Confidence;
    readonly facts: Facts;
}

export interface Provider {
    readonly named: string;
    readonly fetched: ReadonlyArray<Fetched>;
    readonly used: (Fetched & {
        readonly document: Schema.JsonObject;
    }) | undefined;
    readonly product: Product | undefined;
    readonly keys: Keys | undefined;
    readonly preflight: Exchange | undefined;
    readonly registration: Exchange | undefined;
    readonly authorization: Exchange | undefined;
}

export interface TokenSeen {
    readonly exchange: Exchange;
    readonly problem: string | undefined;
}

export interface UnusableKey {
    readonly kid: string | undefined;
    readonly reason: string;
    readonly hasOtherUse: boolean;
}

export type Body = {
    readonly kind: "json";
    readonly value: unknown;
} | {
    readonly kind: "empty" | "html" | "stream" | "text" | "too-large";
};
