// Exports

export declare const acceptAnyUnsafe: AudiencePolicy;

export declare const anyOf: (...audiences: readonly [
    string,
    ...ReadonlyArray<string>
]) => AudiencePolicy;

export declare const exclusive: AudiencePolicy;

export declare const make: (policy: AudiencePolicy) => AudiencePolicy;

export declare const noneButClients: (...clientIds: readonly [
    string,
    ...ReadonlyArray<string>
]) => AudiencePolicy;

export declare const resource: AudiencePolicy;

export interface AudienceCheck {
    readonly resource: string;
    readonly audience: ReadonlyArray<string>;
    readonly claims: Schema.JsonObject;
}

export interface AudiencePolicy {
    readonly name: string;
    readonly expects: (resource: string) => string;
    readonly accepts: (check: AudienceCheck) => boolean;
}
