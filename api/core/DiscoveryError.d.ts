// Exports

export declare class DiscoveryFailed<out E = never> extends DiscoveryFailed_base<{
    readonly issuer: string;
    readonly by: "issuer" | "url";
    readonly outcome: Exclude<Outcome, "Found">;
    readonly attempts: ReadonlyArray<Attempt<unknown>>;
}> {
    readonly attempts: ReadonlyArray<Attempt<E>>;
    get retryAfter(): Duration.Duration;
    get message(): string;
}

export declare class IncompleteMetadata extends IncompleteMetadata_base {
    get message(): string;
}

export declare class InvalidMetadata extends InvalidMetadata_base {
    get message(): string;
}

export declare class NoDocument extends NoDocument_base {
    get message(): string;
}

export interface Attempt<out E = never> {
    readonly kind: string;
    readonly location: string;
    readonly outcome: Outcome;
    readonly error?: AttemptError<E>;
}

export type AttemptError<E = never> = MetadataFetchError | NoDocument | IssuerMismatch | TranspileError | InvalidMetadata | IncompleteMetadata | InvalidServerConfig | E;

export type Outcome = "Refused" | "Incomplete" | "Transient" | "Miss" | "Found";
