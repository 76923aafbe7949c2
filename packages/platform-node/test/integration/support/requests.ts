/** Requests by hand, which no SDK client would send. */
import { Effect, Schedule, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { connect } from "node:net"

/** Any message will do: a request is refused before it is read. This one is answered with 200. */
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "by hand", version: "1.0.0" } }
}

/** The parts of a response that a client uses. */
export interface Answer {
  readonly status: number
  readonly challenge: string | undefined
  readonly retryAfter: string | undefined
  readonly body: string
}

/** Sends a request to a server, with a token or without. */
export const ask = (resource: string, token?: string): Effect.Effect<Answer> =>
  HttpClientRequest.post(resource).pipe(
    HttpClientRequest.setHeaders({
      accept: "application/json, text/event-stream",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
    }),
    HttpClientRequest.bodyJsonUnsafe(initialize),
    HttpClient.execute,
    Effect.flatMap(({ headers, status, text }) =>
      Effect.map(text, (body) => ({
        status,
        challenge: headers["www-authenticate"],
        retryAfter: headers["retry-after"],
        body
      }))
    ),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

/** Repeats a request until its response has this status. The timeout of the test ends it otherwise. */
export const askUntil = (status: number, resource: string, token: string): Effect.Effect<Answer> =>
  ask(resource, token).pipe(
    Effect.repeat({ until: (answer) => answer.status === status, schedule: Schedule.spaced("50 millis") }),
    Effect.orDie
  )

/** A JSON document. */
export const getJson = <A>(url: string, schema: Schema.ConstraintDecoder<A>): Effect.Effect<A> =>
  HttpClient.get(url).pipe(
    Effect.flatMap(({ json }) => json),
    Effect.flatMap(Schema.decodeUnknownEffect(schema)),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

/** Sends a form, and returns the status of the response. */
export const postForm = (url: string, form: Readonly<Record<string, string>>): Effect.Effect<number> =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyUrlParams(form),
    HttpClient.execute,
    Effect.map(({ status }) => status),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

/** A response as it came through the socket. */
export interface RawAnswer {
  readonly status: number
  /** Without the time, and the id of the session. */
  readonly headers: ReadonlyArray<string>
  readonly body: string
}

const parse = (text: string): RawAnswer => {
  const [head = "", ...body] = text.split("\r\n\r\n")
  const [statusLine = "", ...headers] = head.split("\r\n")
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: headers.filter((header) => !/^(?:date|mcp-session-id):/i.test(header)),
    body: body.join("\r\n\r\n")
  }
}

/**
 * Sends the lines of a head unchanged, and the message above if there is a body: HTTP clients do not send a header
 * twice, nor a `Host` that differs from that of the URL.
 */
export const sendRaw = (port: number, head: ReadonlyArray<string>): Effect.Effect<RawAnswer> =>
  Effect.callback((resume) => {
    const body = JSON.stringify(initialize)
    const isGet = head[0]?.startsWith("GET ") === true
    const content = isGet ? [] : [
      "content-type: application/json",
      "accept: application/json, text/event-stream",
      `content-length: ${Buffer.byteLength(body)}`
    ]
    let text = ""
    const socket = connect(port, "127.0.0.1", () => {
      socket.write([...head, ...content, "connection: close", "", isGet ? "" : body].join("\r\n"))
    })
    socket.setEncoding("utf8")
    socket.on("data", (chunk: string) => {
      text += chunk
    })
    socket.on("close", () => resume(Effect.succeed(parse(text))))
    socket.on("error", (error) => resume(Effect.die(error)))
    return Effect.sync(() => socket.destroy())
  })
