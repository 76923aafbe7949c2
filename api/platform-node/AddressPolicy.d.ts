// Exports

export declare class InvalidAddressPolicy extends InvalidAddressPolicy_base {
    get message(): string;
}

export declare const allow: (...entries: ReadonlyArray<Range | (string & {})>) => Effect.Effect<AddressPolicy, InvalidAddressPolicy>;

export declare const publicOnly: AddressPolicy;

export declare const refusedRange: (policy: AddressPolicy, address: string) => Option.Option<Range | "unreadable">;

export interface AddressPolicy {
    readonly allowedRanges: ReadonlySet<string>;
    readonly allowedNetworks: ReadonlyArray<IpNetwork.IpNetwork>;
}

export type Range = keyof typeof ranges;
