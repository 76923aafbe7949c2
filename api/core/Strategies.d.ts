// Exports

export declare const manual: (metadata: Metadata.AuthorizationServerMetadata, options?: {
    readonly type?: ServerType | undefined;
}) => Strategy<never, never>;

export declare const mcp: Strategy;

export declare const oauth: Strategy;

export declare const oauthAppended: Strategy;

export declare const oidc: Strategy;

export declare const oidcInserted: Strategy;

export declare const wellKnownUrl: (url: string, expectedIssuer?: string, options?: UrlOptions) => Strategy;

// Types that the exports name

// discovery/internal/candidate
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

// discovery/internal/candidate
export interface Step<out E, out R> {
    readonly candidates: ReadonlyArray<Candidate<E, R>>;
    readonly hedge?: Duration.Duration;
}

// discovery/internal/candidate
type LoadSettings = Omit<FetchSettings, "allowInsecureLoopback" | "asked" | "shape">;

// discovery/internal/fetchDocument
export interface FetchSettings {
    readonly limits: Limits;
    readonly mapRequest: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest;
    readonly allowInsecureLoopback: boolean;
    readonly shape: Shape;
    readonly asked: Asked;
}

// discovery/internal/fetchDocument
export interface Loaded {
    readonly document: Schema.JsonObject;
    readonly freshFor: Option.Option<Duration.Duration>;
    readonly age?: Duration.Duration;
    readonly oddContentType: Option.Option<string>;
}

// discovery/internal/fetchTime
export type Asked = "metadata" | "keys" | "introspection";

// discovery/internal/responseBody
export type Shape = (value: unknown) => Result.Result<Schema.JsonObject, NotMetadata["found"]>;

// discovery/internal/strategy
export declare const TypeId: unique symbol;

// discovery/internal/strategy
export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
    readonly [TypeId]: typeof TypeId;
    readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>;
}
