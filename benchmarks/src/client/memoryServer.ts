/**
 * An MCP server at the other end of connections in memory: the whole HTTP client of Node programs runs, and neither the
 * kernel nor another program does anything.
 */
import type { buildConnector } from "@effect/platform-node/Undici"
import type { Socket } from "node:net"
import { Duplex } from "node:stream"

/** What the server has to say. A request without the right token is refused. */
export interface Answers {
  readonly authorization: string
  /** The results as JSON, by the method of the request. */
  readonly results: ReadonlyMap<string, string>
}

const contentLength = /content-length: (\d+)/i
const authorization = /\r\nauthorization: ([^\r]*)/i
const idOf = /"id":(\d+)/
const methodOf = /"method":"([^"]+)"/

const withBody = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

const answer = ({ authorization: expected, results }: Answers, text: string): string => {
  const result = results.get(methodOf.exec(text)?.[1] ?? "")
  if (authorization.exec(text)?.[1] !== expected) return withBody("403 Forbidden", "{}")
  return result === undefined
    ? withBody("404 Not Found", "{}")
    : withBody("200 OK", `{"jsonrpc":"2.0","id":${idOf.exec(text)?.[1]},"result":${result}}`)
}

/** A connection with one request at a time. */
class Wire extends Duplex {
  private readonly answers: Answers
  private received = ""

  constructor(answers: Answers) {
    super({ highWaterMark: 2 ** 24 })
    this.answers = answers
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

  // What clients set on sockets.
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }

  private receive(chunk: Buffer): void {
    this.received += chunk.toString("latin1")
    const head = this.received.indexOf("\r\n\r\n")
    const length = contentLength.exec(this.received)?.[1]
    if (head === -1 || length === undefined || this.received.length < head + 4 + Number(length)) return
    const text = this.received
    this.received = ""
    // Each response comes in a task of its own, as from a socket.
    setImmediate(() => this.push(answer(this.answers, text)))
  }
}

/** Connects a client to the server. Every host is this one. */
export const connectorTo = (answers: Answers): buildConnector.connector => (_, callback) => {
  // The client uses no more of a socket than this class has, and expects it in a later task.
  setImmediate(() => callback(null, new Wire(answers) as Duplex as Socket))
}
