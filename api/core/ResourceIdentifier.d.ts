// Exports

export declare class InvalidResourceIdentifier extends InvalidResourceIdentifier_base {
    get message(): string;
}

export declare const InsecureLoopbackResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier">;

export declare const ResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier">;

export declare const make: (resource: string, options?: Options) => Effect.Effect<ResourceIdentifier, InvalidResourceIdentifier>;

export declare const makeResult: (resource: string, options?: Options) => Result.Result<ResourceIdentifier, InvalidResourceIdentifier>;

export interface Options {
    readonly allowInsecureLoopback?: boolean | undefined;
}

export type ResourceIdentifier = string & Brand.Brand<"ResourceIdentifier">;
