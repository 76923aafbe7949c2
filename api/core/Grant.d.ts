// Exports

export declare const authorizationCode: <R = never>(options: {
    readonly registration: ClientRegistration<R>;
}) => AuthorizationCode<R | UserAgent>;

export declare const clientCredentials: (options: {
    readonly clientId: string;
    readonly authentication: ClientAuthentication;
} & TrustedIssuer) => ClientCredentials;

export declare const enterpriseManaged: <R = never>(options: {
    readonly identityProvider: IdentityProvider<R>;
    readonly clientId: string;
    readonly authentication: ClientAuthentication;
} & TrustedIssuer) => JwtBearer<R | HttpClient.HttpClient>;

export declare const fromEffect: <R = never>(obtain: FromEffect<R>["obtain"]) => FromEffect<R>;

export declare const jwtBearer: <R = never>(options: {
    readonly assertion: JwtBearer<R>["assertion"];
    readonly clientId?: string | undefined;
    readonly authentication?: ClientAuthentication | undefined;
} & TrustedIssuer) => JwtBearer<R>;

export interface Asked {
    readonly server: string;
    readonly resource: string;
    readonly issuer: string;
    readonly scopes: ReadonlyArray<string>;
}

export interface AuthorizationCode<out R = never> {
    readonly _tag: "AuthorizationCode";
    readonly registration: ClientRegistration<R>;
}

export interface ClientCredentials {
    readonly _tag: "ClientCredentials";
    readonly clientId: string;
    readonly authentication: ClientAuthentication;
    readonly issuer: string | undefined;
}

export interface FromEffect<out R = never> {
    readonly _tag: "FromEffect";
    readonly obtain: (asked: Asked) => Effect.Effect<ObtainedToken, OAuthClientError, R>;
}

export interface IdentityProvider<out R = never> {
    readonly issuer: string;
    readonly tokenEndpoint?: string | undefined;
    readonly authentication: ClientAuthentication;
    readonly idToken: Effect.Effect<Redacted.Redacted, OAuthClientError, R>;
}

export interface JwtBearer<out R = never> {
    readonly _tag: "JwtBearer";
    readonly assertion: (asked: Asked) => Effect.Effect<Redacted.Redacted, OAuthClientError, R>;
    readonly clientId: string | undefined;
    readonly authentication: ClientAuthentication | undefined;
    readonly issuer: string | undefined;
}

export interface ObtainedToken {
    readonly accessToken: Redacted.Redacted;
    readonly expiresAt?: number | undefined;
    readonly scopes?: ReadonlyArray<string> | undefined;
}

export type Grant<R = never> = AuthorizationCode<R> | ClientCredentials | JwtBearer<R> | FromEffect<R>;

export type TrustedIssuer = {
    readonly issuer: string;
} | {
    readonly unsafeAnyIssuer: true;
};
