import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { claims, compact, makeEd25519, signer } from "../../../core/test/token/harness.ts"
import type { Task } from "./support/remembers.ts"

const remembers = fileURLToPath(new URL("support/remembers.ts", import.meta.url))

const child = Effect.acquireRelease(
  Effect.sync(() => fork(remembers, { stdio: ["ignore", "inherit", "inherit", "ipc"] })),
  (child) => Effect.sync(() => child.kill())
)

const ask = (child: ChildProcess, task: Task) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    // The child answers with the names of the texts that it has found.
    child.once("message", (message) => resume(Effect.succeed(message as ReadonlyArray<string>)))
    child.once("exit", () => resume(Effect.die("the process has ended")))
    child.send(task)
  })

const reversed = (text: string): string => [...text].toReversed().join("")

const partsOf = (token: string) => {
  const [, payload = "", signature = ""] = token.split(".")
  return { payload, signature }
}

describe("the memory of a process that has verified a token", () => {
  it.live("contains its digest, and no part of the token itself", () =>
    Effect.gen(function*() {
      const key = makeEd25519()
      const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const mint = (sub: string) =>
        compact(
          { alg: "EdDSA", typ: "at+jwt", kid: "ed" },
          { ...claims, sub, iat: now, exp: now + 3600 },
          signer(key, "EdDSA")
        )
      const [token, kept] = [mint("ada"), mint("bob")]
      const found = yield* ask(yield* child, {
        token,
        kept,
        keys: [{ ...key.jwk, kid: "ed" }],
        looksFor: {
          "the digest": reversed(createHash("sha256").update(token).digest("base64url")),
          "its signature": reversed(partsOf(token).signature),
          "its payload": reversed(partsOf(token).payload),
          // The search finds what is kept, so what it does not find is absent.
          "the signature of a token that is kept": reversed(partsOf(kept).signature)
        }
      })
      assert.deepStrictEqual(found, ["the digest", "the signature of a token that is kept"])
    }).pipe(Effect.scoped))
})
