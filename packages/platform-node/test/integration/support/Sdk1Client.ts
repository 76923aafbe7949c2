/** The official SDK of the first generation, with its complete login. */
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect } from "effect"

const connectOnce = (url: string, user: ScriptedUser) =>
  Effect.promise(async () => {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: user })
    const client = new Client({ name: "sdk-1", version: "1.0.0" })
    try {
      await client.connect(transport)
      return { client, transport, user }
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      await transport.finishAuth(user.callbackParameters.get("code") ?? "")
      return undefined
    }
  })

/** A client that is connected, after one login. */
export const connect = (url: string, user = new ScriptedUser()) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const connected = (yield* connectOnce(url, user)) ?? (yield* connectOnce(url, user))
      return connected ?? (yield* Effect.die("The SDK could not log in"))
    }),
    ({ client }) => Effect.promise(() => client.close())
  )

/** The result of a tool, as text. */
export const callTool = (client: Client, name: string, args: Record<string, unknown> = {}) =>
  Effect.promise(async () => {
    const { content } = await client.request(
      { method: "tools/call", params: { name, arguments: args } },
      CallToolResultSchema
    )
    return content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n")
  })
