// Exports

// exported as ProductName
export type Name = keyof typeof all;

export declare class PageRefused extends PageRefused_base {
    get message(): string;
}

export declare class TestProvider extends TestProvider_base {
}

export declare const layer: (options?: Options) => Layer.Layer<TestProvider | HttpClient.HttpClient>;

export declare const likeProvider: (name: Name) => Effect.Effect<ProductProvider>;

export declare const makeNetwork: (...options: ReadonlyArray<Options>) => Effect.Effect<{
    readonly providers: ReadonlyArray<TestProvider["Service"]>;
    readonly client: HttpClient.HttpClient;
}>;

export declare const products: ReadonlyArray<Name>;

export interface Client {
    readonly clientId: string;
    readonly clientSecret?: string | undefined;
    readonly redirectUris?: ReadonlyArray<string> | undefined;
}

export interface Decision {
    readonly subject?: string | undefined;
    readonly scopes?: ReadonlyArray<string> | undefined;
    readonly denies?: boolean | undefined;
}

export interface MintOptions extends OpaqueOptions {
    readonly algorithm?: Algorithm | undefined;
    readonly header?: Schema.JsonObject | undefined;
    readonly forged?: boolean | undefined;
}

export interface OpaqueOptions {
    readonly claims?: Changes | undefined;
    readonly expiresIn?: number | undefined;
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
    readonly clients?: ReadonlyArray<Client> | undefined;
    readonly accessTokenLifetime?: number | undefined;
    readonly rotatesRefreshTokens?: boolean | undefined;
}

export interface ProductProvider {
    readonly provider: TestProvider["Service"];
    readonly client: HttpClient.HttpClient;
    readonly origins: ReadonlyArray<string>;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly issue: (kind: TokenKind, resource: string, claims?: {
        readonly [claim: string]: Schema.Json | undefined;
    }) => Effect.Effect<string>;
    readonly expected: LikeProvider["expected"];
    readonly kinds: ReadonlyArray<TokenKind>;
}

export interface Request {
    readonly method: string;
    readonly url: string;
    readonly endpoint: Endpoint | "unknown";
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
    readonly at: number;
}

export type Algorithm = "RS256" | "ES256" | "EdDSA";

export type Endpoint = "metadata" | WellKnown.Form | "jwks" | "introspection" | "authorization" | "token" | "registration" | "revocation";

export type TokenKind = keyof Tokens;

// Types that the exports name

// internal/likeProvider/all
export declare const all: {
    readonly adfs: LikeProvider;
    readonly auth0: LikeProvider;
    readonly authelia: LikeProvider;
    readonly authentik: LikeProvider;
    readonly "azure-b2c": LikeProvider;
    readonly "better-auth": LikeProvider;
    readonly casdoor: LikeProvider;
    readonly clerk: LikeProvider;
    readonly "cloudflare-access": LikeProvider;
    readonly cognito: LikeProvider;
    readonly descope: LikeProvider;
    readonly duende: LikeProvider;
    readonly entra: LikeProvider;
    readonly "entra-external": LikeProvider;
    readonly "entra-multi-tenant": LikeProvider;
    readonly "entra-v1": LikeProvider;
    readonly frontegg: LikeProvider;
    readonly fusionauth: LikeProvider;
    readonly github: LikeProvider;
    readonly "github-actions": LikeProvider;
    readonly gitlab: LikeProvider;
    readonly google: LikeProvider;
    readonly "ibm-verify": LikeProvider;
    readonly keycloak: LikeProvider;
    readonly kinde: LikeProvider;
    readonly kubernetes: LikeProvider;
    readonly logto: LikeProvider;
    readonly "oidc-provider": LikeProvider;
    readonly okta: LikeProvider;
    readonly openiddict: LikeProvider;
    readonly oracle: LikeProvider;
    readonly ory: LikeProvider;
    readonly pingfederate: LikeProvider;
    readonly pingone: LikeProvider;
    readonly propelauth: LikeProvider;
    readonly salesforce: LikeProvider;
    readonly "sap-ias": LikeProvider;
    readonly scalekit: LikeProvider;
    readonly stytch: LikeProvider;
    readonly supabase: LikeProvider;
    readonly workos: LikeProvider;
    readonly wso2: LikeProvider;
    readonly zitadel: LikeProvider;
};

// internal/likeProvider/model
export interface LikeProvider {
    readonly name: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly documents: readonly [
        readonly [
            url: string,
            document: Schema.JsonObject
        ],
        ...ReadonlyArray<readonly [
            url: string,
            document: Schema.JsonObject
        ]>
    ];
    readonly jwksUri?: string | undefined;
    readonly introspectionUrl?: string | undefined;
    readonly hosts?: ReadonlyArray<string> | undefined;
    readonly key?: ((key: Schema.JsonObject) => Schema.JsonObject) | undefined;
    readonly algorithm?: "RS256" | "ES256" | "EdDSA" | undefined;
    readonly tokens: (resource: string) => Tokens;
    readonly expected: Expected;
    readonly respond?: ((request: Request, claimsOf: (token: string) => Schema.JsonObject | undefined) => Answer | undefined) | undefined;
    readonly evidence: "published document" | "documentation" | "real server";
}

// internal/likeProvider/model
export interface TokenShape {
    readonly header?: Schema.JsonObject | undefined;
    readonly prefix?: string | undefined;
    readonly claims: Schema.JsonObject;
}

// internal/likeProvider/model
export interface Tokens {
    readonly access: TokenShape;
    readonly machine?: TokenShape | undefined;
    readonly id?: TokenShape | undefined;
    readonly refresh?: TokenShape | undefined;
    readonly otherApi?: TokenShape | undefined;
}

// internal/likeProvider/model
interface Expected {
    readonly subject: string | undefined;
    readonly clientId: string | undefined;
    readonly scopes: ReadonlyArray<string>;
    readonly roles: ReadonlyArray<string>;
}

// internal/testProvider/answer
export interface Answer {
    readonly before: Effect.Effect<void, string>;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly document: Schema.JsonObject;
    readonly body: (document: Schema.JsonObject) => Stream.Stream<Uint8Array, string>;
}

// internal/testProvider/document
export type Changes = {
    readonly [member: string]: Schema.Json | undefined;
};

// internal/testProvider/logins
declare const PageRefused_base: Schema.Class<PageRefused, Schema.TaggedStruct<"PageRefused", {
    readonly reason: Schema.Literals<readonly [
        "foreign-page",
        "unknown-client",
        "unknown-redirect-uri"
    ]>;
}>, import("effect/Cause").YieldableError>;
