// Exports

export declare const layerNetwork: <A, E>(server: Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>, { url }: Pick<Options, "url">) => Layer.Layer<HttpClient.HttpClient, E, HttpClient.HttpClient>;

export declare const make: <A, E>(server: Layer.Layer<A, E, HttpClient.HttpClient | HttpRouter.HttpRouter>, args_1: Options) => Effect.Effect<TestClient, E, HttpClient.HttpClient | Scope.Scope>;

export declare const read: (response: Response) => Effect.Effect<Answer>;

export interface Answer {
    readonly status: number;
    readonly headers: Headers;
    readonly body: string;
    readonly challenge: Challenge | undefined;
    readonly messages: ReadonlyArray<Message>;
    readonly result: Message["result"];
    readonly error: Message["error"];
}

export interface Challenge {
    readonly scope?: string;
    readonly error?: string;
    readonly error_description?: string;
    readonly resource_metadata?: string;
}

export interface Options {
    readonly url: string;
    readonly revision?: Revision | undefined;
}

export interface RequestOptions {
    readonly token?: string | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface TestClient {
    readonly fetch: (request: Request) => Effect.Effect<Response>;
    readonly request: (method: string, params?: Schema.JsonObject, options?: RequestOptions) => Effect.Effect<Answer>;
    readonly callTool: (name: string, args?: Schema.JsonObject, options?: RequestOptions) => Effect.Effect<Answer>;
    readonly readResource: (uri: string, options?: RequestOptions) => Effect.Effect<Answer>;
    readonly getPrompt: (name: string, args?: Readonly<Record<string, string>>, options?: RequestOptions) => Effect.Effect<Answer>;
}

export type Message = typeof Message.Type;

export type Revision = "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28";
