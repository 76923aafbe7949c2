// Exports

export declare const TokenDigest: Context.Reference<Shape>;

export declare const webCrypto: Shape;

export type Shape = (token: string) => string | Effect.Effect<string>;
