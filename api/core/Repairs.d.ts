// Exports

export declare const byName: ReadonlyMap<string, Transpiler.Transpiler>;

export declare const emptyArrays: Transpiler.Transpiler;

export declare const endpoints: (added: {
    readonly [E in Endpoint]?: string;
}) => Transpiler.Transpiler;

export declare const nulls: Transpiler.Transpiler;

export declare const pkce: Transpiler.Transpiler;

export declare const responseTypes: Transpiler.Transpiler;

export type Endpoint = "authorizationEndpoint" | "tokenEndpoint" | "jwksUri" | "registrationEndpoint" | "introspectionEndpoint" | "revocationEndpoint" | "userinfoEndpoint";
