// Exports

export declare class InvalidTlsOptions extends InvalidTlsOptions_base {
    get message(): string;
}

export declare const authoritiesOf: (ca: TlsOptions["ca"]) => ReadonlyArray<Pem>;

export declare const makeContext: (options: TlsOptions, prefix?: any) => Effect.Effect<SecureContext | undefined, InvalidTlsOptions, never>;

export interface TlsOptions {
    readonly ca?: Pem | ReadonlyArray<Pem> | undefined;
    readonly cert?: Pem | undefined;
    readonly key?: Pem | Redacted.Redacted<Pem> | undefined;
}

export type Pem = string | Uint8Array;
