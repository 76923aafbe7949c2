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
import { combinedPolicy } from "./mcpMiddleware.ts"
import type { Refusals } from "./refusals.ts"
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

/** The server's response to a request for a resource that does not exist. */
const notFound = (id: unknown, uri: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({
    jsonrpc: "2.0",
    id,
    error: { code: -32_602, message: `Resource '${uri}' not found`, data: { uri } }
  })

/** The caller of a subscription, and what decides about it. */
interface Subscription {
  readonly info: AuthInfo["Service"]
  readonly registrations: Registrations
  readonly refusals: Refusals
  readonly refuse: (error: AuthError) => HttpServerResponse.HttpServerResponse
}

/**
 * Whether a caller may read a resource. If several registrations are possible, the caller must satisfy the policies of all of
 * them, and policies that depend on the operation refuse.
 */
const mayRead = (uri: string, { info, refusals, registrations }: Subscription) => {
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
  // The policies of resources already have the services of their checks, unlike those of tools.
  const policy = allOf(...candidates.map((policies) => combinedPolicy(policies, Context.empty())))
  return Effect.provideService(
    Effect.contextWith((context: Context.Context<never>) => permits(policy, reached, info, context)),
    Access,
    refusals.access
  )
}

/**
 * Refuses a subscription to resources unless its caller may read all of them. Effect's server handles
 * `subscriptions/listen` outside of its middleware, so no policy is evaluated later. A concealed resource gets the same
 * response as one that does not exist. `undefined`: the subscription is allowed.
 */
export const refuseSubscription = Effect.fnUntraced(function*(body: string, subscription: Subscription) {
  // The server reports messages that cannot be read.
  const request = Option.getOrUndefined(decodeRequest(body))
  const uris = new Set(request?.params.notifications.resourceSubscriptions)
  if (request === undefined || uris.size === 0) return undefined
  for (const uri of uris) {
    // A refusal is collected, so that one challenge has the scopes for all resources.
    const readable = yield* Effect.orElseSucceed(mayRead(uri, subscription), () => true)
    if (!readable) return notFound(request.id, uri)
  }
  const error = subscription.refusals.error()
  return error === undefined ? undefined : subscription.refuse(error)
})
