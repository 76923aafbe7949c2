// AuthorizationServer
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import type * as Scope from "effect/Scope";
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts";
import * as Issuer from "../metadata/Issuer.ts";
import * as Discovery from "./Discovery.ts";
import type { DiscoveryFailed } from "./DiscoveryError.ts";
import * as IssuerPolicy from "./IssuerPolicy.ts";
import type { ServerConfig, ServerType } from "./ServerConfig.ts";
export interface AuthorizationServer<out E = DiscoveryFailed<unknown>> {
    readonly issuer: Issuer.Issuer;
    readonly issuerPolicy: IssuerPolicy.IssuerPolicy;
    readonly isEager: boolean;
    readonly config: Effect.Effect<ServerConfig, E>;
    readonly peek: (now: number) => ServerConfig | undefined;
    readonly pause: (now: number) => number;
}
export interface CacheOptions {
    readonly lifetime?: Duration.Input | undefined;
    readonly staleFor?: Duration.Input | undefined;
}
export interface Options<R = never> extends Discovery.FetchOptions<R>, CacheOptions {
}
export interface StrategyOptions extends Discovery.SearchOptions, CacheOptions {
    readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined;
}
export declare const fromStrategy: <E, R>(strategy: Discovery.Strategy<E, R>, issuer: string, options?: StrategyOptions | undefined) => Effect.Effect<AuthorizationServer<DiscoveryFailed<E>>, Issuer.InvalidIssuer, R | Scope.Scope>;
export declare const discover: <R = never>(issuer: string, options?: Options<R>) => Effect.Effect<AuthorizationServer<DiscoveryFailed>, Issuer.InvalidIssuer, HttpClient.HttpClient | R | Scope.Scope>;
export declare const fetch: <R = never>(issuer: string, options?: Options<R>) => Effect.Effect<AuthorizationServer<DiscoveryFailed>, Issuer.InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | R | Scope.Scope>;
export declare const make: (known: {
    readonly type: ServerType;
    readonly metadata: AuthorizationServerMetadata;
}, options?: Discovery.SearchOptions) => Effect.Effect<AuthorizationServer<never>, Issuer.InvalidIssuer | DiscoveryFailed>;
export declare const mayIssue: <E>({ issuer, issuerPolicy }: AuthorizationServer<E>, iss: string) => boolean;
export declare const issues: <E>(server: AuthorizationServer<E>, config: ServerConfig, iss: string) => boolean;

// Discovery
import * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import * as Issuer from "../metadata/Issuer.ts";
import { DiscoveryFailed } from "./DiscoveryError.ts";
import * as Engine from "./internal/search.ts";
import * as IssuerPolicy from "./IssuerPolicy.ts";
import * as Purpose from "./Purpose.ts";
import type { ServerConfig, ServerType } from "./ServerConfig.ts";
import * as Strategy from "./Strategy.ts";
import * as Transpiler from "./Transpiler.ts";
import type * as Validation from "./Validation.ts";
export * from "./Strategies.ts";
export * from "./Strategy.ts";
export type Search<E = never> = Engine.Search<E>;
export interface SearchOptions {
    readonly purpose?: Purpose.Purpose | undefined;
    readonly mergeDocuments?: boolean | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}
export declare const search: <E, R>(strategy: Strategy.Strategy<E, R>, issuer: string, options?: SearchOptions) => Effect.Effect<Search<E>, Issuer.InvalidIssuer, R>;
export declare const discover: <E, R>(strategy: Strategy.Strategy<E, R>, issuer: string, options?: SearchOptions) => Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed<E>, R>;
export interface FetchOptions<R = never> extends SearchOptions {
    readonly type?: ServerType | "auto" | undefined;
    readonly transpileData?: Transpiler.TranspileData<R> | undefined;
    readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined;
    readonly validation?: Validation.Options | undefined;
}
export declare const strategyOf: <R = never>(options?: FetchOptions<R>) => Strategy.Strategy<never, HttpClient.HttpClient | R>;
export declare const fetchServerConfig: <R = never>(issuer: string, options?: FetchOptions<R>) => Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | R>;
export interface FetchByUrlOptions<R = never> extends Omit<FetchOptions<R>, "issuerPolicy" | "mergeDocuments"> {
    readonly expectedIssuer?: string | undefined;
}
export declare const fetchServerConfigByWellKnownUrl: <R = never>(url: string, options?: FetchByUrlOptions<R>) => Effect.Effect<ServerConfig, DiscoveryFailed, HttpClient.HttpClient | R>;

// DiscoveryError
import * as Schema from "effect/Schema";
import type { IssuerMismatch } from "./IssuerPolicy.ts";
import type { MetadataFetchError } from "./MetadataFetchError.ts";
import type { TranspileError } from "./Transpiler.ts";
import type { InvalidServerConfig } from "./Validation.ts";
declare const InvalidMetadata_base: Schema.Class<InvalidMetadata, Schema.TaggedStruct<"InvalidMetadata", {
    readonly location: Schema.String;
    readonly issues: Schema.$Array<Schema.Struct<{
        readonly member: Schema.String;
        readonly problem: Schema.String;
    }>>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidMetadata extends InvalidMetadata_base {
    get message(): string;
}
declare const IncompleteMetadata_base: Schema.Class<IncompleteMetadata, Schema.TaggedStruct<"IncompleteMetadata", {
    readonly location: Schema.String;
    readonly purpose: Schema.String;
    readonly missing: Schema.$Array<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class IncompleteMetadata extends IncompleteMetadata_base {
    get message(): string;
}
declare const NoDocument_base: Schema.Class<NoDocument, Schema.TaggedStruct<"NoDocument", {
    readonly strategy: Schema.String;
    readonly found: Schema.Literals<readonly ["nothing", "no-json-object", "no-issuer"]>;
}>, import("effect/Cause").YieldableError>;
export declare class NoDocument extends NoDocument_base {
    get message(): string;
}
export type Outcome = "Refused" | "Incomplete" | "Transient" | "Miss" | "Found";
export type AttemptError<E = never> = MetadataFetchError | NoDocument | IssuerMismatch | TranspileError | InvalidMetadata | IncompleteMetadata | InvalidServerConfig | E;
export interface Attempt<out E = never> {
    readonly kind: string;
    readonly location: string;
    readonly outcome: Outcome;
    readonly error?: AttemptError<E>;
}
declare const DiscoveryFailed_base: new <A extends Record<string, any> = {}>(args: import("effect/Types").VoidIfEmpty<{ readonly [P in keyof A as P extends "_tag" ? never : P]: A[P]; }>) => import("effect/Cause").YieldableError & {
    readonly _tag: "DiscoveryFailed";
} & Readonly<A>;
export declare class DiscoveryFailed<out E = never> extends DiscoveryFailed_base<{
    readonly issuer: string;
    readonly by: "issuer" | "url";
    readonly outcome: Exclude<Outcome, "Found">;
    readonly attempts: ReadonlyArray<Attempt<unknown>>;
}> {
    readonly attempts: ReadonlyArray<Attempt<E>>;
    get message(): string;
}
export {};

// FetchLimits
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
export interface Limits {
    readonly attemptTimeout: Duration.Duration;
    readonly totalTimeout: Duration.Duration;
    readonly bodyBytes: number;
    readonly redirects: number;
    readonly retries: number;
    readonly retryDelay: Duration.Duration;
}
export declare const FetchLimits: Context.Reference<Limits>;

// IssuerPolicy
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
export interface Claim {
    readonly asked: string;
    readonly answered: string;
}
export interface IssuerPolicy {
    readonly name: string;
    readonly expects: (asked: string) => string;
    readonly accepts: (claim: Claim) => boolean;
}
declare const IssuerMismatch_base: Schema.Class<IssuerMismatch, Schema.TaggedStruct<"IssuerMismatch", {
    readonly location: Schema.String;
    readonly expected: Schema.String;
    readonly actual: Schema.String;
    readonly policy: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class IssuerMismatch extends IssuerMismatch_base {
    get message(): string;
}
export declare const exact: IssuerPolicy;
export declare const rootSlash: IssuerPolicy;
export declare const expected: (issuer: string) => IssuerPolicy;
export declare const template: (issuer: string) => IssuerPolicy;
export declare const leadsBackTo: (url: string) => IssuerPolicy;
export declare const acceptAnyUnsafe: IssuerPolicy;
export declare const judge: (policy: IssuerPolicy, claim: Claim & {
    readonly location: string;
}) => Effect.Effect<void, IssuerMismatch>;
export {};

// MetadataFetchError
import * as Schema from "effect/Schema";
declare const Transport_base: Schema.Class<Transport, Schema.TaggedStruct<"Transport", {
    readonly detail: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class Transport extends Transport_base {
}
declare const Timeout_base: Schema.Class<Timeout, Schema.TaggedStruct<"Timeout", {
    readonly milliseconds: Schema.Finite;
    readonly of: Schema.Literals<readonly ["attempt", "search"]>;
}>, import("effect/Cause").YieldableError>;
export declare class Timeout extends Timeout_base {
}
declare const Status_base: Schema.Class<Status, Schema.TaggedStruct<"Status", {
    readonly status: Schema.Int;
    readonly retryAfter: Schema.optionalKey<Schema.Finite>;
}>, import("effect/Cause").YieldableError>;
export declare class Status extends Status_base {
}
declare const BodyTooLarge_base: Schema.Class<BodyTooLarge, Schema.TaggedStruct<"BodyTooLarge", {
    readonly limit: Schema.Int;
}>, import("effect/Cause").YieldableError>;
export declare class BodyTooLarge extends BodyTooLarge_base {
}
declare const NotMetadata_base: Schema.Class<NotMetadata, Schema.TaggedStruct<"NotMetadata", {
    readonly found: Schema.Literals<readonly ["empty", "html", "malformed-json", "not-an-object", "no-issuer", "no-keys"]>;
    readonly contentType: Schema.optionalKey<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class NotMetadata extends NotMetadata_base {
}
declare const Redirect_base: Schema.Class<Redirect, Schema.TaggedStruct<"Redirect", {
    readonly status: Schema.Int;
    readonly why: Schema.Literals<readonly ["foreign-origin", "too-many", "unusable-location"]>;
    readonly origin: Schema.optionalKey<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class Redirect extends Redirect_base {
}
declare const RefusedAddress_base: Schema.Class<RefusedAddress, Schema.TaggedStruct<"RefusedAddress", {
    readonly host: Schema.String;
    readonly address: Schema.String;
    readonly range: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class RefusedAddress extends RefusedAddress_base {
}
declare const RefusedUrl_base: Schema.Class<RefusedUrl, Schema.TaggedStruct<"RefusedUrl", {
    readonly why: Schema.Literals<readonly ("ambiguous-host" | "backslash" | "dot-segment" | "empty" | "empty-fragment" | "empty-host" | "empty-query" | "forbidden-character" | "fragment" | "insecure-loopback" | "invalid-host" | "invalid-port" | "non-ascii" | "not-absolute" | "not-https" | "percent-encoded-host" | "percent-encoding" | "query" | "template" | "user-info" | "whitespace")[]>;
}>, import("effect/Cause").YieldableError>;
export declare class RefusedUrl extends RefusedUrl_base {
}
export declare const Reason: Schema.Union<readonly [
    typeof Transport,
    typeof Timeout,
    typeof Status,
    typeof BodyTooLarge,
    typeof NotMetadata,
    typeof Redirect,
    typeof RefusedAddress,
    typeof RefusedUrl
]>;
export type Reason = typeof Reason.Type;
declare const MetadataFetchError_base: Schema.Class<MetadataFetchError, Schema.TaggedStruct<"MetadataFetchError", {
    readonly url: Schema.String;
    readonly reason: Schema.Union<readonly [typeof Transport, typeof Timeout, typeof Status, typeof BodyTooLarge, typeof NotMetadata, typeof Redirect, typeof RefusedAddress, typeof RefusedUrl]>;
    readonly method: Schema.optionalKey<Schema.Literals<readonly ["GET", "POST"]>>;
}>, import("effect/Cause").YieldableError>;
export declare class MetadataFetchError extends MetadataFetchError_base {
    get message(): string;
}
export {};

// Purpose
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts";
export interface Purpose {
    readonly name: string;
    readonly missing: (metadata: Metadata.AuthorizationServerMetadata) => ReadonlyArray<string>;
}
export declare const make: (name: string, missing: Purpose["missing"]) => Purpose;
export declare const any: Purpose;
export declare const jwtVerification: Purpose;
export declare const introspection: Purpose;
export declare const verification: Purpose;
export declare const authorization: Purpose;
export declare const all: (...purposes: ReadonlyArray<Purpose>) => Purpose;

// Repairs
import * as Transpiler from "./Transpiler.ts";
export declare const pkce: Transpiler.Transpiler;
export declare const nulls: Transpiler.Transpiler;
export declare const emptyArrays: Transpiler.Transpiler;
export declare const responseTypes: Transpiler.Transpiler;
export type Endpoint = "authorizationEndpoint" | "tokenEndpoint" | "jwksUri" | "registrationEndpoint" | "introspectionEndpoint" | "revocationEndpoint" | "userinfoEndpoint";
export declare const endpoints: (added: { readonly [E in Endpoint]?: string; }) => Transpiler.Transpiler;
export declare const byName: ReadonlyMap<string, Transpiler.Transpiler>;

// ServerConfig
import type * as Duration from "effect/Duration";
import type * as Option from "effect/Option";
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts";
import type { Applied } from "./Transpiler.ts";
export type ServerType = "oauth" | "oidc";
export interface Oddity {
    readonly code: "content_type_not_json" | "documents_merged";
    readonly message: string;
}
export interface ServerConfig {
    readonly type: ServerType;
    readonly issuer: string;
    readonly metadata: AuthorizationServerMetadata;
    readonly locations: readonly [string, ...ReadonlyArray<string>];
    readonly repairs: ReadonlyArray<Applied>;
    readonly oddities: ReadonlyArray<Oddity>;
    readonly freshFor: Option.Option<Duration.Duration>;
}

// SharedMemory
import * as Context from "effect/Context";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Persistence from "effect/persistence/Persistence";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
export interface Shape {
    readonly get: (key: string) => Effect.Effect<Schema.Json | undefined>;
    readonly set: (key: string, value: Schema.Json, timeToLive: number) => Effect.Effect<void>;
}
export interface Options {
    readonly secret: Redacted.Redacted;
    readonly timeout?: Duration.Input | undefined;
}
declare const InvalidSharedMemory_base: Schema.Class<InvalidSharedMemory, Schema.TaggedStruct<"InvalidSharedMemory", {
    readonly problem: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidSharedMemory extends InvalidSharedMemory_base {
    get message(): string;
}
export declare const SharedMemory: Context.Reference<Shape | undefined>;
export declare const layer: (options: Options) => Layer.Layer<never, InvalidSharedMemory, Persistence.BackingPersistence>;
export {};

// Strategies
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts";
import type { ServerType } from "./ServerConfig.ts";
import { type Strategy, type UrlOptions } from "./Strategy.ts";
export declare const oauth: Strategy;
export declare const oidc: Strategy;
export declare const oidcInserted: Strategy;
export declare const oauthAppended: Strategy;
export declare const mcp: Strategy;
export declare const wellKnownUrl: (url: string, expectedIssuer?: string, options?: UrlOptions) => Strategy;
export declare const manual: (metadata: Metadata.AuthorizationServerMetadata, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy<never, never>;

// Strategy
import * as Duration from "effect/Duration";
import type * as Effect from "effect/Effect";
import type * as Headers from "effect/http/Headers";
import * as HttpClientRequest from "effect/http/HttpClientRequest";
import type * as Issuer from "../metadata/Issuer.ts";
import { type Strategy } from "./internal/strategy.ts";
import type { IssuerPolicy } from "./IssuerPolicy.ts";
import type { ServerType } from "./ServerConfig.ts";
import * as Transpiler from "./Transpiler.ts";
import type * as Validation from "./Validation.ts";
export type { 
Strategy } from "./internal/strategy.ts";
export type Error<S> = S extends Strategy<infer E, infer _R> ? E : never;
export type Services<S> = S extends Strategy<infer _E, infer R> ? R : never;
export declare const isStrategy: (value: unknown) => value is Strategy<unknown, unknown>;
export interface UrlOptions {
    readonly type?: ServerType | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}
export declare const fromUrls: (name: string, urls: (issuer: Issuer.Issuer) => ReadonlyArray<string>, options?: UrlOptions) => Strategy;
export declare const fromEffect: <E, R>(name: string, load: (issuer: Issuer.Issuer) => Effect.Effect<object | undefined, E, R>, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy<E, R>;
export interface RetryOptions {
    readonly times: number;
    readonly delay?: Duration.Input | undefined;
}
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;
type Any = Strategy<unknown, unknown>;
type Joined<S extends ReadonlyArray<Any>> = Strategy<Error<S[number]>, Services<S[number]>>;
export declare const firstOf: <const S extends ReadonlyArray<Any>>(...strategies: S) => Joined<S>;
export declare const orElse: {
    <E2, R2>(that: Strategy<E2, R2>): <E, R>(self: Strategy<E, R>) => Strategy<E | E2, R | R2>;
    <E, R, E2, R2>(self: Strategy<E, R>, that: Strategy<E2, R2>): Strategy<E | E2, R | R2>;
};
export declare const race: <const S extends ReadonlyArray<Any>>(strategies: S, options?: {
    readonly delay?: Duration.Input | undefined;
}) => Joined<S>;
export declare const transpile: {
    <R2 = never>(transpileData: Transpiler.TranspileData<R2>): <E, R>(self: Strategy<E, R>) => Strategy<E, R | R2>;
    <E, R, R2 = never>(self: Strategy<E, R>, transpileData: Transpiler.TranspileData<R2>): Strategy<E, R | R2>;
};
export declare const validate: {
    (options?: Validation.Options): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, options?: Validation.Options): Strategy<E, R>;
};
export declare const withIssuerPolicy: {
    (policy: IssuerPolicy): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, policy: IssuerPolicy): Strategy<E, R>;
};
export declare const retry: {
    (options: RetryOptions): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, options: RetryOptions): Strategy<E, R>;
};
export declare const timeout: {
    (duration: Duration.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, duration: Duration.Input): Strategy<E, R>;
};
export declare const mapRequest: {
    (f: RequestMap): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, f: RequestMap): Strategy<E, R>;
};
export declare const withHeaders: {
    (headers: Headers.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>;
    <E, R>(self: Strategy<E, R>, headers: Headers.Input): Strategy<E, R>;
};

// Transpiler
import * as Effect from "effect/Effect";
import type * as JsonPatch from "effect/JsonPatch";
import * as Pipeable from "effect/Pipeable";
import * as Schema from "effect/Schema";
declare const TypeId: unique symbol;
export type Answer = object & {
    readonly then?: never;
};
export interface Repair<out R = never> {
    readonly name: string;
    readonly reason: string;
    readonly source?: string | undefined;
    readonly apply: (document: Schema.JsonObject) => Answer | Effect.Effect<Answer, unknown, R>;
}
export interface Applied {
    readonly name: string;
    readonly reason: string;
    readonly patch: JsonPatch.JsonPatch;
}
export interface Transpiled {
    readonly document: Schema.JsonObject;
    readonly applied: ReadonlyArray<Applied>;
}
export interface Transpiler<out R = never> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly repairs: ReadonlyArray<Repair<R>>;
}
export type Services<T> = T extends Transpiler<infer R> ? R : never;
export declare const isTranspiler: (value: unknown) => value is Transpiler<unknown>;
declare const TranspileError_base: Schema.Class<TranspileError, Schema.TaggedStruct<"TranspileError", {
    readonly repair: Schema.String;
    readonly why: Schema.Literals<readonly ["failed", "threw", "no-object", "changed-issuer"]>;
    readonly cause: Schema.optionalKey<Schema.Defect>;
}>, import("effect/Cause").YieldableError>;
export declare class TranspileError extends TranspileError_base {
    get message(): string;
}
export declare const identity: Transpiler;
export declare const make: <R = never>(repair: Repair<R>) => Transpiler<R>;
export declare const all: <const T extends ReadonlyArray<Transpiler<unknown>>>(...transpilers: T) => Transpiler<Services<T[number]>>;
export type TranspileData<R = never> = Transpiler<R> | Repair<R>["apply"];
export declare const fromTranspileData: <R = never>(transpileData: TranspileData<R>) => Transpiler<R>;
export declare const run: <R>(transpiler: Transpiler<R>, document: Schema.JsonObject) => Effect.Effect<Transpiled, TranspileError, R>;
export {};

// Validation
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Revision as RevisionType, Rule, Subject } from "./internal/rule.ts";
export { 
type Rule, 
type Subject } from "./internal/rule.ts";
export declare const Revision: Schema.Literals<readonly ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]>;
export type Revision = RevisionType;
export declare const latestRevision: Revision;
export declare const Finding: Schema.Struct<{
    readonly code: Schema.String;
    readonly message: Schema.String;
    readonly advice: Schema.String;
    readonly reference: Schema.String;
}>;
export declare const Success: Schema.Struct<{
    readonly code: Schema.String;
    readonly message: Schema.String;
}>;
export declare const Report: Schema.Struct<{
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
export type Report = typeof Report.Type;
declare const InvalidServerConfig_base: Schema.Class<InvalidServerConfig, Schema.TaggedStruct<"InvalidServerConfig", {
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
}>, import("effect/Cause").YieldableError>;
export declare class InvalidServerConfig extends InvalidServerConfig_base {
    get message(): string;
}
export interface Options {
    readonly revision?: Revision | undefined;
    readonly rules?: ReadonlyArray<Rule> | undefined;
}
export declare const rules: ReadonlyArray<Rule>;
export declare const rule: (rule: Rule) => Rule;
export declare const without: (rules: ReadonlyArray<Rule>, codes: ReadonlyArray<string>) => ReadonlyArray<Rule>;
export declare const validate: (subject: Subject, options?: Options) => Report;
export declare const validateServerConfig: (subject: Subject, options?: Options) => Effect.Effect<Report, InvalidServerConfig>;

// AuthorizationServerMetadata
import * as Schema from "effect/Schema";
import { type Wire } from "./internal/wire.ts";
declare const oauth: {
    readonly issuer: Schema.String;
    readonly authorizationEndpoint: Schema.optionalKey<Schema.String>;
    readonly tokenEndpoint: Schema.optionalKey<Schema.String>;
    readonly jwksUri: Schema.optionalKey<Schema.String>;
    readonly registrationEndpoint: Schema.optionalKey<Schema.String>;
    readonly scopesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly responseTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly responseModesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly grantTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly tokenEndpointAuthMethodsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly tokenEndpointAuthSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly serviceDocumentation: Schema.optionalKey<Schema.String>;
    readonly uiLocalesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly opPolicyUri: Schema.optionalKey<Schema.String>;
    readonly opTosUri: Schema.optionalKey<Schema.String>;
    readonly revocationEndpoint: Schema.optionalKey<Schema.String>;
    readonly revocationEndpointAuthMethodsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly revocationEndpointAuthSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly introspectionEndpoint: Schema.optionalKey<Schema.String>;
    readonly introspectionEndpointAuthMethodsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly introspectionEndpointAuthSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly codeChallengeMethodsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly signedMetadata: Schema.optionalKey<Schema.String>;
};
declare const openid: {
    readonly userinfoEndpoint: Schema.optionalKey<Schema.String>;
    readonly acrValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly subjectTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly idTokenSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly idTokenEncryptionAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly idTokenEncryptionEncValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly userinfoSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly userinfoEncryptionAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly userinfoEncryptionEncValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly requestObjectSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly requestObjectEncryptionAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly requestObjectEncryptionEncValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly displayValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly claimTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly claimsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly claimsLocalesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly claimsParameterSupported: Schema.optionalKey<Schema.Boolean>;
    readonly requestParameterSupported: Schema.optionalKey<Schema.Boolean>;
    readonly requestUriParameterSupported: Schema.optionalKey<Schema.Boolean>;
    readonly requireRequestUriRegistration: Schema.optionalKey<Schema.Boolean>;
    readonly endSessionEndpoint: Schema.optionalKey<Schema.String>;
};
declare const registered: {
    readonly deviceAuthorizationEndpoint: Schema.optionalKey<Schema.String>;
    readonly tlsClientCertificateBoundAccessTokens: Schema.optionalKey<Schema.Boolean>;
    readonly mtlsEndpointAliases: Schema.optionalKey<Schema.$Record<Schema.String, Schema.String>>;
    readonly requireSignedRequestObject: Schema.optionalKey<Schema.Boolean>;
    readonly pushedAuthorizationRequestEndpoint: Schema.optionalKey<Schema.String>;
    readonly requirePushedAuthorizationRequests: Schema.optionalKey<Schema.Boolean>;
    readonly authorizationResponseIssParameterSupported: Schema.optionalKey<Schema.Boolean>;
    readonly authorizationDetailsTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly dpopSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly protectedResources: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly clientIdMetadataDocumentSupported: Schema.optionalKey<Schema.Boolean>;
};
declare const fields: typeof oauth & typeof openid & typeof registered;
export declare const AuthorizationServerMetadata: Wire<typeof fields>;
export type AuthorizationServerMetadata = typeof AuthorizationServerMetadata.Type;
export declare const responseModes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;
export declare const grantTypes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;
export declare const tokenEndpointAuthMethods: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;
export declare const revocationEndpointAuthMethods: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;
export declare const claimTypes: (metadata: AuthorizationServerMetadata) => ReadonlyArray<string>;
export declare const requestUriParameter: (metadata: AuthorizationServerMetadata) => boolean;
export declare const advertisesS256: (metadata: AuthorizationServerMetadata) => boolean;
export declare const authorizationResponseIss: (metadata: AuthorizationServerMetadata) => boolean;
export {};

// Issuer
import type * as Brand from "effect/Brand";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
export type Issuer = string & Brand.Brand<"Issuer">;
export interface Options {
    readonly allowInsecureLoopback?: boolean | undefined;
}
declare const InvalidIssuer_base: Schema.Class<InvalidIssuer, Schema.TaggedStruct<"InvalidIssuer", {
    readonly issuer: Schema.String;
    readonly reason: Schema.Literals<readonly ("ambiguous-host" | "backslash" | "dot-segment" | "empty" | "empty-fragment" | "empty-host" | "empty-query" | "forbidden-character" | "fragment" | "insecure-loopback" | "invalid-host" | "invalid-port" | "non-ascii" | "not-absolute" | "not-https" | "percent-encoded-host" | "percent-encoding" | "query" | "template" | "user-info" | "whitespace")[]>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidIssuer extends InvalidIssuer_base {
    get message(): string;
}
export declare const makeResult: (issuer: string, options?: Options) => Result.Result<Issuer, InvalidIssuer>;
export declare const make: (issuer: string, options?: Options) => Effect.Effect<Issuer, InvalidIssuer>;
export declare const Issuer: Schema.brand<Schema.String, "Issuer">;
export declare const InsecureLoopbackIssuer: Schema.brand<Schema.String, "Issuer">;
export {};

// ProtectedResourceMetadata
import * as Schema from "effect/Schema";
import { type Wire } from "./internal/wire.ts";
declare const fields: {
    readonly resource: Schema.String;
    readonly authorizationServers: Schema.optionalKey<Schema.NonEmptyArray<Schema.String>>;
    readonly jwksUri: Schema.optionalKey<Schema.String>;
    readonly scopesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly bearerMethodsSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly resourceSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly resourceName: Schema.optionalKey<Schema.String>;
    readonly resourceDocumentation: Schema.optionalKey<Schema.String>;
    readonly resourcePolicyUri: Schema.optionalKey<Schema.String>;
    readonly resourceTosUri: Schema.optionalKey<Schema.String>;
    readonly tlsClientCertificateBoundAccessTokens: Schema.optionalKey<Schema.Boolean>;
    readonly authorizationDetailsTypesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly dpopSigningAlgValuesSupported: Schema.optionalKey<Schema.$Array<Schema.String>>;
    readonly dpopBoundAccessTokensRequired: Schema.optionalKey<Schema.Boolean>;
    readonly signedMetadata: Schema.optionalKey<Schema.String>;
};
export declare const ProtectedResourceMetadata: Wire<typeof fields>;
export type ProtectedResourceMetadata = typeof ProtectedResourceMetadata.Type;
export declare const acceptsHeader: (metadata: ProtectedResourceMetadata) => boolean;
export {};

// ResourceIdentifier
import type * as Brand from "effect/Brand";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
export type ResourceIdentifier = string & Brand.Brand<"ResourceIdentifier">;
export interface Options {
    readonly allowInsecureLoopback?: boolean | undefined;
}
declare const InvalidResourceIdentifier_base: Schema.Class<InvalidResourceIdentifier, Schema.TaggedStruct<"InvalidResourceIdentifier", {
    readonly resource: Schema.String;
    readonly reason: Schema.Literals<readonly ("ambiguous-host" | "backslash" | "dot-segment" | "empty" | "empty-fragment" | "empty-host" | "empty-query" | "forbidden-character" | "fragment" | "insecure-loopback" | "invalid-host" | "invalid-port" | "non-ascii" | "not-absolute" | "not-https" | "percent-encoded-host" | "percent-encoding" | "query" | "template" | "user-info" | "whitespace")[]>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidResourceIdentifier extends InvalidResourceIdentifier_base {
    get message(): string;
}
export declare const makeResult: (resource: string, options?: Options) => Result.Result<ResourceIdentifier, InvalidResourceIdentifier>;
export declare const make: (resource: string, options?: Options) => Effect.Effect<ResourceIdentifier, InvalidResourceIdentifier>;
export declare const ResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier">;
export declare const InsecureLoopbackResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier">;
export {};

// WellKnown
import * as Issuer from "./Issuer.ts";
import type * as ResourceIdentifier from "./ResourceIdentifier.ts";
export type Form = "oauth-authorization-server" | "openid-configuration" | "openid-configuration-inserted" | "oauth-authorization-server-appended";
export declare const oauthAuthorizationServer: (issuer: Issuer.Issuer) => string;
export declare const openidConfiguration: (issuer: Issuer.Issuer) => string;
export declare const openidConfigurationInserted: (issuer: Issuer.Issuer) => string;
export declare const oauthAuthorizationServerAppended: (issuer: Issuer.Issuer) => string;
export declare const candidates: (issuer: Issuer.Issuer) => ReadonlyArray<string>;
export declare const ofForm: (issuer: Issuer.Issuer, form: Form) => string;
export declare const leadsTo: (issuer: Issuer.Issuer, url: string) => boolean;
export declare const issuersOf: (url: string) => ReadonlyArray<{
    readonly form: Form;
    readonly issuer: Issuer.Issuer;
}>;
export declare const protectedResource: (resource: ResourceIdentifier.ResourceIdentifier) => string;
export declare const protectedResourceRoot: (resource: ResourceIdentifier.ResourceIdentifier) => string;
export declare const protectedResourceCandidates: (resource: ResourceIdentifier.ResourceIdentifier) => ReadonlyArray<string>;

// Policy
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { VerificationUnavailable } from "../token/TokenError.ts";
import type { ClaimPath, Operation, Policy } from "./internal/model.ts";
export { 
guard, 
type GuardRequirements } from "./internal/guard.ts";
export { 
type GuardedTool, 
type Needs, 
tool } from "./internal/toolPolicy.ts";
export { 
allows, 
evaluate, 
type EvaluateOptions, 
require } from "./internal/require.ts";
export type { 
Decision, 
Refusal } from "./internal/decide.ts";
export type { 
Outcome, 
Trace } from "./internal/judge.ts";
export { 
scopesOf } from "./internal/inspect.ts";
export type { 
ClaimPath, 
Operation, 
Policy } from "./internal/model.ts";
export declare const anonymous: Policy;
export declare const authenticated: Policy;
export declare const scopes: (...scopes: readonly [string, ...ReadonlyArray<string>]) => Policy;
export declare const role: (role: string, options?: {
    readonly at?: ReadonlyArray<ClaimPath> | undefined;
}) => Policy;
export declare const claim: <A>(schema: Schema.ConstraintDecoder<A>, predicate?: (claims: A) => boolean, label?: string) => Policy;
type Answer<R> = Effect.Effect<boolean, VerificationUnavailable, R>;
export declare const check: <R>(effect: Answer<R> | ((operation: Operation) => Answer<R>), label?: string) => Policy<R>;
export declare const checkArguments: <A, RD, R>(schema: Schema.ConstraintDecoder<A, RD>, judge: (decoded: A, operation: Operation) => Answer<R>, label?: string) => Policy<R | RD>;
export declare const byOperation: <R>(policyOf: (operation: Operation) => Policy<R>, label?: string) => Policy<R>;
type RequirementsOf<P extends ReadonlyArray<Policy<unknown>>> = [P[number]] extends [never] ? never : P[number] extends Policy<infer R> ? R : never;
export declare const allOf: <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P) => Policy<RequirementsOf<P>>;
export declare const anyOf: <const P extends ReadonlyArray<Policy<unknown>>>(...parts: P) => Policy<RequirementsOf<P>>;
export declare const not: <R>(part: Policy<R>) => Policy<R>;

// PolicyDeclaration
import * as Schema from "effect/Schema";
import type { ClaimPath } from "./internal/model.ts";
import * as Policy from "./Policy.ts";
export type PolicyDeclaration = "anonymous" | "authenticated" | {
    readonly scopes: readonly [string, ...ReadonlyArray<string>];
} | {
    readonly role: string;
    readonly at?: ReadonlyArray<ClaimPath>;
} | {
    readonly claim: ClaimPath;
    readonly equals: Schema.Json;
} | {
    readonly allOf: ReadonlyArray<PolicyDeclaration>;
} | {
    readonly anyOf: ReadonlyArray<PolicyDeclaration>;
} | {
    readonly not: PolicyDeclaration;
};
export declare const PolicyDeclaration: Schema.decodeTo<Schema.toType<Schema.Codec<PolicyDeclaration, PolicyDeclaration, never, never>>, Schema.Codec<Schema.Json, Schema.Json, never, never>, never, never>;
export declare const toPolicy: (declared: PolicyDeclaration) => Policy.Policy;

// ScopeHierarchy
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
export type Rules = Readonly<Record<string, ReadonlyArray<string>>>;
export interface ScopeHierarchy {
    readonly covers: (granted: ReadonlySet<string>, scope: string) => boolean;
}
declare const InvalidScopeHierarchy_base: Schema.Class<InvalidScopeHierarchy, Schema.TaggedStruct<"InvalidScopeHierarchy", {
    readonly problem: Schema.Literals<("cycle" | "too-many-wildcards" | "wildcard-is-lost")[]>;
    readonly scopes: Schema.$Array<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidScopeHierarchy extends InvalidScopeHierarchy_base {
    get message(): string;
}
export interface Options {
    readonly grantedWildcards?: boolean | undefined;
}
export declare const flat: ScopeHierarchy;
export declare const make: (rules: Readonly<Record<string, readonly string[]>>, options?: Options | undefined) => Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy, never>;
export {};

// BearerAuth
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity";
import * as Layer from "effect/Layer";
import { AuthInfo } from "../token/AuthInfo.ts";
import { McpAuth } from "./internal/service.ts";
declare const BearerAuth_base: HttpApiMiddleware.ServiceClass<BearerAuth, "@effect-mcp-auth/core/server/BearerAuth", {
    requires: never;
    provides: AuthInfo;
    error: never;
    clientError: never;
    requiredForClient: false;
    security: {
        readonly bearer: HttpApiSecurity.Http;
    };
}, HttpApiMiddleware.HttpApiMiddlewareSecurity<{
    readonly bearer: HttpApiSecurity.Http;
}, AuthInfo, never, never>>;
export declare class BearerAuth extends BearerAuth_base {
}
export declare const layer: Layer.Layer<BearerAuth, never, McpAuth>;
export {};

// Challenge
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import type * as Schema from "effect/Schema";
import type { AuthError } from "../token/TokenError.ts";
export interface Options {
    readonly resourceMetadata: string;
    readonly scopes: ReadonlyArray<string>;
    readonly showErrorDetails?: boolean | undefined;
}
export interface Answer {
    readonly status: 400 | 401 | 403 | 429 | 503;
    readonly headers: Readonly<Record<string, string>>;
    readonly error: string | undefined;
    readonly description: string;
    readonly challenge: Pick<Options, "resourceMetadata" | "scopes"> | undefined;
}
export interface JsonRpcError {
    readonly code: number;
    readonly message: string;
    readonly data: Schema.JsonObject;
}
export declare const errorCode = -32001;
export declare const answer: (error: AuthError, options: Options) => Answer;
export declare const jsonRpcError: (answer: Answer) => JsonRpcError;
export declare const response: (error: AuthError, options: Options & {
    readonly jsonRpc?: boolean | undefined;
}) => HttpServerResponse.HttpServerResponse;

// FetchAuth
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import type * as Scope from "effect/Scope";
import { AuthInfo } from "../token/AuthInfo.ts";
import { type BuildError } from "./internal/service.ts";
import type { Options } from "./McpAuthOptions.ts";
export type Outcome = Data.TaggedEnum<{
    Answered: {
        readonly response: Response;
    };
    LetIn: {
        readonly info: AuthInfo["Service"];
        readonly headers: Headers;
    };
}>;
export interface FetchAuth {
    readonly authenticate: (request: Request) => Effect.Effect<Outcome>;
}
export declare const make: <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>) => Effect.Effect<FetchAuth, E | BuildError, R | RV | HttpClient.HttpClient | Scope.Scope>;

// McpAuth
import * as McpServer from "effect/ai/McpServer";
import type * as Config from "effect/Config";
import type * as HttpClient from "effect/http/HttpClient";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import type * as Issuer from "../metadata/Issuer.ts";
import type * as Policy from "../policy/Policy.ts";
import type { AuthInfo } from "../token/AuthInfo.ts";
import { type BuildError, McpAuth } from "./internal/service.ts";
import { InvalidOptions, type Options } from "./McpAuthOptions.ts";
export { 
legacyAuthorizationServerMetadata, 
type LegacyOptions } from "./internal/legacyMetadata.ts";
export { 
gate as middleware } from "./internal/gate.ts";
export { 
layerStdio, 
type StdioOptions, 
type StdioUser } from "./internal/layerStdio.ts";
export { 
type BuildError, 
McpAuth } from "./internal/service.ts";
export declare const layer: <E = never, R = never, RV = HttpClient.HttpClient>(options: Options<E, R, RV>) => Layer.Layer<McpAuth, BuildError | E, Exclude<R | RV, Scope.Scope> | HttpClient.HttpClient>;
export declare const layerConfig: Layer.Layer<McpAuth, BuildError | Issuer.InvalidIssuer | Config.ConfigError, HttpClient.HttpClient>;
type CheckMarker = HttpRouter.Request<"Requires", Policy.Needs<unknown>>;
type Needed<R> = R extends HttpRouter.Request<"Requires", Policy.Needs<infer N>> ? N : never;
type Requirements<A, R> = Exclude<Exclude<R, CheckMarker>, HttpRouter.Request<"Requires", AuthInfo>> | Needed<R> | HttpRouter.HttpRouter | Exclude<McpServer.McpServer, A>;
export declare const layerMetadata: Layer.Layer<never, InvalidOptions, McpAuth | HttpRouter.HttpRouter>;
export declare function protect(): <A, E, R>(self: Layer.Layer<A, E, R>) => Layer.Layer<A, E | InvalidOptions, Requirements<A, R> | McpAuth>;
export declare function protect<E1 = never, R1 = never, RV = HttpClient.HttpClient>(options: Options<E1, R1, RV>): <A, E, R>(self: Layer.Layer<A, E, R>) => Layer.Layer<A, E | BuildError | E1, Requirements<A, R> | HttpClient.HttpClient | Exclude<R1 | RV, Scope.Scope>>;

// McpAuthOptions
import type * as Duration from "effect/Duration";
import type * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import type * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts";
import type { ProtectedResourceMetadata } from "../metadata/ProtectedResourceMetadata.ts";
import type { Visibility } from "../policy/internal/access.ts";
import type { Policy } from "../policy/Policy.ts";
import type { InvalidScopeHierarchy, ScopeHierarchy } from "../policy/ScopeHierarchy.ts";
import type * as TokenVerifier from "../token/TokenVerifier.ts";
export type TrustedServer<E, R> = AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R>;
export type { 
Visibility } from "../policy/internal/access.ts";
export interface Options<E = never, R = never, RV = HttpClient.HttpClient> {
    readonly resource: string;
    readonly authorizationServers: ReadonlyArray<TrustedServer<E, R>>;
    readonly scopesSupported?: ReadonlyArray<string> | undefined;
    readonly loginScopes?: ReadonlyArray<string> | undefined;
    readonly requiredScopes?: ReadonlyArray<string> | undefined;
    readonly policy?: Policy | undefined;
    readonly scopeHierarchy?: ScopeHierarchy | Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy> | undefined;
    readonly visibility?: Visibility | undefined;
    readonly challengeScopes?: "minimal" | "union" | undefined;
    readonly scopeRequestForm?: ((scope: string) => string) | undefined;
    readonly anonymousLists?: boolean | undefined;
    readonly verifier?: TokenVerifier.Method<RV> | undefined;
    readonly metadata?: Partial<Omit<ProtectedResourceMetadata, "resource">> | undefined;
    readonly allowedOrigins?: ReadonlyArray<string> | undefined;
    readonly failureLimit?: FailureLimit | undefined;
    readonly showErrorDetails?: boolean | undefined;
    readonly requestStateSecret?: Redacted.Redacted | undefined;
    readonly servedPath?: string | undefined;
    readonly allowInsecureLoopback?: boolean | undefined;
}
export interface FailureLimit {
    readonly limit: number;
    readonly window: Duration.Input;
}
declare const InvalidOptions_base: Schema.Class<InvalidOptions, Schema.TaggedStruct<"InvalidOptions", {
    readonly resource: Schema.String;
    readonly problem: Schema.Literals<readonly ["no-authorization-server", "duplicate-authorization-server", "offline-access", "invalid-scope", "duplicate-resource", "short-secret", "invalid-failure-limit", "shared-server", "not-served", "issuer-would-change"]>;
    readonly subject: Schema.optionalKey<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidOptions extends InvalidOptions_base {
    get message(): string;
}

// AudiencePolicy
import type * as Schema from "effect/Schema";
export interface Claim {
    readonly resource: string;
    readonly audience: ReadonlyArray<string>;
    readonly claims: Schema.JsonObject;
}
export interface AudiencePolicy {
    readonly name: string;
    readonly expects: (resource: string) => string;
    readonly accepts: (claim: Claim) => boolean;
}
export declare const make: (policy: AudiencePolicy) => AudiencePolicy;
export declare const resource: AudiencePolicy;
export declare const exclusive: AudiencePolicy;
export declare const anyOf: (...audiences: readonly [string, ...ReadonlyArray<string>]) => AudiencePolicy;
export declare const noneButClients: (...clientIds: readonly [string, ...ReadonlyArray<string>]) => AudiencePolicy;
export declare const acceptAnyUnsafe: AudiencePolicy;

// AuthInfo
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
declare const AuthInfo_base: Context.ServiceClass<AuthInfo, "@effect-mcp-auth/core/token/AuthInfo", {
    readonly token: Redacted.Redacted;
    readonly issuer: string;
    readonly subject: string | undefined;
    readonly clientId: string | undefined;
    readonly scopes: ReadonlySet<string>;
    readonly audience: ReadonlyArray<string>;
    readonly expiresAt: number | undefined;
    readonly claims: Schema.JsonObject;
}>;
export declare class AuthInfo extends AuthInfo_base {
}
export declare const anonymous: AuthInfo["Service"];
export declare const isAnonymous: ({ issuer }: AuthInfo["Service"]) => boolean;
export declare const principal: ({ clientId, issuer, subject }: AuthInfo["Service"]) => string;
export declare const claims: <A, RD>(schema: Schema.ConstraintDecoder<A, RD>) => Effect.Effect<A, Schema.SchemaError, AuthInfo | RD>;
export {};

// BearerToken
import type * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import { InvalidRequest, MissingCredentials } from "./TokenError.ts";
export interface Carrier {
    readonly authorization: ReadonlyArray<string>;
    readonly url: string;
}
export declare const read: ({ authorization: [header, ...others], url }: Carrier) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;
export declare const fromRequest: (request: HttpServerRequest.HttpServerRequest) => Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest>;

// ClientAuthentication
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Jws from "./Jws.ts";
export interface Proof {
    readonly headers: Readonly<Record<string, string>>;
    readonly form: Readonly<Record<string, string>>;
}
export interface ClientAuthentication {
    readonly method: "client_secret_basic" | "client_secret_post" | "private_key_jwt";
    readonly prove: (issuer: string) => Effect.Effect<Proof>;
}
export declare const clientSecretBasic: (clientId: string, secret: Redacted.Redacted) => ClientAuthentication;
export declare const clientSecretPost: (clientId: string, secret: Redacted.Redacted) => ClientAuthentication;
export declare const privateKeyJwt: (clientId: string, key: Redacted.Redacted<Jws.PublicKey & {
    readonly d: string;
}>, algorithm: Jws.Algorithm) => ClientAuthentication;

// JwkSet
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import type * as Scope from "effect/Scope";
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts";
import { IncompleteMetadata } from "../discovery/DiscoveryError.ts";
import { MetadataFetchError } from "../discovery/MetadataFetchError.ts";
import type * as Jws from "./Jws.ts";
export interface Options {
    readonly algorithms?: ReadonlyArray<Jws.Algorithm> | undefined;
    readonly lifetime?: Duration.Input | undefined;
    readonly staleFor?: Duration.Input | undefined;
    readonly cooldown?: Duration.Input | undefined;
}
export interface Query {
    readonly kid: string | undefined;
    readonly algorithm: Jws.Algorithm;
}
export interface JwkSet<out E> {
    readonly find: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>;
    readonly findAnew: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>;
    readonly peek: (query: Query, now: number) => ReadonlyArray<Jws.Verify> | undefined;
    readonly names: (kid: string) => boolean;
    readonly pause: (now: number) => number;
    readonly unknownFor: (publishedBy: number, now: number) => number;
    readonly holds: (key: Jws.Verify, now: number) => boolean;
}
export declare const make: <E>(server: AuthorizationServer<E>, options?: Options | undefined) => Effect.Effect<JwkSet<E | IncompleteMetadata | MetadataFetchError>, never, HttpClient.HttpClient | Scope.Scope>;

// Jws
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Jose from "jose";
export declare const Algorithm: Schema.Literals<readonly ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]>;
export type Algorithm = typeof Algorithm.Type;
export type PublicKey = Readonly<Jose.JWK>;
export interface Signed {
    readonly compact: string;
    readonly signingInput: string;
    readonly signature: string;
}
export type Verify = (signed: Signed) => boolean | Effect.Effect<boolean>;
declare const UnusableKey_base: Schema.Class<UnusableKey, Schema.TaggedStruct<"UnusableKey", {
    readonly algorithm: Schema.Literals<readonly ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]>;
}>, import("effect/Cause").YieldableError>;
export declare class UnusableKey extends UnusableKey_base {
    get message(): string;
}
export interface Shape {
    readonly prepare: (key: PublicKey, algorithm: Algorithm) => Effect.Effect<Verify, UnusableKey>;
}
export declare const webCrypto: Shape;
export declare const Jws: Context.Reference<Shape>;
export {};

// TokenDigest
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
export type Shape = (token: string) => string | Effect.Effect<string>;
export declare const webCrypto: Shape;
export declare const TokenDigest: Context.Reference<Shape>;

// TokenError
import * as Schema from "effect/Schema";
declare const MissingCredentials_base: Schema.Class<MissingCredentials, Schema.TaggedStruct<"MissingCredentials", {}>, import("effect/Cause").YieldableError>;
export declare class MissingCredentials extends MissingCredentials_base {
    get message(): string;
}
declare const InvalidRequest_base: Schema.Class<InvalidRequest, Schema.TaggedStruct<"InvalidRequest", {
    readonly problem: Schema.Literals<("malformed" | "several-headers" | "token-in-query" | "too-long")[]>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidRequest extends InvalidRequest_base {
    get message(): string;
}
declare const tokenProblems: {
    readonly malformed: "the access token is malformed";
    readonly "unsupported-algorithm": "the access token is signed with an algorithm that is not accepted";
    readonly "unknown-issuer": "the access token was issued by a server that is not trusted here";
    readonly "unknown-key": "the access token is signed with a key that its issuer does not publish";
    readonly "bad-signature": "the signature of the access token is not valid";
    readonly expired: "the access token has expired";
    readonly "not-yet-valid": "the access token is not valid yet";
    readonly "issued-in-future": "the access token was issued in the future";
    readonly "wrong-audience": "the access token was issued for another resource";
    readonly "not-an-access-token": "the token is not an access token";
    readonly "sender-constrained": "the access token is bound to a key and must not be sent as a plain bearer token";
    readonly "missing-claim": "the access token lacks a claim that is required";
    readonly "invalid-claim": "the access token has a claim that cannot be read";
    readonly inactive: "the access token is not active";
    readonly rejected: "the access token was rejected";
};
export type InvalidTokenReason = keyof typeof tokenProblems;
declare const InvalidToken_base: Schema.Class<InvalidToken, Schema.TaggedStruct<"InvalidToken", {
    readonly reason: Schema.Literals<readonly ("bad-signature" | "expired" | "inactive" | "invalid-claim" | "issued-in-future" | "malformed" | "missing-claim" | "not-an-access-token" | "not-yet-valid" | "rejected" | "sender-constrained" | "unknown-issuer" | "unknown-key" | "unsupported-algorithm" | "wrong-audience")[]>;
    readonly claim: Schema.optionalKey<Schema.String>;
    readonly expected: Schema.optionalKey<Schema.String>;
    readonly actual: Schema.optionalKey<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidToken extends InvalidToken_base {
    get description(): string;
    get message(): string;
}
declare const InsufficientScope_base: Schema.Class<InsufficientScope, Schema.TaggedStruct<"InsufficientScope", {
    readonly required: Schema.$Array<Schema.String>;
    readonly granted: Schema.$Array<Schema.String>;
}>, import("effect/Cause").YieldableError>;
export declare class InsufficientScope extends InsufficientScope_base {
    get message(): string;
}
declare const AccessDenied_base: Schema.Class<AccessDenied, Schema.TaggedStruct<"AccessDenied", {
    readonly policy: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class AccessDenied extends AccessDenied_base {
    get message(): string;
}
declare const VerificationUnavailable_base: Schema.Class<VerificationUnavailable, Schema.TaggedStruct<"VerificationUnavailable", {
    readonly issuer: Schema.optionalKey<Schema.String>;
    readonly retryAfter: Schema.optionalKey<Schema.Finite>;
    readonly cause: Schema.optionalKey<Schema.Defect>;
}>, import("effect/Cause").YieldableError>;
export declare class VerificationUnavailable extends VerificationUnavailable_base {
    get message(): string;
}
declare const TooManyFailures_base: Schema.Class<TooManyFailures, Schema.TaggedStruct<"TooManyFailures", {
    readonly retryAfter: Schema.Finite;
}>, import("effect/Cause").YieldableError>;
export declare class TooManyFailures extends TooManyFailures_base {
    get message(): string;
}
export type TokenError = InvalidToken | InsufficientScope | VerificationUnavailable;
export type AuthError = MissingCredentials | InvalidRequest | TokenError | TooManyFailures | AccessDenied;
export {};

// TokenVerifier
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type * as HttpClient from "effect/http/HttpClient";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts";
import * as AudiencePolicy from "./AudiencePolicy.ts";
import type { AuthInfo } from "./AuthInfo.ts";
import type { ClientAuthentication } from "./ClientAuthentication.ts";
import type { TypPolicy } from "./internal/accessToken.ts";
import type * as JwkSet from "./JwkSet.ts";
import { type TokenError } from "./TokenError.ts";
export type Verify = (token: Redacted.Redacted) => Effect.Effect<AuthInfo["Service"], TokenError>;
declare const TokenVerifier_base: Context.ServiceClass<TokenVerifier, "@effect-mcp-auth/core/token/TokenVerifier", {
    readonly verify: Verify;
}>;
export declare class TokenVerifier extends TokenVerifier_base {
}
export interface Trust {
    readonly resource: string;
    readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>;
}
declare const InvalidVerifier_base: Schema.Class<InvalidVerifier, Schema.TaggedStruct<"InvalidVerifier", {
    readonly problem: Schema.String;
}>, import("effect/Cause").YieldableError>;
export declare class InvalidVerifier extends InvalidVerifier_base {
    get message(): string;
}
export interface Method<out R = HttpClient.HttpClient> {
    readonly name: string;
    readonly handles: (token: string) => boolean;
    readonly make: (trust: Trust) => Effect.Effect<Verify, InvalidVerifier, R | Scope.Scope>;
}
export interface ClaimOptions {
    readonly audience?: AudiencePolicy.AudiencePolicy | undefined;
    readonly clockTolerance?: Duration.Input | undefined;
    readonly acceptWithoutExpiry?: boolean | undefined;
}
export interface JwtOptions extends ClaimOptions, JwkSet.Options {
    readonly typ?: TypPolicy | undefined;
    readonly remember?: number | undefined;
}
export declare const jwt: (options?: JwtOptions) => Method;
export interface IntrospectionOptions extends ClaimOptions {
    readonly authentication: ClientAuthentication;
    readonly issuer?: string | undefined;
    readonly cacheFor?: Duration.Input | undefined;
}
export declare const introspection: (options: IntrospectionOptions) => Method;
export interface CustomOptions extends ClaimOptions {
    readonly handles?: ((token: string) => boolean) | undefined;
}
export declare const custom: <E, R>(verify: (token: Redacted.Redacted) => Effect.Effect<object | undefined, E, R>, options?: CustomOptions) => Method<R>;
type Services<M extends ReadonlyArray<Method<unknown>>> = M[number] extends Method<infer R> ? R : never;
export declare const firstOf: <const M extends readonly [Method<unknown>, ...ReadonlyArray<Method<unknown>>]>(...methods: M) => Method<Services<M>>;
export declare const layer: <R>(method: Method<R>, trust: Trust) => Layer.Layer<TokenVerifier, InvalidVerifier, R>;
export {};
