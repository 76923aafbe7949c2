// Exports

export declare class InvalidSharedMemory extends InvalidSharedMemory_base {
    get message(): string;
}

export declare const SharedMemory: Context.Reference<Shape | undefined>;

export declare const layer: (options: Options) => Layer.Layer<never, InvalidSharedMemory, Persistence.BackingPersistence>;

export interface Options {
    readonly secret: Redacted.Redacted;
    readonly timeout?: Duration.Input | undefined;
}

export interface Shape {
    readonly get: (key: string) => Effect.Effect<Schema.Json | undefined>;
    readonly set: (key: string, value: Schema.Json, timeToLive: Duration.Input) => Effect.Effect<void>;
}
