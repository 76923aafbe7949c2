import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/**
 * The token, from the standard input: never an argument, which other users of the machine could read, and which a shell
 * remembers.
 */
export const readToken = Effect.gen(function*() {
  const { stdin, stdinIsTerminal } = yield* Stdio.Stdio
  if (yield* stdinIsTerminal) return yield* Prompt.run(Prompt.Password({ message: "Access token" }))
  const text = yield* Stream.mkString(Stream.decodeText(stdin))
  return Redacted.make(text.trim(), { label: "access token" })
})
