import { listen } from "@effect-mcp-auth/examples/loopback"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { type ChildProcess, fork, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { patience } from "../patience.ts"

/** The Debian path, unless REDIS_SERVER_PATH is set. */
const executable = process.env["REDIS_SERVER_PATH"] ?? "/usr/bin/redis-server"
const isThere = existsSync(executable)
const where = isThere ? "in Redis" : `skipped, because there is no Redis at ${executable} (see REDIS_SERVER_PATH)`

const program = fileURLToPath(new URL("fixtures/sharingInstance.ts", import.meta.url))
const resource = "http://127.0.0.1/mcp"

const ended = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** A port without a listener. */
const freePort = Effect.scoped(Effect.map(listen(), ({ origin }) => new URL(origin).port))

/** A Redis server for the test, without a disk. It can be killed and started again. */
const startRedis = Effect.fnUntraced(function*(port: string) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(executable, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])),
    ended
  )
  yield* Effect.callback<void>((resume) => {
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("Ready to accept connections")) resume(Effect.void)
    })
  })
  return { kill: ended(child) }
})

interface Said {
  readonly ready?: boolean
  readonly outcome?: string
  readonly log?: string
}

/** An instance in a process of its own, which waits this many milliseconds for Redis. */
const startInstance = Effect.fnUntraced(function*(issuer: string, redisPort: string, timeout = 300_000) {
  const args = [issuer, resource, redisPort, String(timeout)]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(program, args, { execArgv: [...patience] })),
    ended
  )
  const logs: Array<string> = []
  const next = (what: "ready" | "outcome") =>
    Effect.callback<string>((resume) => {
      const listener = (said: Said) => {
        if (said[what] === undefined) return
        child.off("message", listener)
        resume(Effect.succeed(String(said[what])))
      }
      child.on("message", listener)
    })
  child.on("message", ({ log }: Said) => {
    if (log !== undefined) logs.push(log)
  })
  yield* next("ready")
  const judge = (token: string) =>
    Effect.suspend(() => {
      child.send(token)
      return next("outcome")
    })
  return { logs, judge }
})

/** A provider that counts its requests. */
const startProvider = Effect.gen(function*() {
  const { privateKey, publicKey } = yield* Effect.promise(() => generateKeyPair("ES256", { extractable: true }))
  const jwk = yield* Effect.promise(() => exportJWK(publicKey))
  const { origin, server } = yield* listen()
  const asked: Array<string> = []
  server.on("request", ({ url = "" }, response) => {
    asked.push(url)
    const document = url.endsWith("/jwks")
      ? { keys: [{ ...jwk, kid: "1", alg: "ES256" }] }
      : { issuer: origin, jwks_uri: `${origin}/jwks`, response_types_supported: ["code"] }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify(document))
  })
  const mint = (subject: string) =>
    Effect.promise(() =>
      new SignJWT({ sub: subject, scope: "notes:read" })
        .setProtectedHeader({ alg: "ES256", kid: "1", typ: "at+jwt" })
        .setIssuer(origin).setAudience(resource).setIssuedAt().setExpirationTime("1 hour")
        .sign(privateKey)
    )
  return { asked, issuer: origin, mint }
})

describe.skipIf(!isThere)(`the provider's documents that processes share ${where}`, () => {
  it.live("are fetched by one of them, and survive the loss of the provider and of Redis", () =>
    Effect.gen(function*() {
      const { asked, issuer, mint } = yield* startProvider
      const port = yield* freePort
      const redis = yield* startRedis(port)
      const one = yield* startInstance(issuer, port)
      assert.strictEqual(yield* one.judge(yield* mint("ada")), "accepted")
      assert.lengthOf(asked, 2)
      const another = yield* startInstance(issuer, port)
      assert.strictEqual(yield* another.judge(yield* mint("bob")), "accepted")
      assert.lengthOf(asked, 2)

      const third = yield* startInstance(issuer, port, 250)
      yield* redis.kill
      assert.strictEqual(yield* third.judge(yield* mint("eve")), "accepted")
      assert.lengthOf(asked, 4)
      assert.lengthOf(third.logs.filter((line) => line.includes("The shared memory cannot be reached")), 1)
      for (const instance of [one, another, third]) {
        assert.strictEqual(yield* instance.judge(yield* mint("ada")), "accepted")
      }
      assert.lengthOf(asked, 4)
    }))
})
