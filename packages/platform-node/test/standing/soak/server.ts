/**
 * The protected server of the soak, in a process of its own. It reports its state when its parent asks: its memory
 * after a garbage collection, and problems that no client saw.
 */
import {
  AudiencePolicy,
  AuthInfo,
  AuthorizationServer,
  ClientAuthentication,
  FetchLimits,
  McpAuth,
  Policy,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { createKeepAliveServer } from "@effect-mcp-auth/examples/loopback"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Duration, Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter } from "effect/http"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { type Health, opaque, remember, timing } from "./settings.ts"
import { watchStalls } from "./stalls.ts"

const [port = 0, providerPort = 0] = process.argv.slice(2).map(Number)

const WhoAmI = Tool.make("WhoAmI", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })

/** Public registrations, so that callers without a token can begin sessions. */
const Hello = Policy.tool(Policy.anonymous)(Tool.make("Hello", { success: Schema.String }))

const toolkit = Toolkit.make(WhoAmI, Hello)

const registrations = McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer({
  WhoAmI: () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "none"),
  Hello: () => Effect.succeed("hello")
})))

const protectedAt = (path: "/mcp" | typeof opaque.path, verifier: TokenVerifier.Method) =>
  Layer.fresh(McpServer.layerHttp({
    name: "soak",
    version: "1.0.0",
    path,
    protocols: [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25],
    registrations
  })).pipe(McpAuth.protect({
    resource: `http://127.0.0.1:${port}${path}`,
    authorizationServers: [
      AuthorizationServer.discover(`http://127.0.0.1:${providerPort}`, {
        type: "oauth",
        allowInsecureLoopback: true,
        lifetime: timing.lifetime
      })
    ],
    verifier,
    allowInsecureLoopback: true
  }))

const app = Layer.mergeAll(
  protectedAt(
    "/mcp",
    TokenVerifier.jwt({
      lifetime: timing.lifetime,
      refetches: { limit: 3, window: 3 * timing.refill },
      remember
    })
  ),
  protectedAt(
    opaque.path,
    TokenVerifier.introspection({
      authentication: ClientAuthentication.clientSecretBasic("soak", Redacted.make("s3cret")),
      audience: AudiencePolicy.anyOf(opaque.audience)
    })
  )
)

const stalls = watchStalls()
const troubles: Array<string> = []
let logged = 0

/** The log is not shown, but it must contain no error and no token. */
const watching = Logger.make(({ cause, logLevel, message }) => {
  logged++
  const text = JSON.stringify(message)
  if (text.includes("eyJ")) troubles.push(`a token in the log: ${text}`)
  if (LogLevel.isGreaterThanOrEqualTo(logLevel, "Error")) troubles.push(`${logLevel}: ${text} ${String(cause)}`)
})

process.on("unhandledRejection", (reason) => troubles.push(`unhandled rejection: ${String(reason)}`))
process.on("uncaughtException", (error) => troubles.push(`uncaught exception: ${error.stack}`))

setFlagsFromString("--expose-gc")
// The flag affects only new contexts.
const collect = runInNewContext("gc") as () => void

process.on("message", () => {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  const health: Health = { heapUsed, rss, logged, stalls, troubles: troubles.slice(0, 20) }
  process.send?.(health)
})
process.on("disconnect", () => process.exit())

const limits = FetchLimits.FetchLimits.of({
  ...FetchLimits.FetchLimits.defaultValue(),
  attemptTimeout: Duration.millis(timing.total / 2),
  totalTimeout: Duration.millis(timing.total)
})

const program = Effect.gen(function*() {
  const served = HttpRouter.serve(app, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(createKeepAliveServer, { port, host: "127.0.0.1" })),
    Layer.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  )
  yield* Effect.provideService(Layer.build(served), FetchLimits.FetchLimits, limits)
  process.send?.("listening")
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(Logger.layer([watching]))))
