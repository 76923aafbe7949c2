// Exports

export declare const FromJson: Schema.Struct<{
    readonly id: Schema.String;
    readonly hash: Schema.String;
    readonly subject: Schema.String;
    readonly scopes: Schema.$Array<Schema.String>;
    readonly enabledFrom: Schema.optionalKey<Schema.DateTimeUtcFromString>;
    readonly expiresAt: Schema.optionalKey<Schema.DateTimeUtcFromString>;
    readonly claims: Schema.optionalKey<Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;
}>;

export declare const defaultPrefix = "mcp_";

export declare const generate: (prefix?: string | undefined) => Effect.Effect<{
    readonly key: Redacted.Redacted;
    readonly hash: string;
}, never, SecureRandom.SecureRandom>;

export declare const hash: (key: Redacted.Redacted) => Effect.Effect<string>;

export declare const isPrefix: (prefix: string) => boolean;

export declare const issuer = "urn:effect-mcp-auth:api-keys";

export interface ApiKey {
    readonly id: string;
    readonly hash: string;
    readonly subject: string;
    readonly scopes: ReadonlyArray<string>;
    readonly enabledFrom?: DateTime.DateTime | Date | undefined;
    readonly expiresAt?: DateTime.DateTime | Date | undefined;
    readonly claims?: Schema.JsonObject | undefined;
}
