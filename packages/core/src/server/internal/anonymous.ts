import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContentTooLarge } from "../../token/TokenError.ts"
import { type BodyLimit, declaredTooLarge, readWhole } from "./bodyLimit.ts"
import type { Registrations } from "./registrations.ts"

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

/** What a call is about: said where its method says it, because that is where the server looks. */
const targetOf = ({ params }: Call): string => {
  const named = "ref" in params ? params.ref : params
  return "name" in named ? named.name : named.uri
}

/** Methods that name nothing of the server, and that it offers to every client. */
const Opening = Schema.Struct({
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
  // A message is a request or an answer, never both.
  result: Schema.optionalKey(Schema.Never),
  error: Schema.optionalKey(Schema.Never)
})

/** A subscription to changes of lists, and of resources that it names. */
const Listen = Schema.Struct({
  method: Schema.Literal("subscriptions/listen"),
  params: Schema.Struct({
    notifications: Schema.Struct({ resourceSubscriptions: Schema.optionalKey(Schema.Array(Schema.String)) })
  })
})

const answer = { id: Schema.Union([Schema.String, Schema.Number]), method: Schema.optionalKey(Schema.Never) }

/** An answer to something that the server asked. */
const Answer = Schema.Union([
  Schema.Struct({ ...answer, result: Schema.Unknown }),
  Schema.Struct({ ...answer, error: Schema.Unknown })
])

const Message = Schema.Union([Opening, Call, Listen, Answer])

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([Schema.NonEmptyArray(Message), Message]))
)

/** A request without a token, and what is known about it. */
interface Unauthenticated {
  readonly request: HttpServerRequest.HttpServerRequest
  /** Whether it names a session that was begun without a token. */
  readonly ownsSession: boolean
}

/**
 * Whether a request that carries no token may be one of those that need none. The policy is judged later. Everything that
 * no policy has opened stays out, also what does not exist, so that a client begins its login wherever it asks. What the
 * server offers to such callers works without a token: otherwise a client would begin a login before it needs one.
 */
export const mayBeAnonymous = (
  { ownsSession, request }: Unauthenticated,
  { admitsAnonymous, isAnonymous, mayAdmitAnonymous, mayBeAnonymous }: Registrations,
  anonymousLists: boolean,
  limit: BodyLimit
): Effect.Effect<boolean, ContentTooLarge> => {
  if (!(anonymousLists || mayAdmitAnonymous())) return Effect.succeed(false)
  // A client that could do nothing for certain logs in first.
  const begins = anonymousLists || admitsAnonymous()
  // Clients of a session ask for its stream by GET, and end it by DELETE. Neither reads anything of the server.
  if (request.method === "GET" || request.method === "DELETE") return Effect.succeed(begins && ownsSession)
  if (request.method !== "POST") return Effect.succeed(false)
  const isOpen = (message: typeof Message.Type): boolean => {
    if (!("params" in message)) return begins
    if (message.method !== "subscriptions/listen") return mayBeAnonymous(message.method, targetOf(message))
    // The changes of a resource are told to its readers alone. No policy judges a subscription later.
    const { resourceSubscriptions = [] } = message.params.notifications
    return begins && resourceSubscriptions.every((uri) => isAnonymous("resources/read", uri))
  }
  const declared = declaredTooLarge(request, limit)
  if (declared !== undefined) return Effect.fail(declared)
  return Effect.map(
    readWhole(request, limit),
    (body) => body !== undefined && Option.exists(decodeMessages(body), (messages) => [messages].flat().every(isOpen))
  )
}
