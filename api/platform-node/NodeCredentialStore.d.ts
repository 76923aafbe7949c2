// Exports

export declare const layerFile: ({ directory, secret }: FileOptions) => Layer.Layer<CredentialStore.CredentialStore, CredentialStore.InvalidStoreSecret | CredentialStore.StoreFailed>;

export interface FileOptions {
    readonly directory: string;
    readonly secret?: Redacted.Redacted | undefined;
}
