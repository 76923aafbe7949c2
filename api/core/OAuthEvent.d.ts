// Exports

export declare const OAuthEvent: Data.TaggedEnum.Constructor<OAuthEvent>;

export declare const describe: (event: OAuthEvent) => string;

export type FailureReason = OAuthClientError["_tag"];

export type OAuthEvent = Data.TaggedEnum<{
    readonly ServerFound: {
        readonly server: string;
        readonly resource: string;
        readonly issuer: string;
    };
    readonly ClientReady: {
        readonly server: string;
        readonly issuer: string;
        readonly clientId: string;
        readonly by: "Preregistered" | "MetadataDocument" | "Dynamic" | "Prompted";
        readonly isStored: boolean;
    };
    readonly LoginStarted: {
        readonly server: string;
        readonly issuer: string;
        readonly scopes: ReadonlyArray<string>;
    };
    readonly TokenObtained: {
        readonly server: string;
        readonly issuer: string;
        readonly grant: "AuthorizationCode" | "ClientCredentials" | "JwtBearer" | "FromEffect";
        readonly scopes: ReadonlyArray<string>;
        readonly expiresAt: number | undefined;
    };
    readonly TokenRefreshed: {
        readonly server: string;
        readonly issuer: string;
        readonly expiresAt: number | undefined;
    };
    readonly StepUpRequired: {
        readonly server: string;
        readonly scopes: ReadonlyArray<string>;
    };
    readonly Failed: {
        readonly server: string;
        readonly reason: FailureReason;
    };
    readonly LoggedOut: {
        readonly server: string;
        readonly revoked: boolean;
    };
}>;
