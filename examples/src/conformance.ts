/**
 * Serves the fixture of the conformance suite on loopback, at the port that `PORT` names or any that is free.
 *
 * `node examples/src/conformance.ts`, then `npx @modelcontextprotocol/conformance server --url <the URL that it prints>`.
 */
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createServer } from "node:http"
import * as ConformanceServer from "./conformanceServer.ts"
import { freePort } from "./serve.ts"

const program = Effect.gen(function*() {
  const chosen = yield* Config.option(Config.Port("PORT"))
  const port = Option.isSome(chosen) ? chosen.value : yield* freePort
  const resource = `http://127.0.0.1:${port}/mcp`
  const served = HttpRouter.serve(ConformanceServer.layer({ resource }), {
    disableLogger: true,
    disableListenLog: true
  })
  yield* Layer.build(served.pipe(
    Layer.provide(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })),
    Layer.provide(NodeMcpAuth.layer)
  ))
  yield* Console.log(resource)
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))
