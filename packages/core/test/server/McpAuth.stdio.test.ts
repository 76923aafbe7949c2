import { AuthInfo, McpAuth } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Queue, Redacted, Ref, Sink, Stdio, Stream } from "effect"
import { McpProtocol, McpServer, McpTest } from "effect/ai"
import { initializeRequest, type Message, protocols, registrations, request, revisions } from "./harness.ts"

const ada = { subject: "ada", scopes: new Set(["notes:read"]) }

/** The caller from the environment, as tools see it. */
const local = McpAuth.layerStdio(ada)

/** A server on standard input and output, as a list of the lines that it has written, and a way to write to it. */
const stdioServer = Effect.gen(function*() {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const input = yield* Queue.unbounded<Uint8Array>()
  const output = yield* Queue.unbounded<string>()
  const decoder = new TextDecoder()
  const stdio = Stdio.layerTest({
    stdin: Stream.fromQueue(input),
    stdout: () =>
      Sink.forEach((chunk: string | Uint8Array) =>
        Queue.offer(output, typeof chunk === "string" ? chunk : decoder.decode(chunk))
      )
  })
  // The program runs in its own fiber, because it is interrupted when standard output ends.
  yield* Effect.forkScoped(Layer.launch(
    McpServer.layerStdio({
      name: "notes",
      version: "1.0.0",
      protocols: [McpProtocol.v2025_11_25],
      registrations: registrations(reached).pipe(Layer.provide(local))
    }).pipe(Layer.provide(stdio))
  ))
  const encoder = new TextEncoder()
  return {
    reached: Ref.get(reached),
    ask: Effect.fnUntraced(function*(message: unknown) {
      yield* Queue.offer(input, encoder.encode(`${JSON.stringify(message)}\n`))
      const answer: Message = JSON.parse(yield* Queue.take(output))
      return answer
    })
  }
})

describe("layerStdio", () => {
  it.effect("runs the same registrations on standard input and output, with the caller from the environment", () =>
    Effect.gen(function*() {
      const { ask, reached } = yield* stdioServer
      yield* ask(initializeRequest("2025-11-25"))
      const answer = yield* ask(request(1, "tools/call", { name: "WhoAmI" }))
      assert.deepInclude(answer.result, {
        structuredContent: { caller: "ada by undefined", scopes: ["notes:read"] }
      })
      assert.deepStrictEqual(yield* reached, ["tool: ada by undefined"])
    }).pipe(Effect.scoped))

  for (const protocolVersion of revisions) {
    it.effect(`reaches tools, resources, templates, prompts and completions in ${protocolVersion}`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const client = yield* McpTest.makeClient(registrations(reached).pipe(Layer.provide(local)), {
          protocols,
          protocolVersion
        })
        yield* client.callTool({ name: "WhoAmI", arguments: {} })
        yield* client.readResource({ uri: "notes://mine" })
        yield* client.readResource({ uri: "notes://note/7" })
        yield* client.getPrompt({ name: "greet", arguments: { tone: "kindly" } })
        yield* client.complete({ ref: { type: "ref/prompt", name: "greet" }, argument: { name: "tone", value: "" } })
        yield* client.complete({
          ref: { type: "ref/resource", uri: "notes://note/{id}" },
          argument: { name: "id", value: "" }
        })
        assert.deepStrictEqual(
          yield* Ref.get(reached),
          ["tool", "resource", "template", "prompt", "prompt completion", "template completion"].map((what) =>
            `${what}: ada by undefined`
          )
        )
      }).pipe(Effect.scoped))
  }

  const seenWith = Effect.fnUntraced(function*(info: Parameters<typeof McpAuth.layerStdio>[0]) {
    const seen = yield* Deferred.make<AuthInfo.AuthInfo["Service"]>()
    const look = McpServer.resource({
      uri: "notes://look",
      name: "look",
      content: Effect.as(Effect.flatMap(AuthInfo.AuthInfo, (info) => Deferred.succeed(seen, info)), "seen")
    })
    const client = yield* McpTest.makeClient(look.pipe(Layer.provide(McpAuth.layerStdio(info))), { protocols })
    yield* client.readResource({ uri: "notes://look" })
    return yield* Deferred.await(seen)
  })

  it.effect("invents no token, audience or claims that were not configured", () =>
    Effect.gen(function*() {
      const { token, ...info } = yield* seenWith(ada)
      assert.deepStrictEqual(info, {
        ...ada,
        issuer: "stdio",
        clientId: undefined,
        audience: [],
        expiresAt: undefined,
        claims: {}
      })
      assert.strictEqual(Redacted.value(token), "")
    }).pipe(Effect.scoped))

  it.effect("has everything that was configured", () =>
    Effect.gen(function*() {
      const told = {
        ...ada,
        token: Redacted.make("from the environment"),
        issuer: "https://as.test",
        clientId: "notebook",
        audience: ["https://api.test/mcp"],
        expiresAt: 60,
        claims: { email: "ada@example.com" }
      }
      assert.deepStrictEqual(yield* seenWith(told), told)
    }).pipe(Effect.scoped))

  it.effect("provides a principal that request states are bound to", () =>
    Effect.gen(function*() {
      const info = yield* seenWith(ada)
      assert.strictEqual(AuthInfo.principal(info), "[\"stdio\",\"ada\",null]")
    }).pipe(Effect.scoped))
})
