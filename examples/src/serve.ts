import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createKeepAliveServer } from "./loopback.ts"
import * as NotesServer from "./NotesServer.ts"

/** A loopback port that is free now. The resource identifier names it, so it must be known before the server is built. */
export const freePort = Effect.callback<number>((resume) => {
  const probe = createServer()
  probe.listen(0, "127.0.0.1", () => {
    const { port } = probe.address() as AddressInfo
    probe.close(() => resume(Effect.succeed(port)))
  })
})

/** Serves the notes, protected by the provider with this issuer, until the scope ends. */
export const serveNotes = Effect.fnUntraced(function*(
  options: Omit<NotesServer.Options, "resource"> & {
    readonly port?: number | undefined
    /** Log each request. Default: `false`. */
    readonly logRequests?: boolean | undefined
  }
) {
  const { path = "/mcp" } = options
  const port = options.port ?? (yield* freePort)
  const resource = `http://127.0.0.1:${port}${path}`
  const served = HttpRouter.serve(NotesServer.layer({ ...options, resource }), {
    disableLogger: options.logRequests !== true,
    disableListenLog: true
  }).pipe(
    Layer.provide(NodeHttpServer.layer(createKeepAliveServer, { port, host: "127.0.0.1" })),
    Layer.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  )
  yield* Layer.build(served)
  return { resource }
})
