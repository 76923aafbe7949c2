// Exports

export declare class TestUser extends TestUser_base {
}

export declare const closesWindow: Behaviour;

export declare const consents: (decision?: Pick<Decision, "subject" | "scopes">) => Behaviour;

export declare const denies: Behaviour;

export declare const layer: ({ behaviour, redirectUri, takes }?: Options) => Layer.Layer<TestUser | UserAgent.UserAgent, never, TestProvider>;

export declare const mixesUp: (issuer: string) => Behaviour;

export declare const neverComes: Behaviour;

export interface Options {
    readonly behaviour?: Behaviour | undefined;
    readonly takes?: Duration.Input | undefined;
    readonly redirectUri?: string | undefined;
}

export type Behaviour = Data.TaggedEnum<{
    Consents: Pick<Decision, "subject" | "scopes">;
    Denies: {};
    ClosesWindow: {};
    NeverComes: {};
    MixesUp: {
        readonly issuer: string;
    };
}>;

// Types that the exports name

// internal/testProvider/model
export interface Decision {
    readonly subject?: string | undefined;
    readonly scopes?: ReadonlyArray<string> | undefined;
    readonly denies?: boolean | undefined;
}
