// Exports

export declare const authorizationServerDocument: Arbitrary.Arbitrary<Schema.JsonObject>;

export declare const insecureLoopbackIssuer: Arbitrary.Arbitrary<Issuer.Issuer>;

export declare const invalidIssuer: Arbitrary.Arbitrary<Mutant>;

export declare const issuer: Arbitrary.Arbitrary<Issuer.Issuer>;

export declare const protectedResourceDocument: Arbitrary.Arbitrary<Schema.JsonObject>;

export declare const resourceIdentifier: Arbitrary.Arbitrary<ResourceIdentifier.ResourceIdentifier>;

export interface Mutant {
    readonly issuer: string;
    readonly mutation: keyof typeof mutations;
}
