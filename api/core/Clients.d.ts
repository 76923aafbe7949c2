// Exports

export declare const clients: readonly [
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client
];

export declare const stepTitles: {
    readonly [S in Step]: {
        readonly title: string;
        readonly party: "provider" | "server";
    };
};

export declare const steps: readonly [
    "reach",
    "challenge",
    "resource",
    "discovery",
    "registration",
    "authorization",
    "token",
    "call"
];

export interface Client {
    readonly id: string;
    readonly name: string;
    readonly versions: string;
    readonly confidence: Confidence | "unknown";
}

export type ClientId = (typeof clients)[number]["id"];

export type Confidence = "code" | "documented" | "inferred" | "reported";

export type Step = (typeof steps)[number];
