// Exports

export declare const preset: Preset.Constructor<typeof parameters>;
