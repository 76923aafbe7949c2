// Exports

export declare class InvalidClientMetadata extends InvalidClientMetadata_base {
    get message(): string;
}

export declare const ClientMetadata: Wire<typeof fields>;

export declare const applicationType: (redirectUri: string) => "native" | "web";

export declare const document: (clientId: string, metadata: ClientMetadata) => Effect.Effect<Schema.JsonObject, InvalidClientMetadata>;

export declare const serve: (clientId: string, metadata: ClientMetadata) => Layer.Layer<never, InvalidClientMetadata, HttpRouter.HttpRouter>;

export type ClientMetadata = typeof ClientMetadata.Type;

// Types that the exports name

// metadata/internal/wire
declare const additionalParameters: Schema.optionalKey<Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;

// metadata/internal/wire
export type Wire<Fields extends Schema.Struct.Fields> = Schema.decodeTo<Schema.Struct<Extended<Fields>>, typeof Schema.JsonObject>;

// metadata/internal/wire
type Extended<Fields extends Schema.Struct.Fields> = Struct.Simplify<Fields & {
    readonly additionalParameters: typeof additionalParameters;
}>;
