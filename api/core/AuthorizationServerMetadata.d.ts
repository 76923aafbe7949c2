// Exports

export declare const AuthorizationServerMetadata: Wire<typeof fields>;

export declare const advertisesS256: (metadata: AuthorizationServerMetadata) => boolean;

export declare const authorizationResponseIss: (metadata: AuthorizationServerMetadata) => boolean;

export declare const claimTypes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;

export declare const grantTypes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;

export declare const requestUriParameter: (metadata: AuthorizationServerMetadata) => boolean;

export declare const responseModes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;

export declare const revocationEndpointAuthMethods: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;

export declare const tokenEndpointAuthMethods: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;

export type AuthorizationServerMetadata = typeof AuthorizationServerMetadata.Type;

// Types that the exports name

// metadata/internal/wire
declare const additionalParameters: Schema.optionalKey<Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;

// metadata/internal/wire
export type Wire<Fields extends Schema.Struct.Fields> = Schema.decodeTo<Schema.Struct<Extended<Fields>>, typeof Schema.JsonObject>;

// metadata/internal/wire
type Extended<Fields extends Schema.Struct.Fields> = Struct.Simplify<Fields & {
    readonly additionalParameters: typeof additionalParameters;
}>;
