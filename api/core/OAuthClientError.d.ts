// Exports

export declare class AuthorizationRejected extends AuthorizationRejected_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare class LoginRequired extends LoginRequired_base {
    get retryable(): boolean;
    get message(): string;
}

export declare class RegistrationFailed extends RegistrationFailed_base {
    get retryable(): boolean;
    get message(): string;
}

export declare class ResourceRefused extends ResourceRefused_base {
    get retryable(): boolean;
    get message(): string;
}

export declare class ServerRefused extends ServerRefused_base {
    get message(): string;
}

export declare class StepUpExhausted extends StepUpExhausted_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare class TokenRefused extends TokenRefused_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare class TokenUnavailable extends TokenUnavailable_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare const find: (error: unknown) => OAuthClientError | undefined;

export declare const isOAuthClientError: (value: unknown) => value is OAuthClientError;

export type OAuthClientError = ResourceRefused | ServerRefused | RegistrationFailed | AuthorizationRejected | UserAgentFailed | TokenRefused | TokenUnavailable | StepUpExhausted | LoginRequired | StoreFailed;
