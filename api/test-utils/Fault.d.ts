// Exports

export declare const all: (...faults: ReadonlyArray<Fault>) => Fault;

export declare const body: (content: string | Uint8Array, contentType?: string) => Fault;

export declare const connectionError: (code?: string) => Fault;

export declare const delay: (duration: Duration.Input) => Fault;

export declare const document: (change: (document: Schema.JsonObject) => Schema.JsonObject) => Fault;

export declare const headers: (headers: Readonly<Record<string, string>>) => Fault;

export declare const html: Fault;

export declare const hugeBody: (bytes: number, options?: {
    readonly announced?: boolean | undefined;
}) => Fault;

export declare const missing: (...members: ReadonlyArray<string>) => Fault;

export declare const nulls: (...members: ReadonlyArray<string>) => Fault;

export declare const redirect: (location: string, status?: number) => Fault;

export declare const redirectLoop: Fault;

export declare const slowBody: (every?: Duration.Input) => Fault;

export declare const status: (status: number, headers?: Readonly<Record<string, string>>) => Fault;

export declare const truncatedBody: (options?: {
    readonly broken?: boolean | undefined;
}) => Fault;

export declare const wrongIssuer: (issuer: string) => Fault;

export type Fault = {
    readonly _tag: "Status";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
} | {
    readonly _tag: "Delay";
    readonly duration: Duration.Duration;
} | {
    readonly _tag: "ConnectionError";
    readonly code: string;
} | {
    readonly _tag: "Redirect";
    readonly location: string;
    readonly status: number;
} | {
    readonly _tag: "Body";
    readonly content: string | Uint8Array;
    readonly contentType: string;
} | {
    readonly _tag: "TruncatedBody";
    readonly broken: boolean;
} | {
    readonly _tag: "HugeBody";
    readonly bytes: number;
    readonly announced: boolean;
} | {
    readonly _tag: "SlowBody";
    readonly every: Duration.Duration;
} | {
    readonly _tag: "Document";
    readonly change: (document: Schema.JsonObject) => Schema.JsonObject;
} | {
    readonly _tag: "Headers";
    readonly headers: Readonly<Record<string, string>>;
} | {
    readonly _tag: "All";
    readonly faults: ReadonlyArray<Fault>;
};
