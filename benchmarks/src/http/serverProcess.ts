/** A server under test, in its own process. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { answering, optionsOf, portOf, tell, usage } from "../harness/parent.ts"
import { ServerOptions } from "./servers.ts"

const { eager, guard, issuer, stack, tools } = optionsOf(ServerOptions)

answering({ usage })

// The client comes back when the others have had their turn, which takes longer than servers usually wait.
const patient = { keepAliveTimeout: 300_000 }

const announce = (server: Server) => Effect.sync(() => tell({ port: portOf(server) }))

// Each process loads the one stack that it serves.
if (stack === "effect") {
  const { bare, guarded } = await import("./effectServer.ts")
  const [listener, options] = [createServer(patient), { issuer, tools, eager }]
  const built = Layer.build(guard === "bare" ? bare(options, listener) : guarded(options, listener))
  // Not when it listens: it does so before everything is there that answers.
  NodeRuntime.runMain(Effect.scoped(Effect.andThen(Effect.andThen(built, announce(listener)), Effect.never)))
} else {
  const { makeApp } = await import("./expressServer.ts")
  const listener = createServer(patient, await makeApp(guard, issuer)).listen({
    port: 0,
    host: "127.0.0.1",
    backlog: 4096
  })
  await once(listener, "listening")
  NodeRuntime.runMain(announce(listener))
}
