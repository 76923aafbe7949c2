import { TokenError, TokenVerifier } from "@effect-mcp-auth/core"
import * as EffectClient from "@effect-mcp-auth/examples/EffectClient"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { patience } from "../patience.ts"
import { live } from "./support/live.ts"

const program = fileURLToPath(new URL("../fixtures/clientWorker.ts", import.meta.url))

/** Verifies JWTs, and counts those whose life a test ends early as expired. */
const verifierWithEnds = () => {
  const jwt = TokenVerifier.jwt()
  const seen = new Set<string>()
  const ended = new Set<string>()
  const verifier: TokenVerifier.Method = {
    ...jwt,
    make: (trust) =>
      Effect.map(jwt.make(trust), (verify): TokenVerifier.VerifyToken => (token, request) => {
        const text = Redacted.value(token)
        seen.add(text)
        return ended.has(text)
          ? Effect.fail(new TokenError.InvalidToken({ reason: "expired" }))
          : verify(token, request)
      })
  }
  return {
    verifier,
    seen,
    /** Ends the life of all tokens that were used so far. */
    expire: () => {
      for (const token of seen) ended.add(token)
    }
  }
}

/** A process with the client. It ends with the scope. */
const startWorker = (...args: ReadonlyArray<string>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [...patience, program, ...args], { stdio: ["pipe", "pipe", "inherit"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child) => {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      /** Calls the tool, and returns the number of refreshes so far. None if the process has ended. */
      return Effect.promise(async () => {
        child.stdin.write("call\n")
        const { value } = await lines.next()
        return value === undefined ? undefined : Number(value)
      })
    }
  )

const expiries = 200

describe("two processes on one store in files, and a provider that rotates refresh tokens and detects their reuse", () => {
  live(
    `refresh once for each of ${expiries} expiries, reuse no refresh token, and log in once in total`,
    () =>
      Effect.gen(function*() {
        const { expire, seen, verifier } = verifierWithEnds()
        const { issuer } = yield* EmbeddedProvider.start()
        const { resource } = yield* serveNotes({ issuer, verifier })
        const directory = yield* EffectClient.directory
        const user = yield* EffectClient.connect(resource, { directory })
        assert.strictEqual(user.pages.length, 1)
        const workers = yield* Effect.forEach([1, 2], () => startWorker(resource, directory))
        const both = Effect.all(workers, { concurrency: "unbounded" })
        yield* both
        for (let count = 1; count <= expiries; count++) {
          expire()
          const refreshed = yield* both
          // A reuse would revoke the login: the processes could not go on, because they must not log in.
          assert.notInclude(refreshed, undefined)
          assert.strictEqual(refreshed.reduce<number>((sum, one) => sum + (one ?? 0), 0), count)
        }
        assert.strictEqual(seen.size, expiries + 1)
        assert.strictEqual(user.pages.length, 1)
      })
  )
})
