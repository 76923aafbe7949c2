/**
 * The provider and the protected server of the demo, left running for `curl`, the MCP Inspector or an assistant.
 *
 * Run it with `pnpm start`. Ctrl-C ends both. With `--resource` it runs the provider alone, for a server of your own.
 */
import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
import { isScopeToken } from "@effect-mcp-auth/core/ScopeHierarchy"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { accessTokenFor, type Request } from "./accessToken.ts"
import * as EmbeddedProvider from "./EmbeddedProvider.ts"
import { serveNotes } from "./serve.ts"

const port = (name: string, what: string, preset: number) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`The port of the ${what}`),
    Flag.filter((port) => port > 0 && port < 65_536, () => `${name} is a number between 1 and 65535`),
    Flag.withDefault(preset)
  )

const resource = Flag.String("resource").pipe(
  Flag.withDescription("The URL of your own MCP server: starts the provider alone, and prints a token for this server"),
  Flag.withSchema(ResourceIdentifier.InsecureLoopbackResourceIdentifier),
  Flag.optional
)

const scope = Flag.String("scope").pipe(
  Flag.withDescription("The scopes of the token, separated by spaces"),
  Flag.map((text) => text.split(" ")),
  Flag.filter(
    (scopes) => scopes.every(isScopeToken),
    () => "scope is a list of scopes, separated by one space, such as \"notes:read notes:write\""
  ),
  Flag.withDefault(EmbeddedProvider.defaultScopes)
)

const flags = {
  port: port("port", "MCP server", 3000),
  providerPort: port("provider-port", "provider", 4444),
  resource,
  scope
}

interface Flags {
  readonly port: number
  readonly providerPort: number
  readonly resource: Option.Option<string>
  readonly scope: ReadonlyArray<string>
}

/** A port that another program uses. */
class PortTaken extends Data.TaggedError("PortTaken")<{ readonly option: string; readonly port: number }> {
  override readonly [CliError.userMessage] =
    `Port ${this.port} cannot be used, probably because another program does. ` +
    `Stop that program, or choose another port: npx -y pnpm@12 start --${this.option} ${this.port + 1}`
}

/** A text as one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

const encodeJson = Schema.encodeSync(Schema.fromJsonString(Schema.Json))

/** A request of MCP 2026-07-28, as a command for a shell. */
const curl = (resource: string, token: string, method: string, params: Schema.JsonObject) => {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {}
  }
  const name = typeof params["name"] === "string" ? ` -H 'mcp-name: ${params["name"]}'` : ""
  return [
    `curl -s ${quoted(resource)} \\`,
    `  -H 'authorization: Bearer ${token}' \\`,
    `  -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\`,
    `  -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: ${method}'${name} \\`,
    `  -d ${quoted(encodeJson({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }))}`
  ]
}

const validity = "which is valid for an hour"

/** Another token, by a login of the developer. */
const anotherToken = ({ issuer, resource, scopes }: Request) => [
  "Get another token, by a login in your browser:",
  "",
  `npx mcp-auth token --issuer ${issuer} --resource ${quoted(resource)} --scope ${quoted(scopes.join(" "))}`,
  ""
]

/** The lines for the server of the demo. */
const forDemo = ({ resource, ...rest }: Request, token: string) => [
  `Call a tool with an access token, ${validity}:`,
  "",
  ...curl(resource, token, "tools/call", { name: "WhoAmI", arguments: {} }),
  "",
  "Open the MCP Inspector, and let it log in:",
  "",
  `npx @modelcontextprotocol/inspector --transport http --server-url ${resource}`,
  "",
  ...anotherToken({ resource, ...rest }),
  "Ctrl-C ends both."
]

/** The lines for a server that runs elsewhere. */
const forOwnServer = ({ resource, ...rest }: Request, token: string) => [
  `An access token for your server, ${validity}:`,
  "",
  token,
  "",
  "List its tools:",
  "",
  ...curl(resource, token, "tools/list", {}),
  "",
  ...anotherToken({ resource, ...rest }),
  "Ctrl-C ends the provider."
]

const start = Effect.fnUntraced(
  function*({ port, providerPort, resource: own, scope: scopes }: Flags) {
    const { issuer } = yield* EmbeddedProvider.start({
      port: providerPort,
      accessTokenLifetime: 3600,
      scopes: [...new Set([...EmbeddedProvider.defaultScopes, ...scopes])]
    }).pipe(
      Effect.catchTag(
        "PortNotAvailable",
        () => Effect.fail(new PortTaken({ option: "provider-port", port: providerPort }))
      )
    )
    const { resource } = Option.isSome(own) ? { resource: own.value } : yield* serveNotes({ issuer, port }).pipe(
      Effect.catchTag("ServeError", () => Effect.fail(new PortTaken({ option: "port", port })))
    )
    const request = { issuer, resource, scopes }
    const token = yield* accessTokenFor(request)
    yield* Console.log([
      "",
      `MCP server:  ${resource}`,
      `Provider:    ${issuer} (its only user, ada, is logged in and consents to everything)`,
      "",
      ...(Option.isSome(own) ? forOwnServer : forDemo)(request, token)
    ].join("\n"))
    return yield* Effect.never
  }
)

Command.make("start", flags, (flags) => Effect.scoped(start(flags))).pipe(
  Command.withDescription("Starts the provider and the protected server of the demo"),
  Command.run({ version: "0.0.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
