// Exports

export declare class BodyTooLarge extends BodyTooLarge_base {
}

export declare class MetadataFetchError extends MetadataFetchError_base {
    get retryAfter(): Duration.Duration;
    get message(): string;
}

export declare class NotMetadata extends NotMetadata_base {
}

export declare class ProxyFailed extends ProxyFailed_base {
}

export declare class Redirect extends Redirect_base {
}

export declare class RefusedAddress extends RefusedAddress_base {
}

export declare class RefusedUrl extends RefusedUrl_base {
}

export declare class Status extends Status_base {
}

export declare class Timeout extends Timeout_base {
}

export declare class Transport extends Transport_base {
}

export declare const Reason: Schema.Union<readonly [
    typeof Transport,
    typeof Timeout,
    typeof Status,
    typeof BodyTooLarge,
    typeof NotMetadata,
    typeof Redirect,
    typeof RefusedAddress,
    typeof RefusedUrl,
    typeof ProxyFailed
]>;

export declare const isTransient: ({ reason }: MetadataFetchError) => boolean;

export type Reason = typeof Reason.Type;
