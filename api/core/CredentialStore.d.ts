// Exports

export declare class CredentialStore extends CredentialStore_base {
}

export declare class InvalidStoreSecret extends InvalidStoreSecret_base {
    get message(): string;
}

export declare class StoreFailed extends StoreFailed_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare const Registration: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly clientId: Schema.String;
    readonly clientSecret: Schema.optionalKey<Schema.RedactedFromValue<Schema.String>>;
    readonly secretExpiresAt: Schema.optionalKey<Schema.Finite>;
    readonly authenticationMethod: Schema.optionalKey<Schema.String>;
    readonly redirectUri: Schema.optionalKey<Schema.String>;
    readonly scopes: Schema.optionalKey<Schema.$Array<Schema.String>>;
}>;

export declare const Tokens: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly resource: Schema.String;
    readonly clientId: Schema.String;
    readonly type: Schema.Literals<readonly [
        "Bearer",
        "DPoP"
    ]>;
    readonly accessToken: Schema.RedactedFromValue<Schema.String>;
    readonly refreshToken: Schema.optionalKey<Schema.RedactedFromValue<Schema.String>>;
    readonly obtainedAt: Schema.Finite;
    readonly expiresAt: Schema.optionalKey<Schema.Finite>;
    readonly requested: Schema.$Array<Schema.String>;
    readonly granted: Schema.optionalKey<Schema.$Array<Schema.String>>;
}>;

export declare const layerEncrypted: (options: EncryptedOptions) => Layer.Layer<CredentialStore, InvalidStoreSecret, KeyValueStore.KeyValueStore>;

export declare const layerKeyValueStore: (options?: KeyValueOptions) => Layer.Layer<CredentialStore, never, KeyValueStore.KeyValueStore>;

export declare const layerMemory: Layer.Layer<CredentialStore>;

export interface EncryptedOptions extends KeyValueOptions {
    readonly secret: Redacted.Redacted;
}

export interface KeyValueOptions {
    readonly transaction?: Transaction | undefined;
}

export interface Shape {
    readonly tokens: (server: string) => Effect.Effect<Option.Option<Tokens>, StoreFailed>;
    readonly setTokens: (server: string, tokens: Tokens) => Effect.Effect<void, StoreFailed>;
    readonly removeTokens: (server: string) => Effect.Effect<void, StoreFailed>;
    readonly servers: Effect.Effect<ReadonlyArray<string>, StoreFailed>;
    readonly registrations: (issuer: string) => Effect.Effect<ReadonlyArray<Registration>, StoreFailed>;
    readonly setRegistration: (registration: Registration) => Effect.Effect<void, StoreFailed>;
    readonly removeRegistration: (issuer: string, clientId: string) => Effect.Effect<void, StoreFailed>;
    readonly transaction: Transaction;
}

export type Registration = typeof Registration.Type;

export type Tokens = typeof Tokens.Type;

export type Transaction = (key: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreFailed, R>;
