// Exports

export declare const start: <E>(options: Options<E, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient> & {
    readonly client?: Layer.Layer<HttpClient.HttpClient> | undefined;
}) => Promise<NodeFetchAuth>;

export interface NodeFetchAuth {
    readonly authenticate: (request: Request) => Promise<FetchAuth.Outcome>;
    readonly close: () => Promise<void>;
}
