import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import { scopesOf } from "../../policy/internal/model.ts"
import { type BodyLimit, readWhole } from "./bodyLimit.ts"
import type { Registrations } from "./registrations.ts"

/** The member of a result in which OpenAI hosts look for challenges. */
const challengeMember = "mcp/www_authenticate"

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

const ToolCall = Schema.Struct({
  id: Schema.Union([Schema.String, Schema.Number]),
  method: Schema.Literal("tools/call")
})

const decodeCall = Schema.decodeUnknownOption(Schema.fromJsonString(ToolCall))

/** What the list of tools and a refusal need to know. */
export interface OpenAiTools {
  readonly registrations: Registrations
  /** Converts scopes to the form in which clients request them. */
  readonly requestForm: (scopes: ReadonlyArray<string>) => ReadonlyArray<string>
}

/** The security schemes of a tool: anonymous use, a login with the scopes of its policies, or both. */
const schemesOf = (name: string, { registrations, requestForm }: OpenAiTools): ReadonlyArray<Schema.JsonObject> => {
  const { guards, own } = registrations.policiesOf({ method: "tools/call", payload: {}, target: name })
  const policies = own === undefined ? guards : [own, ...guards]
  const scopes = requestForm(policies.flatMap(scopesOf))
  const login = { type: "oauth2", scopes }
  if (!registrations.mayBeOpenTarget("tools/call", name)) return [login]
  return registrations.isOpenTarget("tools/call", name) && scopes.length === 0
    ? [{ type: "noauth" }]
    : [{ type: "noauth" }, login]
}

const withSchemes = (tool: Schema.Json, tools: OpenAiTools): Schema.Json => {
  if (!isDecodedObject(tool) || typeof tool["name"] !== "string") return tool
  const securitySchemes = schemesOf(tool["name"], tools)
  const meta = tool["_meta"]
  // The copy is for clients whose schemas drop members of tools that they do not know.
  return { ...tool, securitySchemes, _meta: { ...(isDecodedObject(meta) ? meta : {}), securitySchemes } }
}

/** Adds the schemes to each list of tools in a JSON-RPC message or batch. */
const withToolSchemes = (message: Schema.Json, tools: OpenAiTools): Schema.Json => {
  if (Array.isArray(message)) return message.map((one) => withToolSchemes(one, tools))
  if (!isDecodedObject(message) || !isDecodedObject(message["result"])) return message
  const { tools: listed, ...result } = message["result"]
  return Array.isArray(listed)
    ? { ...message, result: { ...result, tools: listed.map((tool) => withSchemes(tool, tools)) } }
    : message
}

/** OpenAI hosts demand `error` and `error_description`, which a challenge without a token must not have elsewhere. */
const complete = (challenge: string): string =>
  /[ ,]error="/.test(challenge)
    ? challenge
    : `${challenge}, error="insufficient_scope", error_description="This tool needs a login"`

const encode = (json: Schema.Json): Uint8Array => new TextEncoder().encode(JSON.stringify(json))

const replaceBody = (response: HttpServerResponse.HttpServerResponse, json: Schema.Json, contentType: string) =>
  HttpServerResponse.setBody(response, HttpBody.uint8Array(encode(json), contentType))

/** The refusal of a tool call as a result, with the status and the headers of the refusal. */
const refusedCall = (
  response: HttpServerResponse.HttpServerResponse,
  challenge: string,
  call: typeof ToolCall.Type
): HttpServerResponse.HttpServerResponse => {
  const result = {
    content: [{ type: "text", text: "This tool needs a login, or more permissions" }],
    isError: true,
    _meta: { [challengeMember]: [complete(challenge)] }
  }
  return replaceBody(response, { jsonrpc: "2.0", id: call.id, result }, "application/json")
}

/**
 * Adds what OpenAI hosts read of tools: their security schemes in lists, and the challenge in the body of a refused call. Other
 * clients act on the status and the header, which do not change. Streams are left unchanged.
 */
export const withOpenAiTools = (
  response: HttpServerResponse.HttpServerResponse,
  request: HttpServerRequest.HttpServerRequest,
  limit: BodyLimit,
  tools: OpenAiTools
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const { body, headers, status } = response
  if (body._tag !== "Uint8Array") return Effect.succeed(response)
  if (status === 200) {
    const message = decodeJson(new TextDecoder().decode(body.body))
    if (Option.isNone(message)) return Effect.succeed(response)
    const changed = withToolSchemes(message.value, tools)
    return Effect.succeed(changed === message.value ? response : replaceBody(response, changed, body.contentType))
  }
  const challenge = headers["www-authenticate"]
  if (challenge === undefined || (status !== 401 && status !== 403)) return Effect.succeed(response)
  return Effect.match(readWhole(request, limit), {
    onFailure: () => response,
    onSuccess: (text) =>
      Option.match(decodeCall(text), {
        onNone: () => response,
        onSome: (call) => refusedCall(response, challenge, call)
      })
  })
}
