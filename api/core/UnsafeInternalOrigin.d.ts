// Exports

export declare const UnsafeInternalOrigin: Context.Reference<string | undefined>;

export declare const isInternal: (origin: string | undefined, url: string) => boolean;

export declare const provide: <A, E, R>(effect: Effect.Effect<A, E, R>, url: string) => Effect.Effect<A, E, R>;
