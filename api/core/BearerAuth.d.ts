// Exports

export declare class BearerAuth extends BearerAuth_base {
}

export declare const layer: Layer.Layer<BearerAuth, never, McpAuth>;

// Types that the exports name

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
