import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/**
 * An HTTP server that keeps idle connections for five minutes instead of five seconds, which is longer than its clients do:
 * no connection ends at the moment in which a client that was slow uses it again.
 */
export const createKeepAliveServer = () => createServer({ keepAliveTimeout: 300_000 })

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** A port of this machine that cannot be listened on. */
export class PortNotAvailable
  extends Data.TaggedError("PortNotAvailable")<{ readonly port: number; readonly code: string }>
{
  override get message(): string {
    return this.code === "EADDRINUSE" ? "another program uses it" : this.code
  }
}

/** An HTTP server on a loopback port, free unless named, until the scope ends. What it answers is up to its listeners. */
export const listen = (port = 0) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server, PortNotAvailable>((resume) => {
        const server = createKeepAliveServer()
        const fail = ({ code = "unknown error" }: NodeJS.ErrnoException) =>
          resume(Effect.fail(new PortNotAvailable({ port, code })))
        server.once("error", fail)
        server.listen(port, "127.0.0.1", () => {
          server.off("error", fail)
          resume(Effect.succeed(server))
        })
      }),
      close
    ),
    (server) => {
      // A server that listens on a port has an address of this kind.
      const address = server.address() as AddressInfo
      return { server, origin: `http://127.0.0.1:${address.port}`, close: close(server) }
    }
  )

/** A server with one JSON document for each path, and 404 for all others. The origin is known only when it listens. */
export const serveJson = (documents: (origin: string) => Readonly<Record<string, unknown>>) =>
  Effect.map(listen(), ({ origin, server }) => {
    const served = new Map(Object.entries(documents(origin)))
    server.on("request", (request, response) => {
      const document = served.get(request.url ?? "")
      response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" })
      response.end(JSON.stringify(document))
    })
    return { origin }
  })
