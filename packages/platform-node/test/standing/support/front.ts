/**
 * A JSON document behind TLS on a fixed loopback port, with faults on demand: the server can stop, reset connections,
 * not respond, or present another certificate.
 */
import { Effect } from "effect"
import type { ServerResponse } from "node:http"
import { createServer as createHttps } from "node:https"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { foreign, trusted, untrusted } from "./certificates.ts"

/** The behavior of the server. */
export type Mode =
  | "well"
  | "connection refused"
  | "connection reset"
  | "reset after TLS"
  | "reset within the body"
  | "silence"
  | "silence after TLS"
  | "a slow body"
  | "an untrusted certificate"
  | "a certificate of another host"
  | "no TLS at all"

/** The behaviors that make clients wait forever. */
const silent: ReadonlySet<Mode> = new Set(["silence", "silence after TLS", "a slow body"])

export interface Front {
  readonly port: number
  /** The number of requests so far, answered or not. */
  readonly requests: () => number
  /** Whether a client waits for a response that does not come. */
  readonly isWaiting: () => boolean
  /** From now on. Open connections are closed, so that each request meets the new behavior. */
  readonly become: (mode: Mode) => Effect.Effect<void>
}

const listen = (server: Server, port: number): Effect.Effect<number> =>
  Effect.callback((resume) => {
    server.listen(port, "127.0.0.1", () => {
      // A server that listens on a port has an address of this kind.
      resume(Effect.succeed((server.address() as AddressInfo).port))
    })
  })

const stop = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
  })

/** Answers a request that came through TLS. */
const answer = (mode: Mode, json: string, response: ServerResponse): void => {
  if (mode === "silence after TLS") return
  if (mode === "reset after TLS") {
    response.socket?.destroy()
    return
  }
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(json) })
  if (mode === "a slow body") {
    // The first bytes are sent at once, and the next ones never.
    response.write(json.slice(0, 4))
    return
  }
  if (mode === "reset within the body") {
    response.write(json.slice(0, json.length / 2), () => response.socket?.destroy())
    return
  }
  response.end(json)
}

/** Starts a server without a fault. It ends with the scope. */
export const makeFront = Effect.fnUntraced(function*(document: () => unknown) {
  let mode: Mode = "well"
  let requests = 0
  const sockets = new Set<Socket>()
  const secure = (certificate: { readonly cert: string; readonly key: string }) =>
    createHttps(certificate, (_, response) => {
      requests++
      answer(mode, JSON.stringify(document()), response)
    })
  const [own, strange, others] = [secure(trusted), secure(untrusted), secure(foreign)]
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    // Some of the tests cause a reset deliberately.
    socket.on("error", () => {})
    switch (mode) {
      case "silence":
        return
      case "connection reset":
        return void socket.resetAndDestroy()
      case "no TLS at all":
        return void socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
      case "an untrusted certificate":
        return void strange.emit("connection", socket)
      case "a certificate of another host":
        return void others.emit("connection", socket)
      default:
        return void own.emit("connection", socket)
    }
  })
  const port = yield* Effect.acquireRelease(listen(server, 0), () => Effect.suspend(() => end))
  const end = Effect.suspend(() => {
    for (const socket of sockets) socket.destroy()
    return server.listening ? stop(server) : Effect.void
  })
  const front: Front = {
    port,
    requests: () => requests,
    isWaiting: () => silent.has(mode) && sockets.size > 0,
    become: Effect.fnUntraced(function*(next) {
      mode = next
      yield* end
      if (next !== "connection refused") yield* listen(server, port)
    })
  }
  return front
})
