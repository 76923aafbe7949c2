/**
 * The official MCP SDK as a client, with the whole authorization flow: challenge, metadata, registration, login, token.
 */
import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
  UnauthorizedError
} from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { ScriptedUser } from "./ScriptedUser.ts"

/** The operation that failed. */
class SdkFailed extends Data.TaggedError("SdkFailed")<{ readonly what: string; readonly cause?: unknown }> {
  override get message(): string {
    return `The SDK could not ${this.what}`
  }
}

const connectOnce = (url: string, user: ScriptedUser, options: ClientOptions = {}) =>
  Effect.tryPromise({
    try: async () => {
      const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: user })
      const client = new Client(
        { name: "demo", version: "1.0.0" },
        { versionNegotiation: { mode: "auto" }, ...options }
      )
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
export const connect = (url: string, user = new ScriptedUser(), options?: ClientOptions) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const client = (yield* connectOnce(url, user, options)) ?? (yield* connectOnce(url, user, options))
      return client === undefined ? yield* new SdkFailed({ what: "log in" }) : { client, user }
    }),
    ({ client }) => Effect.promise(() => client.close())
  )

/**
 * Logs in and goes no further: the user then has a token that the server has not seen yet, which only said where to get
 * one.
 */
export const logIn = (url: string, user: ScriptedUser) =>
  Effect.flatMap(
    connectOnce(url, user),
    (client) =>
      client === undefined ? Effect.void : new SdkFailed({ what: "log in, because the server sent no challenge" })
  )

const textOf = async (client: Client, name: string, args: Record<string, unknown>) => {
  const { content } = await client.callTool({ name, arguments: args })
  return content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n")
}

/** The result of a tool call, as text. */
export const callTool = (client: Client, name: string, args: Record<string, unknown> = {}) =>
  Effect.tryPromise({
    try: () => textOf(client, name, args),
    catch: (cause) => new SdkFailed({ what: `call the tool ${name}`, cause })
  })

/**
 * What a tool answers that needs more scopes than the client has: the SDK hears which, and sends the user to the provider
 * for these and those it had. What the provider answers is handed back to it, and the call is made again.
 */
export const callToolSteppingUp = (
  { client, user }: { readonly client: Client; readonly user: ScriptedUser },
  name: string,
  args: Record<string, unknown> = {}
) =>
  Effect.tryPromise({
    try: async () => {
      try {
        return await textOf(client, name, args)
      } catch (error) {
        const { transport } = client
        if (!(error instanceof UnauthorizedError) || !(transport instanceof StreamableHTTPClientTransport)) throw error
        await transport.finishAuth(user.callbackParameters)
        return await textOf(client, name, args)
      }
    },
    catch: (cause) => new SdkFailed({ what: `step up to call the tool ${name}`, cause })
  })
