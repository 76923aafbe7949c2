// Exports

export declare const ProtectedResourceMetadata: Wire<typeof fields>;

export declare const acceptsHeader: (metadata: ProtectedResourceMetadata) => boolean;

export type ProtectedResourceMetadata = typeof ProtectedResourceMetadata.Type;

// Types that the exports name

// metadata/internal/wire
declare const additionalParameters: Schema.optionalKey<Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;

// metadata/internal/wire
export type Wire<Fields extends Schema.Struct.Fields> = Schema.decodeTo<Schema.Struct<Extended<Fields>>, typeof Schema.JsonObject>;

// metadata/internal/wire
type Extended<Fields extends Schema.Struct.Fields> = Struct.Simplify<Fields & {
    readonly additionalParameters: typeof additionalParameters;
}>;
