import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Schema from "effect/Schema"
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

/** What every conversation begins with, before anything is done. */
const Opening = Schema.Struct({
  method: Schema.Literals([
    "initialize",
    "server/discover",
    "ping",
    "notifications/initialized",
    "notifications/cancelled",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list"
  ])
})

const answer = { id: Schema.Union([Schema.String, Schema.Number]), method: Schema.optionalKey(Schema.Never) }

/** An answer to something that the server asked. */
const Answer = Schema.Union([
  Schema.Struct({ ...answer, result: Schema.Unknown }),
  Schema.Struct({ ...answer, error: Schema.Unknown })
])

const Message = Schema.Union([Opening, Call, Answer])

const decodeMessages = Schema.decodeEffect(
  Schema.fromJsonString(Schema.Union([Schema.NonEmptyArray(Message), Message]))
)

/**
 * Whether a request that carries no token may be one of those that need none. The policy is judged later: here everything
 * stays out that no policy has let in, also what does not exist, so that a client begins its login wherever it knocks.
 */
export const mayBeAnonymous = (
  request: HttpServerRequest.HttpServerRequest,
  { admitsAnonymous, mayAdmitAnonymous, mayBeAnonymous }: Registrations,
  anonymousLists: boolean
): Effect.Effect<boolean> => {
  if (request.method !== "POST" || !(anonymousLists || mayAdmitAnonymous())) return Effect.succeed(false)
  // Who could do nothing afterwards had better log in before.
  const begins = anonymousLists || admitsAnonymous()
  const isOpen = (message: typeof Message.Type): boolean =>
    "params" in message ? mayBeAnonymous(message.method, targetOf(message)) : begins
  return Effect.match(Effect.flatMap(request.text, decodeMessages), {
    onFailure: () => false,
    onSuccess: (messages) => [messages].flat().every(isOpen)
  })
}
