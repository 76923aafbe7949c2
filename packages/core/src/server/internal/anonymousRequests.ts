import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContentTooLarge } from "../../token/TokenError.ts"
import { type BodyLimit, declaredTooLarge, readWhole } from "./bodyLimit.ts"
import type { Registrations } from "./registrations.ts"
import { Listen } from "./subscriptions.ts"

const Name = Schema.Struct({ name: Schema.String })
const Uri = Schema.Struct({ uri: Schema.String })
const PromptReference = Schema.Struct({ type: Schema.Literal("ref/prompt"), ...Name.fields })
const TemplateReference = Schema.Struct({ type: Schema.Literal("ref/resource"), ...Uri.fields })

const Call = Schema.Union([
  Schema.Struct({ method: Schema.Literals(["tools/call", "prompts/get"]), params: Name }),
  Schema.Struct({ method: Schema.Literal("resources/read"), params: Uri }),
  Schema.Struct({
    method: Schema.Literal("completion/complete"),
    params: Schema.Struct({ ref: Schema.Union([PromptReference, TemplateReference]) })
  })
])

type Call = typeof Call.Type

/** The target of a call, from the member that the server reads for this method. */
const targetOf = ({ params }: Call): string => {
  const named = "ref" in params ? params.ref : params
  return "name" in named ? named.name : named.uri
}

/** Methods without a target, which the server offers to every client. */
const OpenRequest = Schema.Struct({
  method: Schema.Literals([
    "initialize",
    "server/discover",
    "ping",
    "logging/setLevel",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list"
  ]),
  // A message is a request or a response, never both.
  result: Schema.optionalKey(Schema.Never),
  error: Schema.optionalKey(Schema.Never)
})

const clientResponse = { id: Schema.Union([Schema.String, Schema.Number]), method: Schema.optionalKey(Schema.Never) }

/** A response to a request of the server. */
const ClientResponse = Schema.Union([
  Schema.Struct({ ...clientResponse, result: Schema.Unknown }),
  Schema.Struct({ ...clientResponse, error: Schema.Unknown })
])

const Message = Schema.Union([OpenRequest, Call, Listen, ClientResponse])

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([Schema.NonEmptyArray(Message), Message]))
)

/** A request without a token. */
export interface Unauthenticated {
  readonly request: HttpServerRequest.HttpServerRequest
  /** Whether it has a session that was started without a token. */
  readonly ownsSession: boolean
}

/**
 * Whether a request without a token may go on. Its policy is evaluated later. All operations that no policy opens to anonymous
 * callers are refused, including operations that do not exist, so that every request can start a login. All operations that
 * the server offers to anonymous callers must work without a token. Otherwise clients would log in too early.
 */
export const mayBeAnonymous = (
  { ownsSession, request }: Unauthenticated,
  { hasOpenTarget, isOpenTarget, mayBeOpenTarget, mayHaveOpenTarget }: Registrations,
  anonymousLists: boolean,
  limit: BodyLimit
): Effect.Effect<boolean, ContentTooLarge> => {
  if (!(anonymousLists || mayHaveOpenTarget())) return Effect.succeed(false)
  // Unless an anonymous client can certainly use at least one target, it must log in first.
  const offersAnonymous = anonymousLists || hasOpenTarget()
  // Clients open the stream of a session that they started with GET, and end it with DELETE.
  if (request.method === "GET" || request.method === "DELETE") return Effect.succeed(ownsSession)
  if (request.method !== "POST") return Effect.succeed(false)
  const isOpen = (message: typeof Message.Type): boolean => {
    if (!("params" in message)) return offersAnonymous
    if (message.method !== "subscriptions/listen") return mayBeOpenTarget(message.method, targetOf(message))
    // Only readers of a resource may subscribe to its changes. No policy is evaluated for a subscription later.
    const { resourceSubscriptions = [] } = message.params.notifications
    return offersAnonymous && resourceSubscriptions.every((uri) => isOpenTarget("resources/read", uri))
  }
  const declared = declaredTooLarge(request, limit)
  if (declared !== undefined) return Effect.fail(declared)
  return Effect.map(
    readWhole(request, limit),
    (body) => body !== undefined && Option.exists(decodeMessages(body), (messages) => [messages].flat().every(isOpen))
  )
}
