/**
 * Authentication for servers that do not use Effect: Express, Hono, the MCP TypeScript SDK.
 *
 * The same verification as in Effect programs, as one function that returns a promise.
 *
 * **Example** (Guarding a fetch handler)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as NodeFetchAuth from "@effect-mcp-auth/platform-node/NodeFetchAuth"
 *
 * const auth = await NodeFetchAuth.start({
 *   resource: "https://api.example.com/mcp",
 *   authorizationServers: [AuthorizationServer.discover("https://auth.example.com")]
 * })
 *
 * const handler = async (request: Request): Promise<Response> => {
 *   const outcome = await auth.authenticate(request)
 *   if (outcome._tag === "Answered") return outcome.response
 *   return new Response(outcome.info.subject, { headers: outcome.headers })
 * }
 *
 * const { status } = await handler(new Request("https://api.example.com/mcp", { method: "POST" }))
 * await auth.close()
 * status // => 401
 * ```
 *
 * @since 0.1.0
 */
import * as FetchAuth from "@effect-mcp-auth/core/FetchAuth"
import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
import type { Options } from "@effect-mcp-auth/core/McpAuthOptions"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Scope from "effect/Scope"
import * as NodeMcpAuth from "./NodeMcpAuth.ts"

class Started extends Context.Service<Started, FetchAuth.LimitedFetchAuth>()(
  "@effect-mcp-auth/platform-node/NodeFetchAuth/Started"
) {}

/**
 * Authentication of one resource, with promises.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeFetchAuth {
  /** Authenticates a request by its URL and headers. The body is not read. */
  readonly authenticate: (request: Request, options?: FetchAuth.RequestOptions) => Promise<FetchAuth.Outcome>
  /** Stops all background work. */
  readonly close: () => Promise<void>
}

/**
 * Authentication of one resource with a `failureLimit`, with promises. Each request needs the address of its client,
 * for example `req.socket.remoteAddress`.
 *
 * @category models
 * @since 0.1.0
 */
export interface LimitedNodeFetchAuth {
  /** Authenticates a request by its URL and headers. The body is not read. */
  readonly authenticate: (
    request: Request,
    options: FetchAuth.RequestOptions & { readonly clientAddress: string | undefined }
  ) => Promise<FetchAuth.Outcome>
  /** Stops all background work. */
  readonly close: () => Promise<void>
}

/**
 * Options of `start`. `E` is the error of the effects that make the authorization servers.
 *
 * @category models
 * @since 0.1.0
 */
export type StartOptions<E = never> =
  & Options<E, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient>
  & {
    /** The HTTP client for requests to providers. Default: that of `NodeMcpAuth.layer`. */
    readonly client?: Layer.Layer<HttpClient.HttpClient> | undefined
    /** Provide `McpAuth.development`: allow `http` and connections for loopback hosts. Default: `false`. */
    readonly development?: boolean | undefined
  }

/**
 * Builds the authentication of one resource. If the options are invalid, the promise rejects with the typed error.
 *
 * @category constructors
 * @since 0.1.0
 */
export function start<E = never>(
  options: StartOptions<E> & { readonly failureLimit?: undefined }
): Promise<NodeFetchAuth>
/**
 * Builds the authentication of one resource that has, or may have, a `failureLimit`.
 *
 * @category constructors
 * @since 0.1.0
 */
export function start<E = never>(options: StartOptions<E>): Promise<LimitedNodeFetchAuth>
export function start<E>(options: StartOptions<E>): Promise<NodeFetchAuth> {
  const auth = Layer.effect(Started, FetchAuth.make(options)).pipe(Layer.provide(options.client ?? NodeMcpAuth.layer))
  const runtime = ManagedRuntime.make(
    options.development === true ? Layer.provide(auth, McpAuth.development) : auth
  )
  return runtime.runPromise(
    Effect.map(Started, ({ authenticate }) => ({
      authenticate: (request, { clientAddress } = {}) => runtime.runPromise(authenticate(request, { clientAddress })),
      close: () => runtime.dispose()
    }))
  )
}
