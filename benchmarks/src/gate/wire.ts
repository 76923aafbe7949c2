/** Requests to a Node HTTP server without sockets: the parser and the server run whole, and the kernel does nothing. */
import type { Server } from "node:http"
import { Duplex } from "node:stream"
import type { Burst } from "../harness/blocks.ts"

/** A response that differs from the one that is expected ends the run: it is not timed. */
export interface Expected {
  readonly status: number
  readonly includes: string
}

const contentLength = /content-length: (\d+)/i

/** A connection in memory, with one request at a time. The first response is read, the others are counted by their size. */
class Wire extends Duplex {
  private readonly expected: Expected
  private first = ""
  private size = 0
  private whole: number | undefined
  private done: ((error?: Error) => void) | undefined

  constructor(expected: Expected) {
    super({ highWaterMark: 2 ** 24 })
    this.expected = expected
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, callback: () => void): void {
    this.receive(chunk)
    callback()
  }

  override _writev(chunks: ReadonlyArray<{ readonly chunk: Buffer }>, callback: () => void): void {
    for (const { chunk } of chunks) this.receive(chunk)
    callback()
  }

  ask(request: Buffer, done: (error?: Error) => void): void {
    this.done = done
    this.push(request)
  }

  // What servers set on sockets.
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  get remoteAddress(): string {
    return "127.0.0.1"
  }

  private receive(chunk: Buffer): void {
    this.size += chunk.length
    if (this.whole === undefined) this.learn(chunk)
    if (this.whole === undefined || this.size < this.whole) return
    if (this.size > this.whole) return this.finish(new Error(`A response of ${this.size} bytes, and not ${this.whole}`))
    this.finish()
  }

  private learn(chunk: Buffer): void {
    this.first += chunk.toString()
    const head = this.first.indexOf("\r\n\r\n")
    const length = contentLength.exec(this.first)?.[1]
    if (head === -1 || length === undefined) return
    const whole = head + 4 + Number(length)
    if (this.first.length < whole) return
    const { includes, status } = this.expected
    if (!this.first.startsWith(`HTTP/1.1 ${status} `) || !this.first.includes(includes)) {
      return this.finish(new Error(`An unexpected response: ${this.first.slice(0, 500)}`))
    }
    this.whole = Buffer.byteLength(this.first)
  }

  private finish(error?: Error): void {
    this.size = 0
    const { done } = this
    this.done = undefined
    done?.(error)
  }
}

/** Connects a client that sends one request at a time on each connection. */
export const connect = (
  server: Server,
  { connections, expected, requests }: {
    readonly connections: number
    readonly expected: Expected
    /** In turn, for ever. */
    readonly requests: ReadonlyArray<Buffer>
  }
): Burst => {
  const wires = Array.from({ length: connections }, () => {
    const wire = new Wire(expected)
    server.emit("connection", wire)
    return wire
  })
  let at = 0
  return (times) => {
    const { promise, reject, resolve } = Promise.withResolvers<void>()
    let [sent, answered] = [0, 0]
    const next = (wire: Wire): void => {
      if (sent >= times) return
      sent += 1
      // Each request comes in a task of its own, as from a socket.
      setImmediate(() => {
        wire.ask(requests[at++ % requests.length] ?? Buffer.alloc(0), (error) => {
          if (error !== undefined) return reject(error)
          answered += 1
          if (answered === times) return resolve()
          next(wire)
        })
      })
    }
    wires.forEach(next)
    return promise
  }
}
