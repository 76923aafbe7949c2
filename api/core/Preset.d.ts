// Exports

export declare class InvalidPreset extends InvalidPreset_base {
    get message(): string;
}

export declare const define: <const P extends Parameters>(definition: Definition<P>) => Constructor<P>;

export declare const detect: (document: Schema.JsonObject, definitions: ReadonlyArray<Definition>) => ReadonlyArray<Suggestion>;

export declare const flag: (description: string) => Parameter<boolean, true>;

export declare const guid: (description: string, example: string) => Text;

export declare const host: (description: string, example: string) => Text;

export declare const list: ({ accepts, ...item }: Text) => Parameter<readonly [
    string,
    ...ReadonlyArray<string>
], false>;

export declare const name: (description: string, example: string) => Text;

export declare const optional: <A>(parameter: Parameter<A, false>) => Parameter<A, true>;

export declare const secret: (description: string) => Parameter<Redacted.Redacted, false>;

export declare const strategyOf: (settings: Settings) => Discovery.Strategy;

export declare const text: (description: string, example: string) => Text;

export declare const url: (description: string, example: string) => Text;

export declare const withUnsafeInternalUrls: (preset: Preset, unsafeInternalUrls: InternalUrls) => Preset;

export interface Constructor<P extends Parameters = Parameters> {
    (values: Values<P>): Preset;
    readonly definition: Definition;
}

export interface Definition<P extends Parameters = Parameters> {
    readonly name: string;
    readonly title: string;
    readonly parameters: P;
    readonly settings: (values: Values<P>) => Settings | Refusal;
    readonly facts: Facts;
    readonly fingerprint: (document: Schema.JsonObject) => Confidence | undefined;
}

export interface Facts {
    readonly tokens: string;
    readonly clientIdMetadataDocuments: Support;
    readonly dynamicRegistration: Support;
    readonly resourceIndicators: Support;
    readonly dpop: Support;
    readonly idJag: Support;
    readonly tokenExchange: Support;
    readonly steps: ReadonlyArray<string>;
    readonly clients: string;
    readonly limits: ReadonlyArray<string>;
    readonly overrides: ReadonlyArray<Override>;
    readonly sources: ReadonlyArray<Source>;
}

export interface Override {
    readonly requirement: string;
    readonly reason: string;
    readonly purpose: "verification" | "login";
}

export interface Parameter<out A = unknown, out Optional extends boolean = boolean> {
    readonly description: string;
    readonly example: string;
    readonly expected: string;
    readonly isOptional: Optional;
    readonly isSecret: boolean;
    readonly accepts: (value: unknown) => boolean;
    readonly fromText: (text: string) => A;
}

export interface Preset {
    readonly definition: Definition;
    readonly settings: Result.Result<Settings, InvalidPreset>;
    readonly authorizationServer: Effect.Effect<AuthorizationServer.AuthorizationServer<DiscoveryFailed>, InvalidPreset | InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | Scope.Scope>;
    readonly verifier: TokenVerifier.Method;
    readonly scopeRequestForm: ((scope: string) => string) | undefined;
}

export interface Refusal {
    readonly refused: string;
}

export interface Settings {
    readonly issuer: string;
    readonly type?: ServerType | "auto" | undefined;
    readonly metadataUrl?: string | undefined;
    readonly documentIssuer?: string | undefined;
    readonly metadata?: AuthorizationServerMetadata | undefined;
    readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined;
    readonly tokenIssuers?: AuthorizationServer.TokenIssuers | undefined;
    readonly repairs?: Transpiler.Transpiler | undefined;
    readonly loginRepairs?: Transpiler.Transpiler | undefined;
    readonly verification: Verification;
    readonly roles?: TokenVerifier.ClaimOptions["roleClaims"];
    readonly scopeRequestForm?: ((scope: string) => string) | undefined;
}

export interface Source {
    readonly fact: string;
    readonly source: string;
    readonly date: string;
    readonly confidence: "documented" | "source code" | "captured" | "reported" | "inferred" | "unverified";
}

export interface Suggestion {
    readonly definition: Definition;
    readonly confidence: Confidence;
}

export type Confidence = "certain" | "likely";

export type Support = "yes" | "optional" | "no" | "unknown";

export type Values<P extends Parameters> = {
    readonly [K in RequiredNames<P>]: P[K] extends Parameter<infer A> ? A : never;
} & {
    readonly [K in Exclude<keyof P, RequiredNames<P>>]?: (P[K] extends Parameter<infer A> ? A : never) | undefined;
};

export type Verification = {
    readonly method: "jwt";
    readonly options: TokenVerifier.JwtOptions;
} | {
    readonly method: "introspection";
    readonly options: TokenVerifier.IntrospectionOptions;
} | {
    readonly method: "custom";
    readonly verifier: TokenVerifier.Method;
};

// Types that the exports name

// discovery/internal/strategy
export declare const TypeId: "~effect-mcp-auth/Strategy";

// discovery/internal/strategy
export interface Candidate<out E, out R> {
    readonly kind: string;
    readonly location: string;
    readonly identity: unknown;
    readonly type: ServerType;
    readonly policy: IssuerPolicy.IssuerPolicy;
    readonly transpiler: Transpiler.Transpiler<R>;
    readonly validations: ReadonlyArray<Validation.Options>;
    readonly limits: Partial<Limits>;
    readonly mapRequest: LoadSettings["mapRequest"];
    readonly load: (settings: LoadSettings) => Effect.Effect<Loaded, AttemptError<E>, R>;
}

// discovery/internal/strategy
export interface Step<out E, out R> {
    readonly candidates: ReadonlyArray<Candidate<E, R>>;
    readonly hedge?: Duration.Duration;
}

// discovery/internal/strategy
export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>;
}

// discovery/internal/strategy
type LoadSettings = Omit<FetchSettings, "allowInsecureLoopback" | "asked" | "shape">;

// fetch/internal/documentBody
export type Shape = (value: unknown) => Result.Result<Schema.JsonObject, NotMetadata["reason"]>;

// fetch/internal/exchange
export type Asked = "metadata" | "keys" | "introspection" | "token" | "registration" | "revocation";

// fetch/internal/fetchDocument
export interface FetchSettings {
    readonly limits: Limits;
    readonly mapRequest: RequestMap;
    readonly allowInsecureLoopback: boolean;
    readonly shape: Shape;
    readonly asked: Extract<Asked, "metadata" | "keys">;
}

// fetch/internal/fetchDocument
export interface Loaded {
    readonly document: Schema.JsonObject;
    readonly freshFor: Option.Option<Duration.Duration>;
    readonly age?: Duration.Duration;
    readonly oddContentType: Option.Option<string>;
}

// fetch/internal/fetchDocument
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;

// presets/internal/parameter
export type Parameters = Readonly<Record<string, Parameter>>;

// presets/internal/parameter
type RequiredNames<P extends Parameters> = {
    [K in keyof P]: P[K] extends Parameter<unknown, true> ? never : K;
}[keyof P];

// presets/internal/parameter
type Text = Parameter<string, false>;
