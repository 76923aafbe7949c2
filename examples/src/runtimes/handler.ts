/**
 * The protected notes as a function from `Request` to `Response`, for every runtime whose servers take one.
 *
 * The HTTP client is `fetch`. It connects to every address, so let it reach only the provider where the runtime can say so.
 */
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as NotesServer from "../NotesServer.ts"

/** The server is built with its first request. */
export const makeHandler = (options: NotesServer.Options): (request: Request) => Promise<Response> =>
  HttpRouter.toWebHandler(NotesServer.layer(options).pipe(Layer.provide(FetchHttpClient.layer)), {
    disableLogger: true
  }).handler
