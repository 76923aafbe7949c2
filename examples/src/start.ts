/**
 * The provider and the protected server of the demo, left running: point an inspector or an assistant at them.
 *
 * Run it with `pnpm start`. Ctrl-C ends both.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as EmbeddedProvider from "./EmbeddedProvider.ts"
import { serveNotes } from "./serve.ts"

const program = Effect.gen(function*() {
  const { issuer } = yield* EmbeddedProvider.start()
  const { resource } = yield* serveNotes({ issuer })
  yield* Console.log([
    "",
    `  MCP server:  ${resource}`,
    `  Provider:    ${issuer}`,
    "",
    "  Whoever logs in is ada, without a question. Try it with the MCP Inspector:",
    "",
    `    npx @modelcontextprotocol/inspector --transport http --server-url ${resource}`,
    "",
    "  Ctrl-C ends both.",
    ""
  ].join("\n"))
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))
