// Exports

export interface Oddity {
    readonly code: "content_type_not_json" | "documents_merged" | "member_ignored";
    readonly message: string;
}

export interface ServerConfig {
    readonly type: ServerType;
    readonly issuer: string;
    readonly metadata: AuthorizationServerMetadata;
    readonly locations: readonly [
        string,
        ...ReadonlyArray<string>
    ];
    readonly repairs: ReadonlyArray<Applied>;
    readonly oddities: ReadonlyArray<Oddity>;
    readonly mapKeyRequest?: RequestMap;
    readonly freshFor: Option.Option<Duration.Duration>;
}

export type ServerType = "oauth" | "oidc";

// Types that the exports name

// fetch/internal/fetchDocument
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;
