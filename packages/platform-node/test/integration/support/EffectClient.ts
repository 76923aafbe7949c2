/** Effect's own `McpClient` with `McpOAuth` over it, with tokens in files, and a user in front of a browser. */
import { ClientRegistration, Grant, McpOAuth, type OAuthEvent } from "@effect-mcp-auth/core"
import { NodeCredentialStore, NodeMcpAuth, NodeUserAgent } from "@effect-mcp-auth/platform-node"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Context, Data, Effect, FileSystem, Layer, Option, Redacted, Schema, Stream } from "effect"
import { McpClient, McpProtocol } from "effect/ai"

/** What both tools of the notes return, as far as the tests look. */
const Answer = Schema.Struct({
  subject: Schema.optionalKey(Schema.String),
  client: Schema.optionalKey(Schema.String),
  scopes: Schema.optionalKey(Schema.Array(Schema.String)),
  count: Schema.optionalKey(Schema.Int)
})

class ToolMissing extends Data.TaggedError("ToolMissing")<{ readonly name: string }> {}

/** Follows the redirects of a page with cookies, to the end, as a browser does. */
const browse = async (url: URL, cookies: ReadonlyMap<string, string> = new Map()): Promise<number> => {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  const response = await fetch(url, { redirect: "manual", headers: { cookie } })
  const location = response.headers.get("location")
  if (location === null) return response.status
  const set = response.headers.getSetCookie().map((set): readonly [string, string] => {
    const [pair = ""] = set.split(";")
    return [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]
  })
  return browse(new URL(location, url), new Map([...cookies, ...set]))
}

/** A user who logs in and consents to everything. */
export const openPage = (url: URL) => Effect.asVoid(Effect.promise(() => browse(url)))

/** A directory for tokens that ends with the scope. */
export const directory = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  return `${yield* files.makeTempDirectoryScoped()}/credentials`
}).pipe(Effect.provide(NodeFileSystem.layer))

/** How a client is connected. */
interface Connect {
  /** The directory with the tokens. Default: a new one. */
  readonly directory?: string | undefined
  /** Default: `openPage`. */
  readonly openPage?: NodeUserAgent.BrowserOptions["openPage"]
  readonly options?: Partial<McpOAuth.McpClientOptions> | undefined
}

/** A connected client. It ends with the scope. */
export const connect = Effect.fnUntraced(function*(server: string, how: Connect = {}) {
  const pages: Array<URL> = []
  const show = how.openPage ?? openPage
  const layer = McpOAuth.layerMcpClient({
    server,
    grant: Grant.authorizationCode({ registration: ClientRegistration.dynamic({ clientName: "A client of Effect" }) }),
    name: "integration",
    version: "1.0.0",
    protocol: McpProtocol.v2026_07_28,
    timeout: "5 minutes",
    allowInsecureLoopback: true,
    ...how.options
  }).pipe(Layer.provide([
    NodeUserAgent.layer({ openPage: (url) => Effect.andThen(Effect.sync(() => pages.push(url)), show(url)) }),
    NodeCredentialStore.layerFile({ directory: how.directory ?? (yield* directory) }),
    NodeMcpAuth.layerWith({ allow: ["loopback"] })
  ]))
  const context = yield* Layer.build(layer)
  const client = Context.get(context, McpClient.McpClient)
  const oauth = Context.get(context, McpOAuth.McpOAuth)
  const story: Array<OAuthEvent.OAuthEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(oauth.events, (event) => Effect.sync(() => story.push(event))),
    { startImmediately: true }
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
    /** The events since the client was connected. */
    story,
    /** The tokens now, in the form of the official SDK. */
    tokens: () => {
      const tokens = Option.getOrUndefined(Effect.runSync(oauth.tokens))
      return tokens === undefined ? undefined : { access_token: Redacted.value(tokens.accessToken) }
    }
  }
})
