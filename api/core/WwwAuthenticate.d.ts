// Exports

export declare const forTokens: (challenges: ReadonlyArray<Challenge>, preferred?: "bearer" | "dpop") => Challenge | undefined;

export declare const parse: (header: string) => ReadonlyArray<Challenge>;

export declare const scopes: ({ parameters }: Challenge) => ReadonlyArray<string> | undefined;

export interface Challenge {
    readonly scheme: string;
    readonly parameters: ReadonlyMap<string, string>;
    readonly token68: string | undefined;
    readonly isWellFormed: boolean;
}
