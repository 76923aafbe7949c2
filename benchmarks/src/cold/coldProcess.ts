/** A new server and its first call. Imports are loaded before the measurement starts. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { once } from "node:events"
import { createServer } from "node:http"
import { makeAgent, send } from "../harness/mcpClient.ts"
import { optionsOf, portOf, tell, wallClock } from "../harness/parent.ts"
import { ServerOptions } from "../http/servers.ts"

const { server: options, token } = optionsOf(Schema.Struct({ server: ServerOptions, token: Schema.String }))

const startEffect = async (chosen: Extract<typeof options, { stack: "effect" }>) => {
  const { guarded } = await import("../http/effectServer.ts")
  return Effect.gen(function*() {
    const listener = createServer()
    yield* Layer.build(guarded(chosen, listener))
    return listener
  })
}

const startExpress = async ({ guard, issuer }: Extract<typeof options, { stack: "express" }>) => {
  const { makeApp } = await import("../http/expressServer.ts")
  return Effect.promise(async () => {
    const listener = createServer(await makeApp(guard, issuer)).listen({ port: 0, host: "127.0.0.1" })
    await once(listener, "listening")
    return listener
  })
}

/** Starts the server, and ends when it is ready to answer. Each process loads the one stack that it serves. */
const started = await (options.stack === "effect" ? startEffect(options) : startExpress(options))

const program = Effect.gen(function*() {
  const start = performance.now()
  const listener = yield* started
  const [ready, readyAt] = [performance.now() - start, wallClock()]
  const place = { port: portOf(listener), agent: makeAgent(1) }
  const { status } = yield* Effect.promise(() => send(place, { method: "tools/call", token }))
  tell({ ready, readyAt, answered: performance.now() - start, status })
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))
