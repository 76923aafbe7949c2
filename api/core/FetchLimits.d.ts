// Exports

export declare const FetchLimits: Context.Reference<Limits>;

export interface Limits {
    readonly attemptTimeout: Duration.Duration;
    readonly totalTimeout: Duration.Duration;
    readonly bodyBytes: number;
    readonly redirects: number;
    readonly retries: number;
    readonly retryDelay: Duration.Duration;
}
