// Exports

export declare const dynamic: (metadata: ClientMetadata) => ClientRegistration;

export declare const firstOf: <R = never>(...registrations: ReadonlyArray<ClientRegistration<R>>) => ClientRegistration<R>;

export declare const metadataDocument: (url: string, options?: {
    readonly authentication?: ClientAuthentication.ClientAuthentication | undefined;
}) => ClientRegistration;

export declare const preregistered: ({ authentication, clientId, issuer }: PreregisteredOptions) => ClientRegistration;

export declare const prompt: <R = never>(ask: Prompted<R>["ask"]) => ClientRegistration<R>;

export interface Asked {
    readonly issuer: string;
    readonly redirectUri: string;
}

export interface ClientRegistration<out R = never> {
    readonly ways: ReadonlyArray<Way<R>>;
}

export interface Dynamic {
    readonly _tag: "Dynamic";
    readonly metadata: ClientMetadata;
}

export interface Entered {
    readonly clientId: string;
    readonly clientSecret?: Redacted.Redacted | undefined;
}

export interface MetadataDocument {
    readonly _tag: "MetadataDocument";
    readonly clientId: string;
    readonly authentication: ClientAuthentication.ClientAuthentication;
}

export interface Preregistered {
    readonly _tag: "Preregistered";
    readonly issuer: string;
    readonly clientId: string;
    readonly authentication: ClientAuthentication.ClientAuthentication;
}

export interface PreregisteredOptions {
    readonly issuer: string;
    readonly clientId: string;
    readonly authentication?: ClientAuthentication.ClientAuthentication | undefined;
}

export interface Prompted<out R = never> {
    readonly _tag: "Prompted";
    readonly ask: (asked: Asked) => Effect.Effect<Entered, OAuthClientError, R>;
}

export type Way<R = never> = Preregistered | MetadataDocument | Dynamic | Prompted<R>;
