// Exports

export declare const make: <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>) => Effect.Effect<FetchAuth, E | BuildError, R | RV | HttpClient.HttpClient | Scope.Scope>;

export interface FetchAuth {
    readonly authenticate: (request: Request) => Effect.Effect<Outcome>;
}

export type Outcome = Data.TaggedEnum<{
    Answered: {
        readonly response: Response;
    };
    LetIn: {
        readonly info: AuthInfo["Service"];
        readonly headers: Headers;
    };
}>;

// Types that the exports name

// server/internal/service
export type BuildError = InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier | TokenVerifier.InvalidVerifier | InvalidScopeHierarchy;
