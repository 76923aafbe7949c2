/** One request at a time, over connections that stay open, as MCP clients send them. */
import { Clock, Effect } from "effect"
import { Agent, type IncomingHttpHeaders, request } from "node:http"

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "WhoAmI",
    arguments: {},
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "soak", version: "1.0.0" }
    }
  }
})

const headers = {
  "content-type": "application/json",
  "accept": "application/json, text/event-stream",
  "content-length": Buffer.byteLength(body),
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "WhoAmI"
}

export interface Answer {
  /** 0 if there was no response. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** In milliseconds. */
  readonly took: number
}

/** It only ends what hangs. */
const patience = 300_000

/** `localAddress` is the client address that the server sees. */
export const makeClient = (url: string, connections: number, localAddress = "127.0.0.1") => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, localAddress })
  const send = (token: string | undefined) =>
    Effect.callback<Omit<Answer, "took">>((resume) => {
      const sent = request(url, {
        agent,
        method: "POST",
        timeout: patience,
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` }
      }, (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => {
          text += chunk
        })
        response.on("end", () =>
          resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, body: text })))
        response.on("error", (error) =>
          resume(Effect.succeed({ status: 0, headers: {}, body: String(error) })))
      })
      sent.on("timeout", () => sent.destroy(new Error("no response")))
      sent.on("error", (error) => resume(Effect.succeed({ status: 0, headers: {}, body: String(error) })))
      sent.end(body)
    })
  return (token: string | undefined): Effect.Effect<Answer> =>
    Effect.gen(function*() {
      const start = yield* Clock.currentTimeNanos
      const answer = yield* send(token)
      return { ...answer, took: Number((yield* Clock.currentTimeNanos) - start) / 1e6 }
    })
}

export type Client = ReturnType<typeof makeClient>
