import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { harmless } from "./paint.ts"

/** Ends the program with an exit code, after all output was written. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: number }> {
  override readonly [Runtime.errorExitCode] = this.code
  override readonly [Runtime.errorReported] = false
}

/** EX_USAGE of sysexits.h. */
export const wrongUsage = new Exit({ code: 64 })

/** Ends the program because of invalid arguments or variables. */
export const misused = ({ message }: Error) => Effect.andThen(Console.error(message), wrongUsage)

/** Ends the program because a login was not completed: 2 if another attempt can succeed, otherwise 1. */
export const loginFailed = (error: Error) =>
  Effect.andThen(
    Console.error(error.message.split("\n").map(harmless).join("\n")),
    new Exit({ code: "retryable" in error && error.retryable === true ? 2 : 1 })
  )
