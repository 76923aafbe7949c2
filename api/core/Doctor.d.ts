// Exports

export declare const examine: (target: string, options?: Options) => Effect.Effect<Report, ResourceIdentifier.InvalidResourceIdentifier, HttpClient.HttpClient>;

export declare const gather: (target: string, options?: Options | undefined) => Effect.Effect<Evidence, ResourceIdentifier.InvalidResourceIdentifier, HttpClient.HttpClient>;

export declare const judge: (evidence: Evidence, options?: Pick<Options, "clients" | "rules" | "token">) => Report;

export declare const layerSelfCheck: (options?: SelfCheckOptions) => Layer.Layer<never, never, McpAuth | HttpRouter.HttpRouter | HttpClient.HttpClient>;

export declare const selfCheckRules: ReadonlyArray<Rule.Rule>;

export interface Options {
    readonly kind?: Evidence["kind"] | undefined;
    readonly token?: Redacted.Redacted | undefined;
    readonly clientId?: string | undefined;
    readonly register?: boolean | undefined;
    readonly origin?: string | undefined;
    readonly rules?: ReadonlyArray<Rule.Rule> | undefined;
    readonly clients?: ReadonlyArray<Client> | undefined;
    readonly maxRequests?: number | undefined;
    readonly requestTimeout?: Duration.Input | undefined;
    readonly timeout?: Duration.Input | undefined;
    readonly maxBodySize?: number | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}

export interface SelfCheckOptions extends Pick<Options, "clients" | "origin" | "rules"> {
    readonly enabled?: boolean | undefined;
}

// Types that the exports name

// doctor/internal/model
export interface Break {
    readonly clients: ReadonlyArray<ClientId | (string & {})> | "all";
    readonly step?: Step | undefined;
    readonly effect?: "fails" | "limited" | undefined;
    readonly confidence?: Confidence | undefined;
    readonly when?: ((evidence: Evidence) => boolean) | undefined;
}

// doctor/internal/model
export interface Fix {
    readonly words: string;
    readonly library?: LibraryFix | undefined;
}

// doctor/internal/model
export interface LibraryFix {
    readonly uses: string;
    readonly code: string;
}

// doctor/internal/model
export interface Rule {
    readonly id: string;
    readonly title: string;
    readonly severity: Severity;
    readonly isHint: boolean;
    readonly actor: Actor | ((evidence: Evidence) => Actor);
    readonly step: Step;
    readonly confidence: Confidence;
    readonly source: string;
    readonly date: string;
    readonly breaks: ReadonlyArray<Break>;
    readonly check: (evidence: Evidence) => Verdict;
    readonly fix: Fix | ((evidence: Evidence) => Fix);
}

// doctor/internal/model
export interface Seen {
    readonly seen: string;
    readonly requests: ReadonlyArray<number>;
}

// doctor/internal/model
export type Actor = "client" | "operator" | "provider" | "server";

// doctor/internal/model
export type Need = "client-id" | "login" | "registration" | "token";

// doctor/internal/model
export type Severity = "error" | "note" | "warning";

// doctor/internal/model
export type Verdict = "holds" | "not-applicable" | Seen | {
    readonly needs: Need;
};

// server/internal/service
declare const McpAuth_base: Context.ServiceClass<McpAuth, "@effect-mcp-auth/core/server/internal/service/McpAuth", {
    readonly resource: ResourceIdentifier.ResourceIdentifier;
    readonly metadata: Effect.Effect<ProtectedResourceMetadata>;
    readonly metadataUrl: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
    readonly authenticate: Authenticate;
    readonly refuse: (error: AuthError, request: HttpServerRequest.HttpServerRequest) => HttpServerResponse.HttpServerResponse;
}>;

// server/internal/service
export declare class McpAuth extends McpAuth_base {
}

// server/internal/service
export type Authenticate = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<AuthInfo["Service"], AuthError>;
