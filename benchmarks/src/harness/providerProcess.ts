/** The provider: metadata at both well-known places, and a key set. */
import * as Schema from "effect/Schema"
import { createServer } from "node:http"
import { answering, optionsOf, portOf, tell, wallClock } from "./parent.ts"

const { keys, latency } = optionsOf(Schema.Struct({
  latency: Schema.Finite,
  keys: Schema.Array(Schema.Record(Schema.String, Schema.String))
}))

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  registration_endpoint: `${issuer}/register`,
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA"],
  code_challenge_methods_supported: ["S256"]
})

let issuer = ""
let requests: Array<{ readonly path: string; readonly from: number; readonly until: number }> = []

const bodyOf = (path: string): object | undefined => {
  if (path === "/jwks") return { keys }
  return path.startsWith("/.well-known/") ? metadataOf(issuer) : undefined
}

const server = createServer((request, response) => {
  const [path, from] = [request.url ?? "", wallClock()]
  setTimeout(() => {
    const body = bodyOf(path)
    requests.push({ path, from, until: wallClock() })
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(body ?? {}))
  }, latency)
})

answering({
  requests: () => {
    const answer = { requests }
    requests = []
    return answer
  }
})

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  issuer = `http://127.0.0.1:${portOf(server)}`
  tell({ issuer })
})
