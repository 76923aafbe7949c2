// Exports

export declare const layer: Layer.Layer<never>;

export declare const nodeCrypto: Jws.Shape;

export declare const nodeDigest: TokenDigest.Shape;
