import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Schema from "effect/Schema"
import type { Registrations } from "./registrations.ts"

const Name = Schema.Struct({ name: Schema.String })
const Uri = Schema.Struct({ uri: Schema.String })
const Reference = Schema.Struct({ ref: Schema.Union([Name, Uri]) })

const Message = Schema.Struct({
  method: Schema.optionalKey(Schema.String),
  params: Schema.optionalKey(Schema.Unknown)
})

type Message = typeof Message.Type

const decodeMessages = Schema.decodeEffect(Schema.fromJsonString(Schema.Union([Schema.Array(Message), Message])))

const decodeTarget = Schema.decodeUnknownOption(Schema.Union([Name, Uri, Reference]))

/** What a call is about. */
const targetOf = (params: unknown): string => {
  const decoded = decodeTarget(params)
  if (decoded._tag === "None") return ""
  const named = "ref" in decoded.value ? decoded.value.ref : decoded.value
  return "name" in named ? named.name : named.uri
}

/** What every conversation begins with, before anything is done. */
const opening: ReadonlySet<string | undefined> = new Set([
  "initialize",
  "server/discover",
  "ping",
  "notifications/initialized",
  "notifications/cancelled",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "prompts/list",
  // An answer to something that the server asked.
  undefined
])

const calls: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get", "completion/complete"])

/**
 * Whether a request that carries no token may be one of those that need none. The policy is judged later: here everything
 * stays out that no policy has let in, also what does not exist, so that a client begins its login wherever it knocks.
 */
export const mayBeAnonymous = (
  request: HttpServerRequest.HttpServerRequest,
  { admitsAnonymous, mayBeAnonymous }: Registrations,
  anonymousLists: boolean
): Effect.Effect<boolean> => {
  if (request.method !== "POST" || !(anonymousLists || admitsAnonymous())) return Effect.succeed(false)
  const isOpen = ({ method = undefined, params }: Message): boolean =>
    opening.has(method) ||
    (method !== undefined && calls.has(method) && mayBeAnonymous(method, targetOf(params)))
  return Effect.match(Effect.flatMap(request.text, decodeMessages), {
    onFailure: () => false,
    onSuccess: (messages) => [messages].flat().every(isOpen)
  })
}
