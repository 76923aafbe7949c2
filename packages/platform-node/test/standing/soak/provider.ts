/**
 * An authorization server in a process of its own, so that it can be killed: metadata, the keys from its parent, and
 * introspection of opaque tokens, with a latency.
 */
import { Clock, Effect } from "effect"
import { createServer, type ServerResponse } from "node:http"
import { opaque, timing } from "./settings.ts"

const port = Number(process.argv[2])
const origin = `http://127.0.0.1:${port}`
let keys: unknown = []

process.on("message", (message) => {
  keys = message
})

const end = (response: ServerResponse, document: object | undefined) => {
  response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" })
  response.end(JSON.stringify(document))
}

const introspected = Effect.fnUntraced(function*(token: string) {
  yield* Effect.sleep(timing.introspection)
  if (!token.startsWith(opaque.good)) return { active: false }
  const exp = Math.floor((yield* Clock.currentTimeMillis) / 1000) + 3600
  return { active: true, sub: token, client_id: "soak", aud: opaque.audience, exp }
})

const server = createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
  if (request.url === "/introspect") {
    let form = ""
    request.on("data", (chunk: Buffer) => {
      form += chunk.toString()
    })
    request.on("end", () => {
      const token = new URLSearchParams(form).get("token") ?? ""
      Effect.runFork(Effect.map(introspected(token), (answer) => end(response, answer)))
    })
    return
  }
  const document = request.url === "/.well-known/oauth-authorization-server"
    ? { issuer: origin, jwks_uri: `${origin}/jwks`, introspection_endpoint: `${origin}/introspect` }
    : request.url === "/jwks"
    ? { keys }
    : undefined
  end(response, document)
})

// No request arrives before it has its keys.
process.once("message", () => server.listen(port, "127.0.0.1", () => process.send?.("listening")))
process.on("disconnect", () => process.exit())
