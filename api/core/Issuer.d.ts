// Exports

export declare class InvalidIssuer extends InvalidIssuer_base {
    get message(): string;
}

export declare const InsecureLoopbackIssuer: Schema.brand<Schema.String, "Issuer">;

export declare const Issuer: Schema.brand<Schema.String, "Issuer">;

export declare const make: (issuer: string, options?: Options) => Effect.Effect<Issuer, InvalidIssuer>;

export declare const makeResult: (issuer: string, options?: Options) => Result.Result<Issuer, InvalidIssuer>;

export interface Options {
    readonly allowInsecureLoopback?: boolean | undefined;
}

export type Issuer = string & Brand.Brand<"Issuer">;
