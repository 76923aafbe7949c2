// Exports

export declare class InvalidProxy extends InvalidProxy_base {
    get message(): string;
}

export declare const fromEnvironment: Effect.Effect<ForwardProxy | undefined, InvalidProxy | AddressPolicy.InvalidAddressPolicy>;

export declare const make: (proxy: string | Options) => Effect.Effect<ForwardProxy, AddressPolicy.InvalidAddressPolicy | InvalidProxy, never>;

export interface Credentials {
    readonly username: string;
    readonly password: Redacted.Redacted;
}

export interface ForwardProxy {
    readonly origin: string;
    readonly authorization: Redacted.Redacted | undefined;
    readonly policy: AddressPolicy.AddressPolicy;
    readonly allowHosts: ReadonlySet<string>;
    readonly noProxy: NoProxy;
}

export interface Options {
    readonly url: string;
    readonly credentials?: Credentials | undefined;
    readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined;
    readonly allowHosts?: ReadonlyArray<string> | undefined;
    readonly noProxy?: ReadonlyArray<string> | undefined;
}

// Types that the exports name

// internal/noProxy
export type NoProxy = (host: string, port: string) => boolean;
