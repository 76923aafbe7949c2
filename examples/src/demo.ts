/**
 * The library at work: a real provider, a protected MCP server, Effect's own client and one of the official SDK, all of
 * them on this machine.
 *
 * Run it with `pnpm demo`. Every step expects how it ends: if one ended otherwise, the program would fail.
 */
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { discovery } from "./demoDiscovery.ts"
import { walkThrough } from "./demoWalkThrough.ts"
import * as EmbeddedProvider from "./EmbeddedProvider.ts"
import { say, step } from "./print.ts"

const demo = Effect.gen(function*() {
  yield* step("A certified OpenID provider starts on loopback")
  const provider = yield* EmbeddedProvider.start()
  yield* say(`issuer: ${provider.issuer}`)
  yield* discovery(provider.issuer)
  yield* walkThrough(provider)
  yield* step("Done")
}).pipe(
  Effect.scoped,
  Effect.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
)

NodeRuntime.runMain(demo)
