// Exports

export declare const rule: (rule: Rule) => Rule;

export declare const rules: ReadonlyArray<Rule>;

export declare const without: (rules: ReadonlyArray<Rule>, ids: ReadonlyArray<string>) => ReadonlyArray<Rule>;

export interface Break {
    readonly clients: ReadonlyArray<ClientId | (string & {})> | "all";
    readonly step?: Step | undefined;
    readonly effect?: "fails" | "limited" | undefined;
    readonly confidence?: Confidence | undefined;
    readonly when?: ((evidence: Evidence) => boolean) | undefined;
}

export interface Fix {
    readonly words: string;
    readonly library?: LibraryFix | undefined;
}

export interface LibraryFix {
    readonly uses: string;
    readonly code: string;
}

export interface Rule {
    readonly id: string;
    readonly title: string;
    readonly severity: Severity;
    readonly isHint: boolean;
    readonly actor: Actor | ((evidence: Evidence) => Actor);
    readonly step: Step;
    readonly confidence: Confidence;
    readonly source: string;
    readonly date: string;
    readonly breaks: ReadonlyArray<Break>;
    readonly check: (evidence: Evidence) => Verdict;
    readonly fix: Fix | ((evidence: Evidence) => Fix);
}

export interface Seen {
    readonly seen: string;
    readonly requests: ReadonlyArray<number>;
}

export type Actor = "client" | "operator" | "provider" | "server";

export type Need = "client-id" | "login" | "registration" | "token";

export type Severity = "error" | "note" | "warning";

export type Verdict = "holds" | "not-applicable" | Seen | {
    readonly needs: Need;
};
