// Exports

export declare const bearerToken: (token: Redacted.Redacted) => ClientAuthentication;

export declare const clientSecretBasic: (clientId: string, secret: Redacted.Redacted) => ClientAuthentication;

export declare const clientSecretPost: (clientId: string, secret: Redacted.Redacted) => ClientAuthentication;

export declare const none: (clientId: string) => ClientAuthentication;

export declare const privateKeyJwt: (clientId: string, key: Redacted.Redacted<Jws.PublicKey & {
    readonly d: string;
}>, algorithm: Jws.Algorithm) => ClientAuthentication;

export interface ClientAuthentication {
    readonly method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none" | "Bearer";
    readonly prove: (issuer: string) => Effect.Effect<Proof>;
}

export interface Proof {
    readonly headers: Readonly<Record<string, string>>;
    readonly form: Readonly<Record<string, string>>;
}
