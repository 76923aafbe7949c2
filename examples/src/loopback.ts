import * as Effect from "effect/Effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** An HTTP server on a free loopback port, until the scope ends. What it answers is up to its `request` listeners. */
export const listen = Effect.acquireRelease(
  Effect.callback<{ readonly server: ReturnType<typeof createServer>; readonly origin: string }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      // A server that listens on a port has an address of this kind.
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ server, origin: `http://127.0.0.1:${port}` }))
    })
  }),
  ({ server }) =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

/** A server with one JSON document for each path, and 404 for all others. The origin is known only when it listens. */
export const serveJson = (documents: (origin: string) => Readonly<Record<string, unknown>>) =>
  Effect.map(listen, ({ origin, server }) => {
    const served = new Map(Object.entries(documents(origin)))
    server.on("request", (request, response) => {
      const document = served.get(request.url ?? "")
      response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" })
      response.end(JSON.stringify(document))
    })
    return { origin }
  })
