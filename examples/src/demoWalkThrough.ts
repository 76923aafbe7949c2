import * as OAuthEvent from "@effect-mcp-auth/core/OAuthEvent"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Scope from "effect/Scope"
import * as EffectClient from "./EffectClient.ts"
import type * as EmbeddedProvider from "./EmbeddedProvider.ts"
import { withClock } from "./movableClock.ts"
import { say, step } from "./print.ts"
import * as SdkClient from "./SdkClient.ts"
import { serveNotes } from "./serve.ts"

type Provider = Effect.Success<ReturnType<typeof EmbeddedProvider.start>>

/** What a client sees first: a challenge that says where to find out the rest. */
const challenge = Effect.fnUntraced(function*(resource: string) {
  yield* step("A request without a token is answered with a challenge")
  const refused = yield* HttpClient.post(resource)
  yield* say(`HTTP ${refused.status}`, `WWW-Authenticate: ${refused.headers["www-authenticate"] ?? ""}`)
  yield* step("The challenge leads to what the resource says about itself")
  const { origin, pathname } = new URL(resource)
  const metadata = yield* HttpClient.get(`${origin}/.well-known/oauth-protected-resource${pathname}`)
  yield* say(yield* metadata.text)
})

/** Any request of MCP does: it is judged before it is read. */
const askWith = (resource: string, token: string | undefined) =>
  HttpClientRequest.post(resource).pipe(
    HttpClientRequest.bearerToken(token ?? ""),
    HttpClient.execute,
    Effect.map(({ headers, status }) => ({ status, challenge: headers["www-authenticate"] ?? "" }))
  )

class NotRefused extends Data.TaggedError("NotRefused")<{ readonly status: number }> {}

/** A token that must be refused, or the demo fails. */
const refused = Effect.fnUntraced(function*(resource: string, token: string | undefined) {
  const answer = yield* askWith(resource, token)
  if (answer.status !== 401) return yield* new NotRefused({ status: answer.status })
  yield* say(`HTTP ${answer.status}`, `WWW-Authenticate: ${answer.challenge}`)
})

/** What a client did since it was asked last, one line each. */
const tell = (story: Array<OAuthEvent.OAuthEvent>) => say(...story.splice(0).map(OAuthEvent.describe))

/** Effect's own client needs no code for any of this. */
const effectClient = Effect.fnUntraced(function*(resource: string) {
  yield* step("Effect's own McpClient logs in with McpOAuth, in a browser, and calls a tool")
  const { call, story } = yield* EffectClient.connect(resource)
  const { scopes = [], subject = "?" } = yield* call("WhoAmI")
  yield* tell(story)
  yield* say(`WhoAmI: ${subject}, with the scopes "${scopes.join(" ")}"`)
  yield* step("A tool that needs more: the server says which scope, the client requests it, and the call succeeds")
  yield* call("ClearNotes")
  yield* tell(story)
})

const login = Effect.fnUntraced(function*(resource: string) {
  yield* step("A client of the official SDK goes the same way")
  const connected = yield* SdkClient.connect(resource)
  yield* say(...connected.user.story, `it speaks MCP ${connected.client.getNegotiatedProtocolVersion() ?? "?"}`)
  yield* step("A tool returns the caller")
  yield* say(yield* SdkClient.callTool(connected.client, "WhoAmI"))
  return connected
})

/** A tool that needs a scope that the login did not ask for. */
const stepUp = Effect.fnUntraced(function*(connected: Effect.Success<ReturnType<typeof SdkClient.connect>>) {
  const { story } = connected.user
  const before = story.length
  yield* step("A tool that needs more than the login gave: the server says which scope, and the SDK gets it")
  yield* say("ClearNotes is answered with 403, insufficient_scope; so")
  const answer = yield* SdkClient.callToolSteppingUp(connected, "ClearNotes")
  yield* say(...story.slice(before), answer)
})

/** Another server of the same provider, whose clock is put forward until the token has expired. */
const otherServer = Effect.fnUntraced(function*(issuer: string, resource: string) {
  const other = yield* withClock(serveNotes({ issuer, path: "/other" }))
  const { client, user } = yield* SdkClient.connect(other.resource)
  const token = user.tokens()?.access_token
  yield* step("A token for another server of the same provider is refused here")
  yield* refused(resource, token)
  yield* step("A token that has expired is refused where it was good")
  other.clock.expire(user)
  yield* refused(other.resource, token)
  yield* say("the client of the SDK gets another one by itself, and goes on:")
  yield* say(yield* SdkClient.callTool(client, "AddNote", { text: "still here" }), ...user.story.slice(-1))
})

/** The whole way of a client, and what else it may meet. */
export const walkThrough: (
  provider: Provider
) => Effect.Effect<void, unknown, HttpClient.HttpClient | Scope.Scope> = Effect.fnUntraced(function*(provider) {
  yield* step("A protected MCP server starts beside the provider")
  const { resource } = yield* serveNotes({ issuer: provider.issuer })
  yield* say(`resource: ${resource}`)
  yield* challenge(resource)
  yield* effectClient(resource)
  const connected = yield* login(resource)
  yield* stepUp(connected)
  yield* otherServer(provider.issuer, resource)
  yield* step("The provider stops, and the server goes on with what it knows")
  yield* provider.stop
  yield* say(yield* SdkClient.callTool(connected.client, "AddNote", { text: "the provider is stopped" }))
})
