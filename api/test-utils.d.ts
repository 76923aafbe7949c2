// Arbitraries
import * as Issuer from "@effect-mcp-auth/core/Issuer";
import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier";
import * as Arbitrary from "effect/Arbitrary";
import * as Schema from "effect/Schema";
export declare const issuer: Arbitrary.Arbitrary<Issuer.Issuer>;
export declare const insecureLoopbackIssuer: Arbitrary.Arbitrary<Issuer.Issuer>;
export declare const resourceIdentifier: Arbitrary.Arbitrary<ResourceIdentifier.ResourceIdentifier>;
export interface Mutant {
    readonly issuer: string;
    readonly mutation: keyof typeof mutations;
}
declare const mutations: {
    readonly query: (issuer: string) => string;
    readonly emptyQuery: (issuer: string) => string;
    readonly fragment: (issuer: string) => string;
    readonly emptyFragment: (issuer: string) => string;
    readonly userInfo: (issuer: string) => string;
    readonly emptyUserInfo: (issuer: string) => string;
    readonly backslash: (issuer: string) => string;
    readonly backslashes: (issuer: string) => string;
    readonly tab: (issuer: string) => string;
    readonly newline: (issuer: string) => string;
    readonly leadingSpace: (issuer: string) => string;
    readonly trailingSpace: (issuer: string) => string;
    readonly zeroWidthSpace: (issuer: string) => string;
    readonly dot: (issuer: string) => string;
    readonly dots: (issuer: string) => string;
    readonly encodedDots: (issuer: string) => string;
    readonly nonAscii: (issuer: string) => string;
    readonly fullWidth: (issuer: string) => string;
    readonly template: (issuer: string) => string;
    readonly brokenEscape: (issuer: string) => string;
    readonly halfEscape: (issuer: string) => string;
    readonly bar: (issuer: string) => string;
    readonly brackets: (issuer: string) => string;
    readonly quote: (issuer: string) => string;
    readonly percentHost: (issuer: string) => string;
    readonly threeSlashes: (issuer: string) => string;
    readonly oneSlash: (issuer: string) => string;
    readonly noScheme: (issuer: string) => string;
    readonly otherScheme: (issuer: string) => string;
    readonly hexHost: (issuer: string) => string;
    readonly decimalHost: (issuer: string) => string;
    readonly longIpv6: (issuer: string) => string;
    readonly port: (issuer: string) => string;
    readonly zeroPort: (issuer: string) => string;
    readonly wordPort: (issuer: string) => string;
};
export declare const invalidIssuer: Arbitrary.Arbitrary<Mutant>;
export declare const authorizationServerDocument: Arbitrary.Arbitrary<Schema.JsonObject>;
export declare const protectedResourceDocument: Arbitrary.Arbitrary<Schema.JsonObject>;
export {};

// Fault
import * as Duration from "effect/Duration";
import type * as Schema from "effect/Schema";
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
export declare const status: (status: number, headers?: Readonly<Record<string, string>>) => Fault;
export declare const delay: (duration: Duration.Input) => Fault;
export declare const connectionError: (code?: string) => Fault;
export declare const redirect: (location: string, status?: number) => Fault;
export declare const redirectLoop: Fault;
export declare const html: Fault;
export declare const body: (content: string | Uint8Array, contentType?: string) => Fault;
export declare const truncatedBody: (options?: {
    readonly broken?: boolean | undefined;
}) => Fault;
export declare const hugeBody: (bytes: number, options?: {
    readonly announced?: boolean | undefined;
}) => Fault;
export declare const slowBody: (every?: Duration.Input) => Fault;
export declare const document: (change: (document: Schema.JsonObject) => Schema.JsonObject) => Fault;
export declare const wrongIssuer: (issuer: string) => Fault;
export declare const missing: (...members: ReadonlyArray<string>) => Fault;
export declare const nulls: (...members: ReadonlyArray<string>) => Fault;
export declare const headers: (headers: Readonly<Record<string, string>>) => Fault;
export declare const all: (...faults: ReadonlyArray<Fault>) => Fault;

// Providers
import * as Discovery from "@effect-mcp-auth/core/Discovery";
import * as IssuerPolicy from "@effect-mcp-auth/core/IssuerPolicy";
import * as Repairs from "@effect-mcp-auth/core/Repairs";
import * as Transpiler from "@effect-mcp-auth/core/Transpiler";
import type * as WellKnown from "@effect-mcp-auth/core/WellKnown";
import * as HttpClient from "effect/http/HttpClient";
import * as Layer from "effect/Layer";
import type * as Schema from "effect/Schema";
export interface Document {
    readonly url: string;
    readonly form: WellKnown.Form | "other";
    readonly json: Schema.JsonObject;
    readonly errors: ReadonlyArray<string>;
}
export type Policy = {
    readonly _tag: "exact";
} | {
    readonly _tag: "rootSlash";
} | {
    readonly _tag: "expected";
    readonly issuer: string;
} | {
    readonly _tag: "template";
    readonly template: string;
};
export type RepairName = "pkce" | "nulls" | "empty-arrays" | "response-types";
export interface Provider {
    readonly name: string;
    readonly issuer: string;
    readonly documents: readonly [Document, ...ReadonlyArray<Document>];
    readonly source: string;
    readonly date: string;
    readonly issuerPolicy: Policy;
    readonly repairs: ReadonlyArray<RepairName>;
    readonly endpoints?: {
        readonly [E in Repairs.Endpoint]?: string;
    };
    readonly unaided: "Found" | "IssuerMismatch" | "Miss";
    readonly beyondRepair: ReadonlyArray<string>;
}
export declare const google: Provider;
export declare const firebase: Provider;
export declare const entraV1: Provider;
export declare const entraV2: Provider;
export declare const entraCommon: Provider;
export declare const azureB2C: Provider;
export declare const adfs: Provider;
export declare const auth0: Provider;
export declare const oktaOrg: Provider;
export declare const oktaCustom: Provider;
export declare const keycloak: Provider;
export declare const cognito: Provider;
export declare const logto: Provider;
export declare const github: Provider;
export declare const gitlab: Provider;
export declare const salesforce: Provider;
export declare const pingOne: Provider;
export declare const workos: Provider;
export declare const clerk: Provider;
export declare const supabase: Provider;
export declare const slack: Provider;
export declare const box: Provider;
export declare const authentik: Provider;
export declare const facebook: Provider;
export declare const ory: Provider;
export declare const descope: Provider;
export declare const intuit: Provider;
export declare const all: ReadonlyArray<Provider>;
export interface FetchOptions extends Discovery.FetchOptions {
    readonly issuerPolicy: IssuerPolicy.IssuerPolicy;
    readonly transpileData: Transpiler.Transpiler;
}
export declare const fetchOptions: ({ endpoints, issuerPolicy, repairs }: Provider) => FetchOptions;
export declare const strategy: (provider: Provider) => Discovery.Strategy;
export declare const layer: (provider: Provider) => Layer.Layer<HttpClient.HttpClient>;

// TestProvider
import type * as WellKnown from "@effect-mcp-auth/core/WellKnown";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpClient from "effect/http/HttpClient";
import * as Layer from "effect/Layer";
import type * as Schema from "effect/Schema";
import type { Fault } from "./Fault.ts";
import type { Changes } from "./internal/testProvider/document.ts";
export type Algorithm = "RS256" | "ES256" | "EdDSA";
export type Endpoint = "metadata" | WellKnown.Form | "jwks" | "introspection";
export interface Request {
    readonly method: string;
    readonly url: string;
    readonly endpoint: Endpoint | "unknown";
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
    readonly at: number;
}
export interface Options {
    readonly issuer?: string | undefined;
    readonly serves?: ReadonlyArray<WellKnown.Form> | undefined;
    readonly metadata?: Changes | undefined;
    readonly metadataAt?: {
        readonly [Form in WellKnown.Form]?: Changes;
    } | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly introspectsJwts?: boolean | undefined;
}
export interface OpaqueOptions {
    readonly claims?: Changes | undefined;
    readonly expiresIn?: number | undefined;
}
export interface MintOptions extends OpaqueOptions {
    readonly algorithm?: Algorithm | undefined;
    readonly header?: Schema.JsonObject | undefined;
    readonly forged?: boolean | undefined;
}
declare const TestProvider_base: Context.ServiceClass<TestProvider, "@effect-mcp-auth/test-utils/TestProvider", {
    readonly issuer: string;
    readonly document: Schema.JsonObject;
    readonly requests: Effect.Effect<ReadonlyArray<Request>>;
    readonly count: (endpoint?: Endpoint) => Effect.Effect<number>;
    readonly inFlight: Effect.Effect<number>;
    readonly bytesSent: Effect.Effect<number>;
    readonly fault: (endpoint: Endpoint, fault: Fault, options?: {
        readonly times?: number;
    }) => Effect.Effect<void>;
    readonly heal: (endpoint?: Endpoint) => Effect.Effect<void>;
    readonly mint: (options?: MintOptions) => Effect.Effect<string>;
    readonly mintOpaque: (options?: OpaqueOptions) => Effect.Effect<string>;
    readonly revoke: (token: string) => Effect.Effect<void>;
    readonly rotate: (options?: {
        readonly dropOld?: boolean;
    }) => Effect.Effect<void>;
    readonly addKey: (key: Schema.JsonObject) => Effect.Effect<void>;
    readonly removeKey: (kid: string) => Effect.Effect<void>;
}>;
export declare class TestProvider extends TestProvider_base {
}
export declare const makeNetwork: (...options: ReadonlyArray<Options>) => Effect.Effect<{
    readonly providers: ReadonlyArray<TestProvider["Service"]>;
    readonly client: HttpClient.HttpClient;
}>;
export declare const layer: (options?: Options) => Layer.Layer<TestProvider | HttpClient.HttpClient>;
export {};
