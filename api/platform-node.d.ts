// AddressPolicy
import * as Effect from "effect/Effect";
import * as IpNetwork from "effect/net/IpNetwork";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
declare const ranges: {
    readonly loopback: readonly ["127.0.0.0/8", "::1/128"];
    readonly unspecified: readonly ["0.0.0.0/8", "::/128"];
    readonly private: readonly ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    readonly shared: readonly ["100.64.0.0/10"];
    readonly "link-local": readonly ["169.254.0.0/16", "fe80::/10"];
    readonly "cloud-host": readonly ["168.63.129.16/32"];
    readonly "unique-local": readonly ["fc00::/7"];
    readonly "site-local": readonly ["fec0::/10"];
    readonly multicast: readonly ["224.0.0.0/4", "ff00::/8"];
    readonly documentation: readonly ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"];
    readonly benchmarking: readonly ["198.18.0.0/15", "2001:2::/48"];
    readonly "protocol-assignments": readonly ["192.0.0.0/24", "192.88.99.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2001::/23"];
    readonly discard: readonly ["100::/64", "100:0:0:1::/64"];
    readonly transition: readonly ["::/96", "2002::/16", "64:ff9b:1::/48"];
    readonly reserved: readonly ["240.0.0.0/4", "::/3", "4000::/2", "8000::/1"];
};
export type Range = keyof typeof ranges;
export interface AddressPolicy {
    readonly allowedRanges: ReadonlySet<string>;
    readonly allowedNetworks: ReadonlyArray<IpNetwork.IpNetwork>;
}
declare const InvalidAddressPolicy_base: Schema.Class<InvalidAddressPolicy, Schema.TaggedStruct<"InvalidAddressPolicy", {
    readonly entry: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidAddressPolicy extends InvalidAddressPolicy_base {
    get message(): string;
}
export declare const publicOnly: AddressPolicy;
export declare const allow: (...entries: ReadonlyArray<Range | (string & {})>) => Effect.Effect<AddressPolicy, InvalidAddressPolicy>;
export declare const refusedRange: (policy: AddressPolicy, address: string) => Option.Option<Range | "unreadable">;
export {};

// CheckReport
import * as Schema from "effect/Schema";
export declare const Attempt: Schema.Struct<{
    readonly kind: Schema.String;
    readonly location: Schema.String;
    readonly outcome: Schema.Literals<readonly ["Found", "Miss", "Transient", "Incomplete", "Refused"]>;
    readonly error: Schema.optionalKey<Schema.Struct<{
        readonly tag: Schema.String;
        readonly message: Schema.String;
    }>>;
}>;
export declare const Repair: Schema.Struct<{
    readonly name: Schema.String;
    readonly reason: Schema.String;
    readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
}>;
export declare const Found: Schema.Struct<{
    readonly type: Schema.Literals<readonly ["oauth", "oidc"]>;
    readonly issuer: Schema.String;
    readonly locations: Schema.$Array<Schema.String>;
    readonly repairs: Schema.$Array<Schema.Struct<{
        readonly name: Schema.String;
        readonly reason: Schema.String;
        readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
    }>>;
    readonly oddities: Schema.$Array<Schema.Struct<{
        readonly code: Schema.String;
        readonly message: Schema.String;
    }>>;
    readonly report: Schema.Struct<{
        readonly issuer: Schema.String;
        readonly revision: Schema.Literals<readonly ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]>;
        readonly errors: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly message: Schema.String;
            readonly advice: Schema.String;
            readonly reference: Schema.String;
        }>>;
        readonly warnings: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly message: Schema.String;
            readonly advice: Schema.String;
            readonly reference: Schema.String;
        }>>;
        readonly successes: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly message: Schema.String;
        }>>;
    }>;
}>;
export declare const CheckReport: Schema.Struct<{
    readonly version: Schema.Literal<1>;
    readonly asked: Schema.String;
    readonly verdict: Schema.Literals<readonly ["valid", "invalid", "unavailable"]>;
    readonly attempts: Schema.$Array<Schema.Struct<{
        readonly kind: Schema.String;
        readonly location: Schema.String;
        readonly outcome: Schema.Literals<readonly ["Found", "Miss", "Transient", "Incomplete", "Refused"]>;
        readonly error: Schema.optionalKey<Schema.Struct<{
            readonly tag: Schema.String;
            readonly message: Schema.String;
        }>>;
    }>>;
    readonly found: Schema.optionalKey<Schema.Struct<{
        readonly type: Schema.Literals<readonly ["oauth", "oidc"]>;
        readonly issuer: Schema.String;
        readonly locations: Schema.$Array<Schema.String>;
        readonly repairs: Schema.$Array<Schema.Struct<{
            readonly name: Schema.String;
            readonly reason: Schema.String;
            readonly patch: Schema.$Array<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
        }>>;
        readonly oddities: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly message: Schema.String;
        }>>;
        readonly report: Schema.Struct<{
            readonly issuer: Schema.String;
            readonly revision: Schema.Literals<readonly ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]>;
            readonly errors: Schema.$Array<Schema.Struct<{
                readonly code: Schema.String;
                readonly message: Schema.String;
                readonly advice: Schema.String;
                readonly reference: Schema.String;
            }>>;
            readonly warnings: Schema.$Array<Schema.Struct<{
                readonly code: Schema.String;
                readonly message: Schema.String;
                readonly advice: Schema.String;
                readonly reference: Schema.String;
            }>>;
            readonly successes: Schema.$Array<Schema.Struct<{
                readonly code: Schema.String;
                readonly message: Schema.String;
            }>>;
        }>;
    }>>;
}>;
export type CheckReport = typeof CheckReport.Type;
export declare const exitCode: ({ verdict }: CheckReport) => 0 | 1 | 2;

// ExplainReport
import * as Schema from "effect/Schema";
export interface Trace {
    readonly policy: string;
    readonly outcome: "yes" | "no" | "unknown";
    readonly missing: ReadonlyArray<string>;
    readonly parts: ReadonlyArray<Trace>;
}
export declare const Trace: Schema.Codec<Trace>;
export declare const Caller: Schema.Struct<{
    readonly issuer: Schema.String;
    readonly subject: Schema.optionalKey<Schema.String>;
    readonly clientId: Schema.optionalKey<Schema.String>;
    readonly scopes: Schema.$Array<Schema.String>;
    readonly audience: Schema.$Array<Schema.String>;
    readonly expiresAt: Schema.optionalKey<Schema.Number>;
}>;
export declare const ExplainReport: Schema.Struct<{
    readonly version: Schema.Literal<1>;
    readonly verdict: Schema.Literals<readonly ["permitted", "refused", "unavailable"]>;
    readonly policy: Schema.String;
    readonly caller: Schema.optionalKey<Schema.Struct<{
        readonly issuer: Schema.String;
        readonly subject: Schema.optionalKey<Schema.String>;
        readonly clientId: Schema.optionalKey<Schema.String>;
        readonly scopes: Schema.$Array<Schema.String>;
        readonly audience: Schema.$Array<Schema.String>;
        readonly expiresAt: Schema.optionalKey<Schema.Number>;
    }>>;
    readonly trace: Schema.optionalKey<Schema.Codec<Trace, Trace, never, never>>;
    readonly answer: Schema.optionalKey<Schema.Struct<{
        readonly status: Schema.Int;
        readonly challenge: Schema.optionalKey<Schema.String>;
        readonly reason: Schema.String;
    }>>;
}>;
export type ExplainReport = typeof ExplainReport.Type;
export declare const exitCode: ({ verdict }: ExplainReport) => 0 | 1 | 2;

// NodeFetchAuth
import * as FetchAuth from "@effect-mcp-auth/core/FetchAuth";
import type { Options } from "@effect-mcp-auth/core/McpAuthOptions";
import type * as HttpClient from "effect/http/HttpClient";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
export interface NodeFetchAuth {
    readonly authenticate: (request: Request) => Promise<FetchAuth.Outcome>;
    readonly close: () => Promise<void>;
}
export declare const start: <E>(options: Options<E, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient> & {
    readonly client?: Layer.Layer<HttpClient.HttpClient> | undefined;
}) => Promise<NodeFetchAuth>;

// NodeJws
import * as Jws from "@effect-mcp-auth/core/Jws";
import * as TokenDigest from "@effect-mcp-auth/core/TokenDigest";
import * as Layer from "effect/Layer";
export declare const nodeCrypto: Jws.Shape;
export declare const nodeDigest: TokenDigest.Shape;
export declare const layer: Layer.Layer<never>;

// NodeMcpAuth
import * as Duration from "effect/Duration";
import * as HttpClient from "effect/http/HttpClient";
import * as Layer from "effect/Layer";
import * as Dns from "effect/net/Dns";
import * as AddressPolicy from "./AddressPolicy.ts";
export interface Options {
    readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined;
    readonly connectionsPerOrigin?: number | undefined;
    readonly connectTimeout?: Duration.Input | undefined;
}
export declare const layerNoDns: (options?: Options) => Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy, Dns.Dns>;
export declare const layerWith: (options: Options) => Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy>;
export declare const layer: Layer.Layer<HttpClient.HttpClient>;
