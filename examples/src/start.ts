/**
 * The provider and the protected server of the demo, left running for `curl`, the MCP Inspector or an assistant.
 *
 * Run it with `pnpm start`. Ctrl-C ends both.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as EmbeddedProvider from "./EmbeddedProvider.ts"
import * as SdkClient from "./SdkClient.ts"
import { serveNotes } from "./serve.ts"

const port = (name: string, what: string, preset: number) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`The port of the ${what}`),
    Flag.filter((port) => port > 0 && port < 65_536, () => `${name} is a number between 1 and 65535`),
    Flag.withDefault(preset)
  )

const flags = {
  port: port("port", "MCP server", 3000),
  providerPort: port("provider-port", "provider", 4444)
}

/** A port that another program uses. */
class PortTaken extends Data.TaggedError("PortTaken")<{ readonly option: string; readonly port: number }> {
  override readonly [CliError.userMessage] =
    `Port ${this.port} cannot be used, probably because another program does. ` +
    `Stop that program, or choose another port: npx -y pnpm@12 start --${this.option} ${this.port + 1}`
}

/** A request of MCP 2026-07-28, as a command for a shell. */
const curl = (resource: string, token: string) => {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {}
  }
  const params = { name: "WhoAmI", arguments: {}, _meta }
  return [
    `curl -s ${resource} \\`,
    `  -H 'authorization: Bearer ${token}' \\`,
    `  -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\`,
    `  -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: tools/call' -H 'mcp-name: WhoAmI' \\`,
    `  -d '${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}'`
  ]
}

const start = Effect.fnUntraced(
  function*({ port, providerPort }: { readonly port: number; readonly providerPort: number }) {
    const { issuer } = yield* EmbeddedProvider.start({ port: providerPort, accessTokenLifetime: 3600 }).pipe(
      Effect.catchTag(
        "PortNotAvailable",
        () => Effect.fail(new PortTaken({ option: "provider-port", port: providerPort }))
      )
    )
    const { resource } = yield* serveNotes({ issuer, port }).pipe(
      Effect.catchTag("ServeError", () => Effect.fail(new PortTaken({ option: "port", port })))
    )
    const { user } = yield* SdkClient.connect(resource)
    yield* Console.log([
      "",
      `MCP server:  ${resource}`,
      `Provider:    ${issuer} (its only user, ada, is logged in and consents to everything)`,
      "",
      "Call a tool with an access token, which is valid for an hour:",
      "",
      ...curl(resource, user.tokens()?.access_token ?? ""),
      "",
      "Open the MCP Inspector, and let it log in:",
      "",
      `npx @modelcontextprotocol/inspector --transport http --server-url ${resource}`,
      "",
      "Ctrl-C ends both."
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
