// Exports

export declare function start<E = never>(options: StartOptions<E> & {
    readonly failureLimit?: undefined;
}): Promise<NodeFetchAuth>;

export declare function start<E = never>(options: StartOptions<E>): Promise<LimitedNodeFetchAuth>;

export interface LimitedNodeFetchAuth {
    readonly authenticate: (request: Request, options: FetchAuth.RequestOptions & {
        readonly clientAddress: string | undefined;
    }) => Promise<FetchAuth.Outcome>;
    readonly close: () => Promise<void>;
}

export interface NodeFetchAuth {
    readonly authenticate: (request: Request, options?: FetchAuth.RequestOptions) => Promise<FetchAuth.Outcome>;
    readonly close: () => Promise<void>;
}

export type StartOptions<E = never> = Options<E, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient> & {
    readonly client?: Layer.Layer<HttpClient.HttpClient> | undefined;
    readonly development?: boolean | undefined;
};
