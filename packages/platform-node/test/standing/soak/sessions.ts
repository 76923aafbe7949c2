/**
 * Begins sessions without a token and never uses them again: in messages of every size, declared and sent in chunks.
 */
import { Effect } from "effect"
import { Agent, request } from "node:http"

const message = (bytes: number): string => {
  const opening = (name: string) =>
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name, version: "1.0.0" } }
    })
  return opening("n".repeat(Math.max(1, bytes - opening("").length)))
}

interface Wave {
  readonly name: string
  readonly bytes: number
  readonly times: number
  readonly isDeclared: boolean
}

const waves: ReadonlyArray<Wave> = [
  { name: "2 MB, declared", bytes: 2_000_000, times: 150, isDeclared: true },
  { name: "2 MB, in chunks", bytes: 2_000_000, times: 150, isDeclared: false },
  { name: "250 kB", bytes: 250_000, times: 150, isDeclared: true },
  { name: "250 kB, in chunks", bytes: 250_000, times: 150, isDeclared: false },
  { name: "300 bytes", bytes: 300, times: 1_500, isDeclared: true }
]

/** The responses to each wave, by status. */
export interface Attack {
  readonly sent: number
  readonly seen: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** The status of one response, or 0 if the connection ended without one. */
const begin = (url: string, agent: Agent, { isDeclared }: Wave, body: string) =>
  Effect.callback<number>((resume) => {
    const sent = request(url, {
      agent,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        ...(isDeclared ? { "content-length": Buffer.byteLength(body) } : { "transfer-encoding": "chunked" })
      }
    }, (response) => {
      response.resume()
      response.on("close", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
    sent.on("error", () => resume(Effect.succeed(0)))
    sent.end(body)
  })

/** Connections of a wave. The server closes those on which it has refused a body, so the next wave has its own. */
const agentOf = Effect.acquireRelease(
  Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 8 })),
  (agent) => Effect.sync(() => agent.destroy())
)

const sendWave = Effect.fnUntraced(function*(url: string, wave: Wave) {
  const agent = yield* agentOf
  const body = message(wave.bytes)
  const statuses = yield* Effect.all(
    Array.from({ length: wave.times }, () => begin(url, agent, wave, body)),
    { concurrency: 8 }
  )
  const counts: Record<string, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}, Effect.scoped)

/** Sends all waves, one after the other. */
export const beginSessions = Effect.fnUntraced(function*(url: string) {
  const seen: Record<string, Record<string, number>> = {}
  let sent = 0
  for (const wave of waves) {
    seen[wave.name] = yield* sendWave(url, wave)
    sent += wave.times
  }
  const attack: Attack = { sent, seen }
  return attack
})

/** The wrong responses: a body that is too large is refused, possibly by the end of the connection. */
export const wrongAnswers = ({ seen }: Attack): ReadonlyArray<string> =>
  waves.flatMap(({ bytes, name }) => {
    const allowed = bytes > 256 * 1024 ? ["413", "0"] : ["200"]
    return Object.entries(seen[name] ?? {}).flatMap(([status, count]) =>
      allowed.includes(status) ? [] : [`${count} sessions begun with ${name} were answered with ${status}`]
    )
  })
