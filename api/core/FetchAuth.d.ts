// Exports

export declare const make: {
    <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV> & {
        readonly failureLimit?: undefined;
    }): Effect.Effect<FetchAuth, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope>;
    <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>): Effect.Effect<LimitedFetchAuth, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope>;
};

export interface FetchAuth {
    readonly authenticate: (request: Request, options?: RequestOptions) => Effect.Effect<Outcome>;
}

export interface LimitedFetchAuth {
    readonly authenticate: (request: Request, options: RequestOptions & {
        readonly clientAddress: string | undefined;
    }) => Effect.Effect<Outcome>;
}

export interface RequestOptions {
    readonly clientAddress?: string | undefined;
}

export type Outcome = Data.TaggedEnum<{
    Answered: {
        readonly response: Response;
    };
    Accepted: {
        readonly info: AuthInfo["Service"];
        readonly headers: globalThis.Headers;
    };
}>;

// Types that the exports name

// server/internal/service
export type BuildError = InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier | TokenVerifier.InvalidVerifier | InvalidScopeHierarchy;
