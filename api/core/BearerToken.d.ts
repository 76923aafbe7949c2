// Exports

export declare const fromRequest: (request: HttpServerRequest.HttpServerRequest) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;

export declare const isEmptyCredentials: (header: string | undefined) => boolean;

export declare const read: ({ authorization: [header, ...others], url }: Carrier) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;

export interface Carrier {
    readonly authorization: ReadonlyArray<string>;
    readonly url: string;
}
