// Exports

export declare const make: <E = never, R = never, RV = HttpClient.HttpClient, E2 = never>({ capacity, lookup, verifier }: Options<E, R, RV, E2>) => TokenVerifier.Method<R | RV | HttpClient.HttpClient>;

export interface Options<E = never, R = never, RV = HttpClient.HttpClient, E2 = never> {
    readonly lookup: (issuer: string) => Effect.Effect<MakeServer<E, R> | VersionedServer<E, R> | undefined, E2, R>;
    readonly verifier?: TokenVerifier.Method<RV> | undefined;
    readonly capacity?: number | undefined;
}

export interface VersionedServer<E, R> {
    readonly server: MakeServer<E, R>;
    readonly version: string;
}

export type MakeServer<E, R> = Effect.Effect<AuthorizationServer<unknown>, E, R | Scope.Scope>;
