/** A small internet in memory: our own protected server and its provider, with changes to what they answer. */
import { McpAuth } from "@effect-mcp-auth/core"
import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import type { Report } from "@effect-mcp-auth/core/doctor/Report"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { Effect, Option, Ref, type Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import { type Handle, options, origin, type ProtectOptions, resource, serve, server } from "../server/harness.ts"

export { issuer, metadataUrl, origin, resource } from "../server/harness.ts"

/** A request, as an answer may depend on it. */
export interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
}

/** Changes one answer: another response, or the error code of a broken connection. */
export type Change = (asked: Asked, answer: Response) => Response | string | Promise<Response>

export interface World {
  /** The URL that is examined. */
  readonly target?: string
  /** Options of the protected server. */
  readonly protect?: Partial<ProtectOptions>
  /** The members of the provider's document that differ. */
  readonly metadata?: { readonly [member: string]: Schema.Json | undefined }
  readonly provider?: Omit<TestProvider.Options, "metadata">
  /** What the network changes, in this order. */
  readonly changes?: ReadonlyArray<Change>
}

const corsHeaders = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" }

/** The endpoints that `TestProvider` does not have. */
const endpoints = ({ method, url }: Asked): Response | undefined => {
  if (url.pathname.endsWith("/register")) {
    return method === "OPTIONS"
      ? new Response(null, { status: 204, headers: corsHeaders })
      : Response.json({ client_id: "c1", client_secret: "registered-secret" }, { status: 201, headers: corsHeaders })
  }
  return url.pathname.endsWith("/authorize") ? new Response("unknown redirect URI", { status: 400 }) : undefined
}

const transportError = (request: Parameters<typeof HttpClientResponse.fromWeb>[0], code: string) =>
  new HttpClientError({ reason: new TransportError({ request, cause: Object.assign(new Error(code), { code }) }) })

/** All requests that left, with their headers. */
type Sent = Ref.Ref<ReadonlyArray<Asked>>

/** The network of a world. */
export const network = Effect.fnUntraced(function*(world: World) {
  const { client: ofProvider, providers: [provider] } = yield* TestProvider.makeNetwork({
    headers: corsHeaders,
    ...world.provider,
    metadata: world.metadata
  })
  if (provider === undefined) return yield* Effect.die("one provider was asked for")
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const handle: Handle = yield* serve(server(reached).pipe(McpAuth.protect(options(world.protect)))).pipe(
    Effect.provideService(HttpClient.HttpClient, ofProvider)
  )
  const sent: Sent = yield* Ref.make<ReadonlyArray<Asked>>([])
  const client = HttpClient.make((request, url) =>
    Effect.gen(function*() {
      const headers = new Headers({ ...request.headers })
      const asked = { method: request.method, url, headers }
      yield* Ref.update(sent, (all) => [...all, asked])
      const body = request.body._tag === "Uint8Array" ? request.body.body.slice() : undefined
      const usual = url.origin === origin
        ? handle(new Request(url, { method: request.method, headers, ...(body === undefined ? {} : { body }) }))
        : Effect.map(
          endpoints(asked) === undefined ? ofProvider.execute(request) : Effect.succeed(undefined),
          (response) =>
            response === undefined ? endpoints(asked) : Option.getOrUndefined(HttpClientResponse.toWeb(response))
        ).pipe(Effect.catchTag("HttpClientError", (error) => Effect.succeed(error)))
      let answer: Response | string | HttpClientError | undefined = yield* usual
      for (const change of world.changes ?? []) {
        const before: Response = answer instanceof Response ? answer : new Response(null, { status: 599 })
        const changed: ReturnType<Change> = change(asked, before)
        const after: Response | string = changed instanceof Promise ? yield* Effect.promise(() => changed) : changed
        if (after !== before) answer = after
      }
      if (answer instanceof Response) return HttpClientResponse.fromWeb(request, answer)
      return yield* answer instanceof HttpClientError ? answer : transportError(request, answer ?? "ENOTFOUND")
    })
  )
  return { client, provider, sent }
})

/** Examines a world. */
export const examine = Effect.fnUntraced(function*(world: World, options: Doctor.Options = {}) {
  const { client } = yield* network(world)
  return yield* Doctor.examine(world.target ?? resource, options).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
})

/** The IDs of the findings, except notes about what is as it should be. */
export const findingsOf = ({ findings }: Report): ReadonlyArray<string> =>
  findings.filter(({ severity }) => severity !== "note").map(({ id }) => id)
