/**
 * The official MCP SDK as a client, going the whole way by itself: challenge, metadata, registration, login, token.
 */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { ScriptedUser } from "./ScriptedUser.ts"

/** What the SDK could not do. */
class SdkFailed extends Data.TaggedError("SdkFailed")<{ readonly what: string; readonly cause?: unknown }> {
  override get message(): string {
    return `The SDK could not ${this.what}`
  }
}

const connectOnce = (url: string, user: ScriptedUser) =>
  Effect.tryPromise({
    try: async () => {
      const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: user })
      const client = new Client({ name: "demo", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } })
      try {
        await client.connect(transport)
        return client
      } catch (error) {
        // The SDK has sent the user to the provider; what the provider answered is handed back to it.
        if (!(error instanceof UnauthorizedError)) throw error
        await transport.finishAuth(user.callbackParameters)
        return undefined
      }
    },
    catch: (cause) => new SdkFailed({ what: "connect", cause })
  })

/** A client that is connected, after as many logins as that takes, which is one. */
export const connect = (url: string, user = new ScriptedUser()) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const client = (yield* connectOnce(url, user)) ?? (yield* connectOnce(url, user))
      return client === undefined ? yield* new SdkFailed({ what: "log in" }) : { client, user }
    }),
    ({ client }) => Effect.promise(() => client.close())
  )

/** What a tool answers, as text. */
export const callTool = (client: Client, name: string, args: Record<string, unknown> = {}) =>
  Effect.tryPromise({
    try: async () => {
      const { content } = await client.callTool({ name, arguments: args })
      return content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n")
    },
    catch: (cause) => new SdkFailed({ what: `call the tool ${name}`, cause })
  })
