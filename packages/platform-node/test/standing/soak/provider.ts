/**
 * An authorization server in a process of its own, so that it can be killed: metadata, and the keys that its parent tells it.
 */
import { createServer } from "node:http"

const port = Number(process.argv[2])
const origin = `http://127.0.0.1:${port}`
let keys: unknown = []

process.on("message", (message) => {
  keys = message
})

const server = createServer((request, response) => {
  const document = request.url === "/.well-known/oauth-authorization-server"
    ? { issuer: origin, jwks_uri: `${origin}/jwks` }
    : request.url === "/jwks"
    ? { keys }
    : undefined
  response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" })
  response.end(JSON.stringify(document))
})

// Nobody asks before it has its keys.
process.once("message", () => server.listen(port, "127.0.0.1", () => process.send?.("listening")))
process.on("disconnect", () => process.exit())
