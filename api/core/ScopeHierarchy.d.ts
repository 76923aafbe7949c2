// Exports

export declare class InvalidScopeHierarchy extends InvalidScopeHierarchy_base {
    get message(): string;
}

export declare const flat: ScopeHierarchy;

export declare const isScopeToken: (text: string) => boolean;

export declare const make: (rules: Readonly<Record<string, readonly string[]>>, options?: Options | undefined) => Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy, never>;

export interface Options {
    readonly grantedWildcards?: boolean | undefined;
}

export interface ScopeHierarchy {
    readonly covers: (granted: ReadonlySet<string>, scope: string) => boolean;
}

export type Rules = Readonly<Record<string, ReadonlyArray<string>>>;
