import { assert, describe } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { patience } from "../patience.ts"
import { live } from "./support/live.ts"

const fullRun = fileURLToPath(new URL("fixtures/fullRun.ts", import.meta.url))

const Secrets = Schema.Array(Schema.String)

/** The output of a process, and the secrets that it must not print. */
const run = Effect.callback<{ readonly printed: string; readonly message: unknown; readonly code: number | null }>(
  (resume) => {
    const child = fork(fullRun, { silent: true, execArgv: [...patience], env: { NO_COLOR: "1" } })
    let printed = ""
    let message: unknown
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        printed += chunk
      })
    }
    child.on("message", (sent) => {
      message = sent
    })
    child.on("close", (code) => resume(Effect.succeed({ printed, message, code })))
    return Effect.sync(() => child.kill())
  }
)

/** Bytes are printed as numbers, which a reader can decode. */
const withBytesAsText = (printed: string): string =>
  printed.replaceAll(
    /Uint8Array\(\d+\) \[([\d,\s]*)\]/g,
    (_, numbers: string) => Buffer.from(numbers.split(",").map(Number)).toString()
  )

describe("the output of a server", () => {
  live(
    "contains no token, no part of one, no code and no secret after a full run",
    () =>
      Effect.gen(function*() {
        const { code, message, printed } = yield* run
        assert.strictEqual(code, 0, printed.slice(-2000))
        const secrets = yield* Schema.decodeUnknownEffect(Secrets)(message)
        // The run was complete: it contains every reason, in every form.
        for (
          const said of [
            "Request refused",
            "wrong-audience",
            "unknown-issuer",
            "bad-signature",
            "expired",
            "sender-constrained",
            "InsufficientScope",
            "inactive",
            "several-headers",
            "token-in-query",
            "VerificationUnavailable",
            "mcp_auth_decisions_total",
            "TokenVerifier.introspect",
            "http.response.status_code",
            "Sent HTTP response"
          ]
        ) {
          assert.isTrue(printed.includes(said), `the output lacks ${said}`)
        }
        assert.isAbove(secrets.length, 40)
        const text = withBytesAsText(printed)
        for (const secret of secrets) {
          assert.isAbove(secret.length, 15)
          const at = text.indexOf(secret)
          assert.strictEqual(at, -1, `the secret follows ${text.slice(Math.max(0, at - 300), at)}`)
        }
      })
  )
})
