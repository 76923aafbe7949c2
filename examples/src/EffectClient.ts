/**
 * Effect's own MCP client with `McpOAuth` under it: challenge, metadata, registration, login in a browser, token, refresh
 * and more scopes. The tokens are in files.
 */
import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as Grant from "@effect-mcp-auth/core/Grant"
import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
import type * as OAuthEvent from "@effect-mcp-auth/core/OAuthEvent"
import * as NodeCredentialStore from "@effect-mcp-auth/platform-node/NodeCredentialStore"
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeUserAgent from "@effect-mcp-auth/platform-node/NodeUserAgent"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as McpClient from "effect/ai/McpClient"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { cookiesOf } from "./ScriptedUser.ts"

/** What the tools of the notes return. */
const Answer = Schema.Struct({
  subject: Schema.optionalKey(Schema.String),
  client: Schema.optionalKey(Schema.String),
  scopes: Schema.optionalKey(Schema.Array(Schema.String)),
  count: Schema.optionalKey(Schema.Int)
})

class ToolMissing extends Data.TaggedError("ToolMissing")<{ readonly name: string }> {}

/** Follows the redirects of a page with cookies to their end, which is the server of `NodeUserAgent` on loopback. */
const browse = async (url: URL, cookies: ReadonlyMap<string, string> = new Map()): Promise<void> => {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  const response = await fetch(url, { redirect: "manual", headers: { cookie } })
  const location = response.headers.get("location")
  if (location !== null) await browse(new URL(location, url), new Map([...cookies, ...cookiesOf(response)]))
}

/** A browser with a user who logs in and consents to everything. Leave it out to open the default browser. */
export const openPage = (url: URL) => Effect.promise(() => browse(url))

/** A directory for tokens that ends with the scope. */
export const directory = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  return `${yield* files.makeTempDirectoryScoped()}/credentials`
}).pipe(Effect.orDie, Effect.provide(NodeFileSystem.layer))

/** How a client is connected. */
interface Connect {
  /** The directory with the tokens. Default: a new one. */
  readonly directory?: string | undefined
  /** Default: `openPage`. */
  readonly openPage?: NodeUserAgent.BrowserOptions["openPage"]
  readonly interactive?: McpOAuth.Options["interactive"]
  /** Default: the client registers itself dynamically. */
  readonly registration?: ClientRegistration.ClientRegistration | undefined
  /** The port of the redirect URI, for a client that is registered with it. Default: a free one. */
  readonly redirectPort?: number | undefined
  readonly scopes?: McpOAuth.Options["scopes"]
}

/** A connected client. It ends with the scope. */
export const connect = Effect.fnUntraced(function*(server: string, how: Connect = {}) {
  const pages: Array<URL> = []
  const story: Array<OAuthEvent.OAuthEvent> = []
  const show = how.openPage ?? openPage
  const services = Layer.mergeAll(
    NodeUserAgent.layer({
      port: how.redirectPort,
      openPage: (url) => Effect.andThen(Effect.sync(() => pages.push(url)), show(url))
    }),
    NodeCredentialStore.layerFile({ directory: how.directory ?? (yield* directory) }),
    NodeMcpAuth.layerWith({ allow: ["loopback"] })
  )
  const login = yield* Layer.build(Layer.provide(
    McpOAuth.layer({
      server,
      grant: Grant.authorizationCode({
        registration: how.registration ?? ClientRegistration.dynamic({ clientName: "A client of Effect" })
      }),
      scopes: how.scopes,
      interactive: how.interactive,
      allowInsecureLoopback: true
    }),
    services
  ))
  const oauth = Context.get(login, McpOAuth.McpOAuth)
  yield* Effect.forkScoped(
    Stream.runForEach(oauth.events, (event) => Effect.sync(() => story.push(event))),
    { startImmediately: true }
  )
  const connected = McpClient.layerHttp({
    name: "notes-client",
    version: "1.0.0",
    url: server,
    protocol: McpProtocol.v2026_07_28,
    timeout: "5 minutes"
  })
  const client = Context.get(
    yield* Layer.build(Layer.provide(connected, Layer.succeedContext(login))),
    McpClient.McpClient
  )
  const tools = yield* client.listTools()
  const call = Effect.fnUntraced(function*(name: string, args: Schema.JsonObject = {}) {
    const tool = tools.find((tool) => tool.name === name)
    if (tool === undefined) return yield* new ToolMissing({ name })
    return yield* client.callTool({ tool, schema: Answer, arguments: args })
  })
  return {
    oauth,
    call,
    addNote: Effect.map(call("AddNote", { text: "a note" }), ({ count }) => count),
    /** The authorization pages that were shown. */
    pages,
    /** What the client did for the authorization. */
    story,
    /** The tokens now, in the form of the official SDK. */
    tokens: () => {
      const tokens = Option.getOrUndefined(Effect.runSync(oauth.tokens))
      return tokens === undefined ? undefined : { access_token: Redacted.value(tokens.accessToken) }
    }
  }
})
