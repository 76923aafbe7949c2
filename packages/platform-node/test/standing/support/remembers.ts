// Verifies the token that it receives, verifies another one that it keeps, releases the first, and reports which of the
// given texts are still in its heap. A process of its own, so that no other memory counts.
import { AuthorizationServer, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { setImmediate } from "node:timers/promises"
import { getHeapSnapshot, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** The task. */
export interface Task {
  readonly token: string
  readonly kept: string
  readonly keys: ReadonlyArray<object>
  readonly looksFor: Readonly<Record<string, string>>
}

const issuer = "https://as.test"
const kept: Array<string> = []

const providerOf = (keys: ReadonlyArray<object>) =>
  HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(
      request,
      Response.json(request.url.endsWith("/jwks") ? { keys } : { issuer, jwks_uri: `${issuer}/jwks` })
    ))
  )

const verify = ({ keys, kept: other, token }: Task) =>
  Effect.gen(function*() {
    const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
    const method = TokenVerifier.jwt()
    const verify = yield* method.make({ resource: "https://api.test/mcp", authorizationServers: [server] })
    for (const one of [token, token, other]) yield* verify(Redacted.make(one))
    kept.push(other)
    return verify
  }).pipe(Effect.provideService(HttpClient.HttpClient, providerOf(keys)), Effect.provide(NodeJws.layer))

setFlagsFromString("--expose-gc")
// The flag affects only new contexts.
const collect = runInNewContext("gc") as () => void

const found = async (looksFor: Readonly<Record<string, string>>) => {
  const chunks: Array<string> = []
  for await (const chunk of getHeapSnapshot().setEncoding("latin1")) chunks.push(String(chunk))
  const snapshot = chunks.join("")
  return Object.keys(looksFor).filter((name) => {
    // The texts are sent in reverse, so that the search does not find its own input.
    const text = [...looksFor[name] ?? ""].toReversed().join("")
    return snapshot.includes(text)
  })
}

/** The verifier lives as long as the process. */
const verifiers: Array<unknown> = []

const begin = (task: Task) =>
  Effect.scoped(Effect.gen(function*() {
    verifiers.push(yield* verify(task))
    return yield* Effect.never
  }))

const turn = Effect.promise(() => setImmediate())

/** Searches when the verifier exists and everything else has been released. It knows of the task only the texts. */
const look = (looksFor: Task["looksFor"]) =>
  Effect.gen(function*() {
    while (verifiers.length === 0) yield* turn
    yield* Effect.repeat(turn, { times: 20 })
    collect()
    collect()
    const names = yield* Effect.promise(() => found(looksFor))
    process.send?.(names)
  })

process.once("message", (message) => {
  // The parent sends tasks.
  const task = message as Task
  Effect.runFork(begin(task))
  Effect.runFork(look(task.looksFor))
})
