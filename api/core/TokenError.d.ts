// Exports

export declare class AccessDenied extends AccessDenied_base {
    get message(): string;
}

export declare class ContentTooLarge extends ContentTooLarge_base {
    get message(): string;
}

export declare class InsufficientScope extends InsufficientScope_base {
    get message(): string;
}

export declare class IntrospectionQueueFull extends IntrospectionQueueFull_base {
    get message(): string;
}

export declare class InvalidRequest extends InvalidRequest_base {
    get message(): string;
}

export declare class InvalidToken extends InvalidToken_base {
    get description(): string;
    get message(): string;
}

export declare class MissingCredentials extends MissingCredentials_base {
    get message(): string;
}

export declare class ServerUnavailable extends ServerUnavailable_base {
    get message(): string;
}

export declare class TooManyFailures extends TooManyFailures_base {
    get message(): string;
}

export declare class VerificationUnavailable extends VerificationUnavailable_base {
    get message(): string;
}

export type AuthError = MissingCredentials | InvalidRequest | TokenError | TooManyFailures | ServerUnavailable | ContentTooLarge | AccessDenied;

export type InvalidTokenReason = keyof typeof invalidTokenReasons;

export type TokenError = InvalidToken | InsufficientScope | VerificationUnavailable;
