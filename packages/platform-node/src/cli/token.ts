import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/**
 * Reads the token from standard input. It is never an argument, because other users of the machine can see arguments,
 * and shells store them in their history.
 */
export const readToken = Effect.gen(function*() {
  const { stdin, stdinIsTerminal } = yield* Stdio.Stdio
  if (yield* stdinIsTerminal) return yield* Prompt.run(Prompt.Password({ message: "Access token" }))
  const text = yield* Stream.mkString(Stream.decodeText(stdin))
  return Redacted.make(text.trim(), { label: "access token" })
})
