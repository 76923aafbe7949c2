// Exports

export declare const answer: (error: AuthError, options: Options) => Answer;

export declare const errorCode = -32001;

export declare const jsonRpcError: (answer: Answer) => JsonRpcError;

export declare const response: (error: AuthError, options: Options & {
    readonly jsonRpc?: boolean | undefined;
}) => HttpServerResponse.HttpServerResponse;

export declare const retryAfterOf: ({ cause, retryAfter }: ServerUnavailable | TooManyFailures | VerificationUnavailable) => number;

export interface Answer {
    readonly status: 400 | 401 | 403 | 413 | 429 | 503;
    readonly headers: Readonly<Record<string, string>>;
    readonly error: string | undefined;
    readonly description: string;
    readonly challenge: Pick<Options, "resourceMetadata" | "scopes"> | undefined;
}

export interface JsonRpcError {
    readonly code: number;
    readonly message: string;
    readonly data: Schema.JsonObject;
}

export interface Options {
    readonly resourceMetadata: string;
    readonly scopes: ReadonlyArray<string>;
    readonly showErrorDetails?: boolean | undefined;
}
