// Exports

export declare const defaultRefetches: Refetches;

export declare const make: <E>(server: AuthorizationServer<E>, options?: Options | undefined) => Effect.Effect<JwkSet<E | IncompleteMetadata | MetadataFetchError>, never, HttpClient.HttpClient | Scope.Scope>;

export interface InspectedKey {
    readonly kid: string | undefined;
    readonly issuer: string | undefined;
    readonly algorithms: ReadonlyArray<Algorithm>;
}

export interface Inspection {
    readonly usable: ReadonlyArray<InspectedKey>;
    readonly passedOver: ReadonlyArray<PassedOverKey>;
}

export interface JwkSet<out E> {
    readonly [TypeId]: CurrentKeys;
    readonly find: (query: KeyQuery) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>;
    readonly findAfterRefetch: (query: KeyQuery) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>;
    readonly passedOver: () => ReadonlyArray<PassedOverKey>;
    readonly inspect: Effect.Effect<Inspection>;
}

export interface KeyQuery {
    readonly kid: string | undefined;
    readonly algorithm: Jws.Algorithm;
    readonly issuer?: string | undefined;
}

export interface Options {
    readonly algorithms?: ReadonlyArray<Jws.Algorithm> | undefined;
    readonly lifetime?: Duration.Input | undefined;
    readonly staleFor?: Duration.Input | undefined;
    readonly refetches?: Refetches | undefined;
}

export interface PassedOverKey {
    readonly kid: string | undefined;
    readonly reason: string;
    readonly hasOtherUse: boolean;
}

export interface Refetches {
    readonly limit: number;
    readonly window: Duration.Input;
}

// Types that the exports name

// token/internal/parsedKeySet
export declare const TypeId: "~effect-mcp-auth/JwkSet";

// token/internal/parsedKeySet
export interface CurrentKeys {
    readonly peek: (query: KeyQuery, now: number) => ReadonlyArray<Jws.VerifySignature> | undefined;
    readonly purposesOf: (kid: string) => ReadonlyArray<KeyPurpose>;
    readonly unusableReason: (kid: string) => string | undefined;
    readonly pause: (now: number) => Duration.Duration;
    readonly refetchableIn: (publishedBy: number, now: number) => Duration.Duration;
    readonly contains: (key: Jws.VerifySignature, now: number) => boolean;
}

// token/internal/parsedKeySet
interface KeyPurpose {
    readonly algorithm: Algorithm;
    readonly issuer: string | undefined;
    readonly isBroken: boolean;
}
