// Exports

export declare const AllowInsecureLoopback: Context.Reference<boolean>;

export declare const isLoopbackHost: (host: string) => boolean;
