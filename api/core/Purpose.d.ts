// Exports

export declare const all: (...purposes: ReadonlyArray<Purpose>) => Purpose;

export declare const any: Purpose;

export declare const authorization: Purpose;

export declare const introspection: Purpose;

export declare const jwtVerification: Purpose;

export declare const make: (name: string, missing: Purpose["missing"], reads?: ReadonlyArray<string>) => Purpose;

export declare const oneOf: (...purposes: ReadonlyArray<Purpose>) => Purpose;

export declare const verification: Purpose;

export interface Purpose {
    readonly name: string;
    readonly missing: (metadata: Metadata.AuthorizationServerMetadata) => ReadonlyArray<string>;
    readonly reads?: ReadonlyArray<string>;
}
