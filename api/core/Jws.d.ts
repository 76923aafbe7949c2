// Exports

export declare class UnusableKey extends UnusableKey_base {
    get message(): string;
}

export declare const Algorithm: Schema.Literals<readonly [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519"
]>;

export declare const Jws: Context.Reference<Shape>;

export declare const layer: Layer.Layer<never>;

export interface Shape {
    readonly prepare: (key: PublicKey, algorithm: Algorithm) => Effect.Effect<VerifySignature, UnusableKey>;
}

export interface Signed {
    readonly compact: string;
    readonly signingInput: string;
    readonly signature: string;
}

export type Algorithm = typeof Algorithm.Type;

export type PublicKey = Readonly<Jose.JWK>;

export type VerifySignature = (signed: Signed) => boolean | Effect.Effect<boolean>;
