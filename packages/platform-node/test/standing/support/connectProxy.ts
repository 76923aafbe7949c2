/** A forward proxy that opens tunnels to loopback ports, whatever the name of the host, and records what it receives. */
import { Effect } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { type AddressInfo, connect } from "node:net"
import type { Duplex } from "node:stream"
import { trusted } from "./certificates.ts"

/** A request for a tunnel. */
interface Tunnel {
  /** The host and port that the client wants to reach. */
  readonly authority: string
  readonly authorization: string | undefined
}

/** How the proxy responds. */
export interface Behavior {
  /** A status for all requests. Default: a tunnel. */
  readonly status?: number | undefined
  /** The value of `Proxy-Authorization` that is required. Default: none. */
  readonly authorization?: string | undefined
  /** Whether the proxy closes connections without a response. Default: `false`. */
  readonly closes?: boolean | undefined
  /** Whether the proxy never responds. Default: `false`. */
  readonly hangs?: boolean | undefined
  /** Whether clients connect to the proxy by TLS, with the certificate for as.test. Default: `false`. */
  readonly secure?: boolean | undefined
}

const respond = (socket: Duplex, status: number) =>
  socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)

/** Starts the proxy. It ends with the scope. */
export const makeProxy = Effect.fnUntraced(function*(behavior: Behavior = {}) {
  const tunnels: Array<Tunnel> = []
  const open = new Set<Duplex>()
  const server = behavior.secure === true ? createSecureServer(trusted) : createServer()
  let requests = 0
  server.on("request", (_, response) => {
    requests++
    response.end()
  })
  server.on("connect", ({ headers, url = "" }: IncomingMessage, socket: Duplex, head: Buffer) => {
    const authorization = headers["proxy-authorization"]
    tunnels.push({ authority: url, authorization })
    open.add(socket)
    socket.on("error", () => {})
    if (behavior.closes === true) return void socket.destroy()
    if (behavior.hangs === true) return
    if (behavior.status !== undefined) return void respond(socket, behavior.status)
    if (authorization !== behavior.authorization) return void respond(socket, 407)
    const [port] = /\d+$/.exec(url) ?? [""]
    const upstream = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    open.add(upstream)
    upstream.on("error", () => socket.destroy())
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        // A server that listens on a port has an address of this kind.
        resume(Effect.succeed((server.address() as AddressInfo).port))
      })
    }),
    () =>
      Effect.sync(() => {
        for (const socket of open) socket.destroy()
        server.closeAllConnections()
        server.close()
      })
  )
  return { port, tunnels, requests: () => requests }
})
