import * as Effect from "effect/Effect"
import * as Terminal from "effect/Terminal"

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

/** Shows a spinner while the effect runs, and removes it afterwards. */
export const withProgress = <A, E, R>(effect: Effect.Effect<A, E, R>, issuer: string) =>
  Effect.gen(function*() {
    const terminal = yield* Terminal.Terminal
    const show = (text: string) => Effect.ignore(terminal.display(text))
    const spin = Effect.forEach(frames, (frame) =>
      Effect.andThen(show(`\r${frame} checking ${issuer}`), Effect.sleep("100 millis")), { discard: true })
    return yield* Effect.raceFirst(effect, Effect.forever(spin)).pipe(Effect.ensuring(show("\r\u001b[2K")))
  })
