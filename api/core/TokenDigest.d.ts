// Exports

export declare const TokenDigest: Context.Reference<Shape>;

export declare const layer: Layer.Layer<never>;

export type Shape = (token: string) => string | Effect.Effect<string>;
