// Exports

export declare const defaultRefetches: Refetches;

export declare const make: <E>(server: AuthorizationServer<E>, options?: Options | undefined) => Effect.Effect<JwkSet<E | IncompleteMetadata | MetadataFetchError>, never, HttpClient.HttpClient | Scope.Scope>;

export interface JwkSet<out E> {
    readonly find: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>;
    readonly findAnew: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>;
    readonly peek: (query: Query, now: number) => ReadonlyArray<Jws.Verify> | undefined;
    readonly named: (kid: string) => ReadonlyArray<KeyPurpose>;
    readonly unusable: (kid: string) => string | undefined;
    readonly pause: (now: number) => number;
    readonly unknownFor: (publishedBy: number, now: number) => number;
    readonly holds: (key: Jws.Verify, now: number) => boolean;
}

export interface KeyPurpose {
    readonly algorithm: Jws.Algorithm;
    readonly issuer: string | undefined;
}

export interface Options {
    readonly algorithms?: ReadonlyArray<Jws.Algorithm> | undefined;
    readonly lifetime?: Duration.Input | undefined;
    readonly staleFor?: Duration.Input | undefined;
    readonly refetches?: Refetches | undefined;
}

export interface Query {
    readonly kid: string | undefined;
    readonly algorithm: Jws.Algorithm;
    readonly issuer?: string | undefined;
}

export interface Refetches {
    readonly limit: number;
    readonly window: Duration.Input;
}
