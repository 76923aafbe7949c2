// Exports

export declare const errorCode = -32001;

export declare const jsonRpcError: (rejected: Rejection) => JsonRpcError;

export declare const rejection: {
    (options: Options): (error: AuthError) => Rejection;
    (error: AuthError, options: Options): Rejection;
};

export declare const response: {
    (options: ResponseOptions): (error: AuthError) => HttpServerResponse.HttpServerResponse;
    (error: AuthError, options: ResponseOptions): HttpServerResponse.HttpServerResponse;
};

export declare const retryAfterOf: ({ cause, retryAfter }: ServerUnavailable | TooManyFailures | VerificationUnavailable) => Duration.Duration;

export interface JsonRpcError {
    readonly code: number;
    readonly message: string;
    readonly data: Schema.JsonObject;
}

export interface Options {
    readonly resourceMetadata?: string | undefined;
    readonly apiKeyHeaders?: ReadonlyArray<string> | undefined;
    readonly scopes: ReadonlyArray<string>;
    readonly showErrorDetails?: boolean | undefined;
}

export interface Rejection {
    readonly status: 400 | 401 | 403 | 413 | 429 | 503;
    readonly headers: Readonly<Record<string, string>>;
    readonly error: string | undefined;
    readonly description: string;
    readonly challenge: Pick<Options, "resourceMetadata" | "scopes"> | undefined;
}

export interface ResponseOptions extends Options {
    readonly jsonRpc?: boolean | undefined;
}
