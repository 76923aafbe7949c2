// Exports

export declare class AuthInfo extends AuthInfo_base {
}

export declare const anonymous: AuthInfo["Service"];

export declare const claims: <A, RD>(schema: Schema.ConstraintDecoder<A, RD>) => Effect.Effect<A, Schema.SchemaError, AuthInfo | RD>;

export declare const isAnonymous: ({ issuer }: AuthInfo["Service"]) => boolean;

export declare const principal: ({ clientId, issuer, subject, tokenDigest }: AuthInfo["Service"]) => string;
