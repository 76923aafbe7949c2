import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** Ends the program with an exit code, after all output was written. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: number }> {
  override readonly [Runtime.errorExitCode] = this.code
  override readonly [Runtime.errorReported] = false
}

/** EX_USAGE of sysexits.h. */
export const wrongUsage = new Exit({ code: 64 })
