/** A client that sends whole MCP requests, and costs as little as it can. */
import { Agent, request } from "node:http"

/** Where requests go. */
export interface Place {
  readonly port: number
  readonly agent: Agent
}

export interface Call {
  readonly method: "tools/call" | "tools/list"
  readonly token: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

export const makeAgent = (connections: number): Agent => new Agent({ keepAlive: true, maxSockets: connections })

/** A request of revision 2026-07-28 says everything about itself: no session, no handshake. */
const bodyOf = (method: Call["method"]) =>
  Buffer.from(JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method,
    params: {
      ...method === "tools/call" ? { name: "Echo", arguments: { text: "hello" } } : {},
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" }
      }
    }
  }))

const bodies = { "tools/call": bodyOf("tools/call"), "tools/list": bodyOf("tools/list") }

const headersOf = ({ method, token }: Call) => ({
  "content-type": "application/json",
  "content-length": bodies[method].length,
  "accept": "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...method === "tools/call" ? { "mcp-name": "Echo" } : {},
  authorization: `Bearer ${token}`
})

/** The same request as the bytes that a client sends. */
export const requestOf = (call: Call): Buffer =>
  Buffer.concat([
    Buffer.from([
      "POST /mcp HTTP/1.1",
      "host: 127.0.0.1:3000",
      "connection: keep-alive",
      ...Object.entries(headersOf(call)).map(([name, value]) => `${name}: ${value}`),
      "\r\n"
    ].join("\r\n")),
    bodies[call.method]
  ])

export const send = ({ agent, port }: Place, call: Call): Promise<Answer> => {
  const { promise, reject, resolve } = Promise.withResolvers<Answer>()
  const sent = request(
    { host: "127.0.0.1", port, path: "/mcp", method: "POST", agent, headers: headersOf(call) },
    (response) => {
      const parts: Array<string> = []
      response.setEncoding("utf8").on("data", (part) => parts.push(part)).on("error", reject)
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parts.join("") }))
    }
  )
  sent.on("error", reject)
  sent.end(bodies[call.method])
  return promise
}

/** A call that is answered as it should be. */
const callOnce = async (place: Place, call: Call): Promise<void> => {
  const { body, status } = await send(place, call)
  const isAnswered = status === 200 &&
    (call.method === "tools/list" ? body.includes("\"tools\"") : body.includes("hello"))
  if (!isAnswered) await Promise.reject(new Error(`${call.method} was answered with ${status}: ${body.slice(0, 500)}`))
}

export interface Burst {
  readonly times: number
  /** How many are under way at once. */
  readonly concurrency: number
  readonly call: () => Call
}

/** Many calls, as many clients at once, each of which waits for its answer. */
export const burst = async (place: Place, { call, concurrency, times }: Burst): Promise<void> => {
  let left = times
  const client = async () => {
    // eslint-disable-next-line no-await-in-loop
    while (left-- > 0) await callOnce(place, call())
  }
  await Promise.all(Array.from({ length: concurrency }, client))
}
