import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Access } from "../../policy/internal/access.ts"
import { permits } from "../../policy/internal/enforce.ts"
import { allOf } from "../../policy/Policy.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { AuthError } from "../../token/TokenError.ts"
import { type Refusals, together } from "./enforcement.ts"
import type { Registrations } from "./registrations.ts"

/** A subscription to changes of lists, and of resources that it names (MCP 2026-07-28). */
export const Listen = Schema.Struct({
  method: Schema.Literal("subscriptions/listen"),
  params: Schema.Struct({
    notifications: Schema.Struct({ resourceSubscriptions: Schema.optionalKey(Schema.Array(Schema.String)) })
  })
})

const Request = Schema.Struct({ ...Listen.fields, id: Schema.optionalKey(Schema.Unknown) })

const decodeRequest = Schema.decodeOption(Schema.fromJsonString(Request))

/** The answer of the server to a request that reads a resource which does not exist. */
const notFound = (id: unknown, uri: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({
    jsonrpc: "2.0",
    id,
    error: { code: -32_602, message: `Resource '${uri}' not found`, data: { uri } }
  })

/** What a subscription is judged by. */
interface Judging {
  readonly info: AuthInfo["Service"]
  readonly registrations: Registrations
  readonly refusals: Refusals
  readonly refuse: (error: AuthError) => HttpServerResponse.HttpServerResponse
}

/**
 * Whether a caller may read a resource. Several registrations may be meant where that depends on the client: the caller then
 * has to satisfy the policies of all of them, and a policy that depends on the operation permits none.
 */
const mayRead = (uri: string, { info, refusals, registrations }: Judging) => {
  const candidates = registrations.readable(uri)
  if (candidates.length === 0) return Effect.succeed(false)
  const { isExact, parameters, template, uri: target } = registrations.resolver.resolve(uri, undefined)
  const operation = {
    method: "resources/read",
    target,
    template,
    parameters,
    arguments: { uri: target },
    listing: false
  }
  const reached = { operation, isExact: isExact && candidates.length === 1 }
  // Policies on resources have what their checks need. Only the policies of tools do not.
  const policy = allOf(...candidates.map((policies) => together(policies, Context.empty())))
  return Effect.provideService(permits(policy, reached, info), Access, refusals.access)
}

/**
 * Refuses a subscription to resources unless its caller may read all of them. The server of Effect serves
 * `subscriptions/listen` outside of its middleware, so that no policy is judged later. A resource that does not exist is
 * refused like one that is concealed. `undefined`: nothing is to be refused.
 */
export const refuseSubscription = Effect.fnUntraced(function*(body: string, judging: Judging) {
  // The server answers what it cannot read either.
  const request = Option.getOrUndefined(decodeRequest(body))
  const uris = new Set(request?.params.notifications.resourceSubscriptions)
  if (request === undefined || uris.size === 0) return undefined
  for (const uri of uris) {
    // A refusal is collected, so that one challenge names the scopes for all resources.
    const readable = yield* Effect.orElseSucceed(mayRead(uri, judging), () => true)
    if (!readable) return notFound(request.id, uri)
  }
  const error = judging.refusals.error()
  return error === undefined ? undefined : judging.refuse(error)
})
