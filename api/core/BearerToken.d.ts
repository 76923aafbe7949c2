// Exports

export declare const fromRequest: (request: HttpServerRequest.HttpServerRequest, tokenHeaders?: ReadonlyArray<string>) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;

export declare const isEmptyCredentials: (header: string | undefined) => boolean;

export declare const read: ({ tokenHeaders, ...carrier }: Carrier) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;

export interface Carrier {
    readonly authorization: ReadonlyArray<string>;
    readonly url: string;
    readonly tokenHeaders?: ReadonlyArray<string> | undefined;
}
