// Exports

export declare class IssuerMismatch extends IssuerMismatch_base {
    get message(): string;
}

export declare const acceptAnyUnsafe: IssuerPolicy;

export declare const exact: IssuerPolicy;

export declare const expected: (issuer: string) => IssuerPolicy;

export declare const judge: (policy: IssuerPolicy, claim: Claim & {
    readonly location: string;
}) => Effect.Effect<void, IssuerMismatch>;

export declare const leadsBackTo: (url: string) => IssuerPolicy;

export declare const rootSlash: IssuerPolicy;

export declare const template: (issuer: string) => IssuerPolicy;

export interface Claim {
    readonly asked: string;
    readonly answered: string;
    readonly claims?: Schema.JsonObject | undefined;
}

export interface IssuerPolicy {
    readonly name: string;
    readonly expects: (asked: string) => string;
    readonly accepts: (claim: Claim) => boolean;
}
