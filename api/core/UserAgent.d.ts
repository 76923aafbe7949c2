// Exports

export declare class UserAgent extends UserAgent_base {
}

export declare class UserAgentFailed extends UserAgentFailed_base {
    readonly retryable: boolean;
    get message(): string;
}

export declare const layerHeadless: <R = never>(options: HeadlessOptions<R>) => Layer.Layer<UserAgent, never, R>;

export declare const layerPaste: (options?: PasteOptions) => Layer.Layer<UserAgent, never, Terminal.Terminal>;

export interface HeadlessOptions<R> {
    readonly redirectUri: string;
    readonly authorize: (url: URL) => Effect.Effect<URLSearchParams, UserAgentFailed, R>;
}

export interface PasteOptions {
    readonly redirectUri?: string | undefined;
}

export interface Session {
    readonly redirectUri: string;
    readonly authorize: (url: URL) => Effect.Effect<URLSearchParams, UserAgentFailed>;
}

export interface Shape {
    readonly open: (preferredRedirectUri?: string) => Effect.Effect<Session, UserAgentFailed, Scope.Scope>;
}
