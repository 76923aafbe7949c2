// Exports

export declare class TranspileError extends TranspileError_base {
    get message(): string;
}

export declare const all: <const T extends ReadonlyArray<Transpiler<unknown>>>(...transpilers: T) => Transpiler<Services<T[number]>>;

export declare const fromTranspileData: <R = never>(transpileData: TranspileData<R>) => Transpiler<R>;

export declare const identity: Transpiler;

export declare const isTranspiler: (value: unknown) => value is Transpiler<unknown>;

export declare const make: <R = never>(repair: Repair<R>) => Transpiler<R>;

export declare const run: <R>(transpiler: Transpiler<R>, document: Schema.JsonObject) => Effect.Effect<Transpiled, TranspileError, R>;

export interface Applied {
    readonly name: string;
    readonly reason: string;
    readonly patch: JsonPatch.JsonPatch;
}

export interface Repair<out R = never> {
    readonly name: string;
    readonly reason: string;
    readonly source?: string | undefined;
    readonly apply: (document: Schema.JsonObject) => Answer | Effect.Effect<Answer, unknown, R>;
}

export interface Transpiled {
    readonly document: Schema.JsonObject;
    readonly applied: ReadonlyArray<Applied>;
}

export interface Transpiler<out R = never> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly repairs: ReadonlyArray<Repair<R>>;
}

export type Answer = object & {
    readonly then?: never;
};

export type Services<T> = T extends Transpiler<infer R> ? R : never;

export type TranspileData<R = never> = Transpiler<R> | Repair<R>["apply"];
